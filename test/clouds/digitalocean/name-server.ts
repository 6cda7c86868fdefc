// A small name server, which says what a test wants: `const server = await nameServer({ "social-database-1.internal.example": { addresses: ["10.20.0.2"] } })`.

import { createSocket } from "node:dgram";
import { once } from "node:events";

export interface Answer {
  readonly addresses?: readonly string[];
  /** An alias, as a CNAME record. */
  readonly alias?: string;
  /** @default 0 - NOERROR */
  readonly status?: number;
  /** @default true */
  readonly authority?: boolean;
}

export interface NameServer {
  readonly port: number;
  /** The names that it was asked for, as in `database-1.example recursion`. */
  readonly asked: string[];
  /** What it says; changed by tests. No such name without an entry, no answer at all with `undefined`. */
  zone: Record<string, Answer | undefined>;
  close(): void;
}

const NXDOMAIN = 3;

/** Listens on a loopback address, on the port of `like` if given. */
export async function nameServer(zone: NameServer["zone"], address = "127.0.0.1", port = 0): Promise<NameServer> {
  const socket = createSocket("udp4");
  socket.bind(port, address);
  await once(socket, "listening");
  const server: NameServer = { port: socket.address().port, asked: [], zone, close: () => void socket.close() };
  socket.on("message", (message, from) => {
    const { name, question } = questionOf(message);
    server.asked.push(name + ((message[2]! & 1) === 1 ? " recursion" : ""));
    const known = Object.hasOwn(server.zone, name) ? server.zone[name] : { status: NXDOMAIN };
    if (known !== undefined) socket.send(answerOf(message, question, known), from.port, from.address);
  });
  return server;
}

function questionOf(message: Buffer): { readonly name: string; readonly question: Buffer } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at]!; length > 0; length = message[at]!) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join(".").toLowerCase(), question: message.subarray(12, at + 5) };
}

function answerOf(message: Buffer, question: Buffer, answer: Answer): Buffer {
  const { addresses = [], alias, status = 0, authority = true } = answer;
  const records = [
    ...(alias === undefined ? [] : [record(5, encoded(alias))]),
    ...addresses.map((address) => record(1, Buffer.from(address.split(".").map(Number)), alias)),
  ];
  const head = Buffer.alloc(12);
  message.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8000 | (authority ? 0x0400 : 0) | status, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  return Buffer.concat([head, question, ...records]);
}

/** A record of the name that was asked for, or of another one. */
function record(type: number, data: Buffer, owner?: string): Buffer {
  const fields = Buffer.alloc(10);
  fields.writeUInt16BE(type, 0);
  fields.writeUInt16BE(1, 2);
  fields.writeUInt32BE(30, 4);
  fields.writeUInt16BE(data.length, 8);
  return Buffer.concat([owner === undefined ? Buffer.from([0xc0, 12]) : encoded(owner), fields, data]);
}

function encoded(name: string): Buffer {
  return Buffer.concat([
    ...name.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0]),
  ]);
}
