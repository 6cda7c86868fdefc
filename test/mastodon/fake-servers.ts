// A PostgreSQL and a Redis that take TLS connections and note how a client logs in: `await fakePostgres(tls)`, `await fakeRedis(tls)`.

import { AddressInfo, createServer, Server, Socket } from "node:net";
import { createSecureContext, createServer as createTlsServer, TLSSocket } from "node:tls";

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export interface Fake<Login> {
  readonly port: number;
  /** As clients have sent them. */
  readonly logins: readonly Login[];
  stop(): void;
}

export interface PostgresLogin {
  readonly parameters: Readonly<Record<string, string>>;
  readonly password: string;
}

const SSL_REQUEST = 80877103;
const CLEARTEXT = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);

/** It asks for TLS and for the password, and then says that it has too many clients. */
export async function fakePostgres(certificate: Certificate): Promise<Fake<PostgresLogin>> {
  const logins: PostgresLogin[] = [];
  const secureContext = createSecureContext(certificate);
  const sockets = new Set<Socket>();
  const server = createServer((plain) => {
    sockets.add(plain.on("error", () => plain.destroy()));
    plain.once("data", (first) => {
      if (first.readInt32BE(4) !== SSL_REQUEST) return plain.destroy();
      plain.write("S");
      const socket = new TLSSocket(plain, { isServer: true, secureContext });
      socket.on("error", () => plain.destroy());
      let parameters: PostgresLogin["parameters"] | undefined;
      socket.on("data", (message: Buffer) => {
        if (parameters === undefined) {
          const words: readonly string[] = message.subarray(8).toString("utf8").split("\0");
          const names = words.filter((word, n) => n % 2 === 0 && word !== "");
          parameters = Object.fromEntries(names.map((name) => [name, words[words.indexOf(name) + 1]!]));
          socket.write(CLEARTEXT);
          return;
        }
        logins.push({ parameters, password: message.subarray(5, -1).toString("utf8") });
        const error = Buffer.from("SFATAL\0C53300\0Mtoo many clients\0\0");
        const head = Buffer.alloc(5);
        head.write("E");
        head.writeInt32BE(error.length + 4, 1);
        socket.end(Buffer.concat([head, error]));
      });
      return undefined;
    });
  });
  return { port: await listening(server), logins, stop: () => stop(server, sockets) };
}

const INFO =
  "# Server\r\nredis_version:8.1.0\r\n# Memory\r\nused_memory:100\r\nmaxmemory:1000\r\n# Replication\r\nrole:master\r\n";

/** It answers INFO, and anything else with OK; a login is the words of a command. */
export async function fakeRedis(certificate: Certificate): Promise<Fake<readonly string[]>> {
  const logins: (readonly string[])[] = [];
  const sockets = new Set<Socket>();
  const server = createTlsServer(certificate, (socket) => {
    sockets.add(socket.on("error", () => socket.destroy()));
    socket.on("data", (message) => {
      for (const words of commandsIn(message.toString("utf8"))) {
        const [command = ""] = words;
        if (/^(auth|select)$/i.test(command)) logins.push(words);
        socket.write(/^info$/i.test(command) ? `$${INFO.length}\r\n${INFO}\r\n` : "+OK\r\n");
      }
    });
  });
  server.on("tlsClientError", () => undefined);
  return { port: await listening(server), logins, stop: () => stop(server, sockets) };
}

/** Each begins with the number of its words, and each word with its length. */
function commandsIn(text: string): readonly (readonly string[])[] {
  return text
    .split(/^\*\d+\r\n/m)
    .slice(1)
    .map((command) => command.split("\r\n").filter((line, n) => n % 2 === 1 && line !== ""));
}

function listening(server: Server): Promise<number> {
  return new Promise((found) => server.listen(0, "127.0.0.1", () => found((server.address() as AddressInfo).port)));
}

function stop(server: Server, sockets: ReadonlySet<Socket>): void {
  for (const socket of sockets) socket.destroy();
  server.close();
}
