// Asks over UDP and prints what `dig -f - +noall +comments +question +answer` of Debian's bind9-dnsutils prints, for machines of the tests that have
// none. The name server's port is DIG_PORT.

const { createSocket } = require("node:dgram");
const { readFileSync } = require("node:fs");

const STATUS = { 0: "NOERROR", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED" };
const TYPES = { 1: "A", 5: "CNAME" };
const words = process.argv.slice(2);
const server = words.find((word) => word.startsWith("@")).slice(1);
const seconds = Number(words.find((word) => word.startsWith("+time=")).slice(6));

const encoded = (name) =>
  Buffer.concat([
    ...name.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0]),
  ]);

function nameAt(message, at) {
  const labels = [];
  for (let length = message[at]; length > 0 && length < 0xc0; length = message[at]) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  if (message[at] >= 0xc0)
    return { name: [...labels, nameAt(message, message.readUInt16BE(at) & 0x3fff).name].join("."), end: at + 2 };
  return { name: labels.join("."), end: at + 1 };
}

function printed(message) {
  const flags = message.readUInt16BE(2);
  const question = nameAt(message, 12);
  const lines = [
    ";; Got answer:",
    `;; ->>HEADER<<- opcode: QUERY, status: ${STATUS[flags & 15]}, id: ${message.readUInt16BE(0)}`,
    `;; flags: qr${flags & 0x0400 ? " aa" : ""}; QUERY: 1, ANSWER: ${message.readUInt16BE(6)}, AUTHORITY: 0, ADDITIONAL: 0`,
    "",
    ";; QUESTION SECTION:",
    `;${question.name}.\t\t\tIN\tA`,
    "",
  ];
  let at = question.end + 4;
  for (let n = message.readUInt16BE(6); n > 0; n--) {
    const { name, end } = nameAt(message, at);
    const [type, length] = [message.readUInt16BE(end), message.readUInt16BE(end + 8)];
    const data = message.subarray(end + 10, end + 10 + length);
    lines.push(`${name}.\t\t30\tIN\t${TYPES[type]}\t${type === 1 ? [...data].join(".") : `${nameAt(message, end + 10).name}.`}`);
    at = end + 10 + length;
  }
  return lines.join("\n");
}

function ask(name) {
  const id = Math.floor(Math.random() * 65536);
  const recursion = words.includes("+norecurse") ? 0 : 1;
  const message = Buffer.concat([
    Buffer.from([id >> 8, id & 255, recursion, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    encoded(name),
    Buffer.from([0, 1, 0, 1]),
  ]);
  return new Promise((done) => {
    const socket = createSocket("udp4");
    const end = (text) => (clearTimeout(timer), socket.close(), done(text));
    const timer = setTimeout(() => end(";; no servers could be reached"), seconds * 1000);
    socket.on("error", () => end(";; no servers could be reached"));
    socket.on("message", (answer) => end(printed(answer)));
    socket.connect(Number(process.env.DIG_PORT), server, () => socket.send(message));
  });
}

(async () => {
  for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) console.log(await ask(line.split(" ")[0]));
})();
