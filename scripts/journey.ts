// Tests the path of a post from author to reader: `await journey(door, token)` posts through the front door and waits for it on a WebSocket.

import { Agent, get, request, RequestOptions } from "node:https";
import { IncomingMessage } from "node:http";
import { LookupFunction } from "node:net";
import WebSocket from "ws";
import { ACCOUNT } from "../lib/mastodon/programs/account";
import { inside, machines } from "./cluster";

/** The front door, connected to by address: the domain of a rehearsal is not in DNS. */
export interface Door {
  readonly domain: string;
  readonly streaming: string;
  readonly address: string;
  /** @default 443 */
  readonly port?: number;
  /** The front door's self-signed certificate. */
  readonly ca: string;
  /**
   * Keeps connections for further requests.
   * @default - each request has a connection of its own
   */
  readonly agent?: Agent;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  /** The body as it came. */
  readonly bytes: Buffer;
  /** The machine that answered, unless the page says `servedBy: false`. */
  readonly servedBy: string;
  /** The server that was read from, and what answered behind it, where the stand-in says so. */
  readonly readFrom: string;
}

export interface Journey {
  readonly web: string;
  readonly streaming: string;
  readonly milliseconds: number;
}

export function door(site: string, domain: string, streaming = `streaming.${domain}`): Door {
  const machine = machines(site).find(({ name }) => name === "front-door");
  if (machine === undefined) throw new Error(`the site ${site} has no front door`);
  const ca = inside(site, machine.name, "cat", "/etc/haproxy/own.pem");
  return { domain, streaming, address: machine.address, ca };
}

/** An account with a token, made by the administrator's commands on a web machine. */
export function signIn(site: string, domain: string, name = "journey"): string {
  const web = machines(site).find(({ pool, state }) => pool === "web" && state === "running");
  if (web === undefined) throw new Error(`the site ${site} has no running web machine`);
  return signInAll(site, web.name, domain, [name])[0]!;
}

/**
 * The tokens of several accounts, in this order. Accounts that are there already are used. All of it is one command on a web machine: with the
 * real Mastodon each takes 20 s of processor to start.
 */
export function signInAll(site: string, web: string, domain: string, names: readonly string[]): readonly string[] {
  const printed = inside(site, web, "rails", "runner", SIGN_IN, domain, ...names);
  // Loggers of Mastodon write to the same output.
  const tokens = new Map([...printed.matchAll(/^journey: (\S+) (\S+)\r?$/gm)].map(([, name, token]) => [name!, token!]));
  return names.map((name) => {
    const token = tokens.get(name);
    if (token === undefined) throw new Error(`${web} did not sign ${name} in:\n${printed}`);
    return token;
  });
}

const SIGN_IN = `${ACCOUNT}
domain, *names = ARGV
app = Doorkeeper::Application.find_by(name: "journey") ||
  Doorkeeper::Application.create!(name: "journey", redirect_uri: "urn:ietf:wg:oauth:2.0:oob", scopes: "read write")
names.each do |name|
  email = "#{name}@#{domain}"
  user = User.find_by(email: email) || account!(name, email, SecureRandom.hex(16))
  # Mastodon counts requests by token: a new one begins at nought.
  token = Doorkeeper::AccessToken.create!(application_id: app.id, resource_owner_id: user.id, scopes: "read write", expires_in: nil)
  puts "journey: #{name} #{token.token}"
end
`;

export interface Question {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly token?: string;
  readonly cookie?: string;
  readonly body?: { readonly type: string; readonly bytes: Buffer };
  /** @default 10 */
  readonly limitSeconds?: number;
}

/**
 * The cookie of somebody who was here before. Mastodon makes each page for such a visitor alone, so Puma answers; to all others nginx may give an
 * answer from its cache.
 */
export const BEEN_HERE = "_mastodon_session=drill";

