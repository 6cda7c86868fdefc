// Asks name servers and prints what `dig -f - +noall +comments +question +answer` of Debian's bind9-dnsutils prints, for machines of the tests that
// have none: `const dig = await digStandIn(53535)`. It answers in the test's own process, since a program of Node's would take longer to start than
// the scripts wait; `dig.script` is the program that asks it.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { AddressInfo, createServer } from "node:net";

export interface DigStandIn {
  /** The text of a program that takes the place of dig. */
  readonly script: string;
  close(): void;
}

const STATUS: Readonly<Record<number, string>> = { 0: "NOERROR", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED" };
const TYPES: Readonly<Record<number, string>> = { 1: "A", 5: "CNAME" };

/** Asks name servers on this port. */
export async function digStandIn(port: number): Promise<DigStandIn> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let text = "";
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      text += data.toString();
      const lines = text.split("\n");
      if (lines.at(-2) === ".") void answers(lines[0]!.split(" "), lines.slice(1, -2), port).then((said) => socket.end(said));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const script = `exec 3<>/dev/tcp/127.0.0.1/${(server.address() as AddressInfo).port}\n{ echo "$*"; cat; echo .; } >&3\ncat <&3\n`;
  return { script, close: () => void server.close() };
}

async function answers(words: readonly string[], lines: readonly string[], port: number): Promise<string> {
  const server = words.find((word) => word.startsWith("@"))!.slice(1);
  const seconds = Number(words.find((word) => word.startsWith("+time="))!.slice(6));
  const said: string[] = [];
  for (const line of lines) {
    const answer = await ask(line.split(" ")[0]!, server, port, seconds, !words.includes("+norecurse"));
    said.push(answer === undefined ? ";; no servers could be reached" : printed(answer));
  }
  return `${said.join("\n")}\n`;
}

function ask(name: string, server: string, port: number, seconds: number, recursion: boolean): Promise<Buffer | undefined> {
  const labels = name.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  const head = [7, 7, recursion ? 1 : 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  const message = Buffer.concat([Buffer.from(head), ...labels, Buffer.from([0, 0, 1, 0, 1])]);
  return new Promise((done) => {
    const socket = createSocket("udp4");
    const end = (answer?: Buffer) => {
      clearTimeout(timer);
      socket.close();
      done(answer);
    };
    const timer = setTimeout(end, seconds * 1000);
    socket.on("error", () => end());
    socket.on("message", end);
    socket.connect(port, server, () => socket.send(message));
  });
}

function printed(message: Buffer): string {
  const flags = message.readUInt16BE(2);
  const count = message.readUInt16BE(6);
  const question = nameAt(message, 12);
  const lines = [
    ";; Got answer:",
    `;; ->>HEADER<<- opcode: QUERY, status: ${STATUS[flags & 15]}, id: ${message.readUInt16BE(0)}`,
    `;; flags: qr${(flags & 0x0400) === 0 ? "" : " aa"}; QUERY: 1, ANSWER: ${count}, AUTHORITY: 0, ADDITIONAL: 0`,
    "",
    ";; QUESTION SECTION:",
    `;${question.name}.\t\t\tIN\tA`,
    "",
  ];
  let at = question.end + 4;
  for (let n = 0; n < count; n++) {
    const { name, end } = nameAt(message, at);
    const [type, length] = [message.readUInt16BE(end), message.readUInt16BE(end + 8)];
    const data = type === 1 ? [...message.subarray(end + 10, end + 14)].join(".") : `${nameAt(message, end + 10).name}.`;
    lines.push(`${name}.\t\t30\tIN\t${TYPES[type]}\t${data}`);
    at = end + 10 + length;
  }
  return `${lines.join("\n")}\n`;
}

function nameAt(message: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = message[at]!; length > 0; length = message[at]!) {
    if (length >= 0xc0) {
      return { name: [...labels, nameAt(message, message.readUInt16BE(at) & 0x3fff).name].join("."), end: at + 2 };
    }
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join("."), end: at + 1 };
}