/** Asks with a form, or with nothing but the path. */
export function ask(
  door: Door,
  method: "GET" | "POST",
  path: string,
  token?: string,
  form?: Readonly<Record<string, string>>,
): Promise<Answer> {
  const body = form && {
    type: "application/x-www-form-urlencoded",
    bytes: Buffer.from(new URLSearchParams(form).toString()),
  };
  return send(door, { method, path, token, body });
}

export function send(door: Door, { method, path, token, cookie, body, limitSeconds = 10 }: Question): Promise<Answer> {
  const options: RequestOptions = {
    ...connection(door, door.domain),
    agent: door.agent ?? false,
    method,
    path,
    timeout: limitSeconds * 1000,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(cookie !== undefined && { cookie }),
      ...(body !== undefined && { "content-type": body.type, "content-length": body.bytes.length }),
    },
  };
  return new Promise((done, fail) => {
    const outgoing = (method === "GET" ? get : request)(options, (response: IncomingMessage) => {
      const parts: Buffer[] = [];
      response
        .on("data", (part: Buffer) => parts.push(part))
        // Cut off in the middle of the answer.
        .on("error", fail)
        .on("end", () => {
          const said = (name: string) => String(response.headers[name] ?? "");
          const readFrom = `${said("x-standin-read-from")} ${said("x-standin-read-server")}`.trim();
          const bytes = Buffer.concat(parts);
          done({ status: response.statusCode ?? 0, bytes, body: bytes.toString(), servedBy: said("x-served-by"), readFrom });
        });
    });
    outgoing
      .on("timeout", () => outgoing.destroy(new Error(`${method} ${path}: no answer after ${limitSeconds} s`)))
      .on("error", fail);
    outgoing.end(body?.bytes);
  });
}

export interface Listener {
  readonly servedBy: string;
  /** Ends when a message holds `text`. */
  heard(text: string, limitSeconds: number): Promise<void>;
  close(): void;
}

/** Opens the author's home stream. */
export function listen(door: Door, token: string): Promise<Listener> {
  const heard: string[] = [];
  let wake = () => {};
  let servedBy = "";
  const socket = new WebSocket(`wss://${door.streaming}/api/v1/streaming?stream=user&access_token=${token}`, {
    ...connection(door, door.streaming),
    handshakeTimeout: 10_000,
  });
  socket.on("upgrade", (response) => (servedBy = String(response.headers["x-served-by"] ?? "")));
  socket.on("message", (data) => {
    heard.push(String(data));
    wake();
  });
  return new Promise((done, fail) => {
    socket.once("error", fail);
    socket.once("open", () => {
      done({
        servedBy,
        heard: async (text, limitSeconds) => {
          const end = Date.now() + limitSeconds * 1000;
          while (!heard.some((message) => message.includes(text))) {
            if (Date.now() > end) throw new Error(`"${text}" did not arrive on the WebSocket within ${limitSeconds} s`);
            await new Promise<void>((next) => {
              wake = next;
              setTimeout(next, 200);
            });
          }
        },
        close: () => socket.close(),
      });
    });
  });
}

/** Posts once and waits until the post arrives. */
export async function journey(door: Door, token: string, limitSeconds = 20): Promise<Journey> {
  const listener = await listen(door, token);
  try {
    const text = `journey ${process.pid}.${Date.now()}.${Math.random()}`;
    const from = Date.now();
    const answer = await ask(door, "POST", "/api/v1/statuses", token, { status: text });
    if (answer.status !== 200) throw new Error(`POST /api/v1/statuses: ${answer.status} ${answer.body.slice(0, 300)}`);
    await listener.heard(text, limitSeconds);
    return { web: answer.servedBy, streaming: listener.servedBy, milliseconds: Date.now() - from };
  } finally {
    listener.close();
  }
}

// Resolves every name to the front door: the domain is not in DNS, and certificates and routes need the name.
export function connection({ address, port = 443, ca }: Door, name: string) {
  const lookup: LookupFunction = (_name, { all }, done) => (all ? done(null, [{ address, family: 4 }]) : done(null, address, 4));
  return { host: name, port, servername: name, ca, lookup, agent: false as const };
}
