// What WebSockets that wait for events cost, and whether a post reaches all of them: `webSockets.run(context)`.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { KIB_A_WEB_SOCKET } from "../lib/mastodon/clients";
import { ask, Door, door, signIn } from "../scripts/journey";
import { inside, machines } from "../scripts/cluster";
import { Benchmark, Context, Report, Target } from "./benchmark";
import { deployed, example, sleep } from "./deployment";
import { kernelKib } from "./kernel-memory";
import { Held, Order, processIn, SocketHolders } from "./socket-holders";
import { Table } from "./table";

const SITE = "bench-sockets";
const DOMAIN = "social.example";
const CLIENTS = 20_000;
const IDLE_SECONDS = 60;
const OPEN_WITHIN_SECONDS = 180;
const HEARD_WITHIN_SECONDS = 60;
const CLOSED_WITHIN_SECONDS = 60;
const LAST_MS = 30_000;
/** Files of a process that are not WebSockets. */
const OTHER_FILES = 1000;
/** Of those that the kernel has for a WebSocket, on the streaming machine: nginx' two, and Node's. */
const SOCKETS_OF_THE_MACHINE = 3;
const HOLDING = readFileSync(join(__dirname, "inside/web-sockets.sh"), "utf8");

export const webSockets: Benchmark = { name: "web-sockets", run };

/** What one program of a machine holds. */
export interface Program {
  readonly processes: number;
  readonly kib: number;
  readonly files: number;
  /** The open files of the process that has most, and how many it may have. */
  readonly most: number;
  readonly limit: number;
}

export interface Moment {
  readonly nginx: Program;
  readonly node: Program;
  readonly haproxy: Program;
  /** TCP sockets of the streaming machine, and connections that its firewall tracks. */
  readonly sockets: number;
  readonly tracked: number;
  /** The kernel's memory for sockets on this computer. */
  readonly kernelKib: number;
}

export interface Seen {
  /** How many were opened through the front door; the others at the streaming machine. */
  readonly through: number;
  readonly workers: number;
  readonly openSeconds: number;
  readonly before: Moment;
  readonly idle: Moment;
  readonly closed: Moment;
  readonly held: Held;
  /** How many got the post, and after how long the last. */
  readonly heard: number;
  readonly lastMs: number;
}

async function run(context: Context): Promise<Report> {
  const page = example("Bench-Sockets").replace(
    "machines: 1, processes: 2, size: small, ...data",
    `machines: 1, processes: 2, clients: ${CLIENTS}, size: Size.of({ cpus: 2, gib: 2 }), ...data`,
  );
  if (!page.includes(`clients: ${CLIENTS}`))
    throw new Error("the example makes its streaming in another way than this benchmark knows");
  return deployed({ text: page, site: SITE }, context, async () => report(await measure(context)));
}

async function measure({ say }: Context): Promise<Seen> {
  const machine = machines(SITE).find(({ pool }) => pool === "streaming")!;
  const front = door(SITE, DOMAIN);
  const token = signIn(SITE, DOMAIN);
  const { nginx, haproxy } = moment(machine.name);
  // Some computers let no process have as many open files as the page asks for. Then nginx gets workers in the place of files.
  const room = nginx.processes * (nginx.limit - OTHER_FILES);
  const workers = room >= 4 * CLIENTS ? nginx.processes : Math.ceil((4 * CLIENTS) / (nginx.limit - OTHER_FILES));
  const before = moment(machine.name, workers === nginx.processes ? "" : `${workers}`);
  const through = Math.min(CLIENTS, Math.floor((haproxy.limit - OTHER_FILES) / 2));
  say(`web-sockets: ${through} through the front door, ${CLIENTS - through} from its network, ${workers} workers of nginx`);
  const holders = new SocketHolders();
  try {
    const marker = `web-sockets ${process.pid}.${Date.now()}`;
    const from = Date.now();
    holders.open(throughTheDoor(front, token, through, marker));
    if (through < CLIENTS)
      holders.open(straight(front, machine.address, token, CLIENTS - through, marker), processIn(SITE, "front-door"));
    const all = ({ open, refused, lost }: Held) => open + refused + lost >= CLIENTS;
    const opened = await until(holders, OPEN_WITHIN_SECONDS, all, ({ open, lost }) =>
      say(`web-sockets: ${open} open, ${lost} lost`),
    );
    const openSeconds = (Date.now() - from) / 1000;
    if (opened.refused > 0) say(`web-sockets: ${opened.refused} were refused: ${opened.reason}`);
    await sleep(IDLE_SECONDS);
    const idle = moment(machine.name);
    const held = await holders.held();
    const posted = Date.now();
    const answer = await ask(front, "POST", "/api/v1/statuses", token, { status: marker });
    if (answer.status !== 200) throw new Error(`POST /api/v1/statuses: ${answer.status} ${answer.body.slice(0, 300)}`);
    const told = await until(holders, HEARD_WITHIN_SECONDS, ({ heard }) => heard >= held.open);
    say(`web-sockets: ${told.heard} heard of the post, the last after ${told.lastMs - posted} ms`);
    holders.close();
    await until(holders, CLOSED_WITHIN_SECONDS, ({ open }) => open === 0);
    await sleep(IDLE_SECONDS / 2);
    const closed = moment(machine.name);
    return { through, workers, openSeconds, before, idle, closed, held, heard: told.heard, lastMs: told.lastMs - posted };
  } finally {
    holders.end();
  }
}

async function until(
  holders: SocketHolders,
  seconds: number,
  done: (held: Held) => boolean,
  tell?: (held: Held) => void,
): Promise<Held> {
  const end = Date.now() + seconds * 1000;
  for (let n = 1; ; n++) {
    const held = await holders.held();
    if (done(held) || Date.now() > end) return held;
    if (n % 10 === 0) tell?.(held);
    await sleep(1);
  }
}

const path = (token: string) => `/api/v1/streaming?stream=user&access_token=${token}`;

function throughTheDoor({ address, ca, streaming }: Door, token: string, count: number, marker: string): Order {
  return { url: `wss://${streaming}${path(token)}`, address, headers: {}, ca, count, atOnce: 25, marker };
}

/** As the front door asks nginx. */
function straight({ streaming }: Door, address: string, token: string, count: number, marker: string): Order {
  const headers = { "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7" };
  return { url: `ws://${streaming}${path(token)}`, address, headers, ca: undefined, count, atOnce: 25, marker };
}

function moment(machine: string, workers = ""): Moment {
  const streaming = facts(inside(SITE, machine, "env", `WORKERS=${workers}`, "bash", "-c", HOLDING));
  const door = facts(inside(SITE, "front-door", "bash", "-c", HOLDING));
  return {
    nginx: program(streaming, "nginx"),
    node: program(streaming, "node"),
    haproxy: program(door, "haproxy"),
    sockets: fact(streaming, "kernel sockets"),
    tracked: fact(streaming, "kernel tracked"),
    kernelKib: kernelKib(),
  };
}

function program(of: ReadonlyMap<string, number>, name: string): Program {
  const one = (what: string) => fact(of, `${name} ${what}`);
  return { processes: one("processes"), kib: one("kib"), files: one("files"), most: one("most"), limit: one("limit") };
}

function fact(of: ReadonlyMap<string, number>, name: string): number {
  const found = of.get(name);
  if (found === undefined) throw new Error(`the machine does not say "${name}"`);
  return found;
}

function facts(lines: string): ReadonlyMap<string, number> {
  return new Map([...lines.matchAll(/^(\w+ \w+) (\d+)\r?$/gm)].map(([, name, value]) => [name!, Number(value)]));
}

const mib = (kib: number) => `${(kib / 1024).toFixed(0)} MiB`;
const kibEach = (kib: number) => `${kib.toFixed(1)} KiB`;

/** What each WebSocket takes: on the streaming machine, and of HAProxy if it went through the front door. */
export function costs({
  through,
  before,
  idle,
  held,
}: Seen): Readonly<Record<"nginx" | "node" | "kernel" | "machine" | "haproxy", number>> {
  const open = Math.max(1, held.open);
  const nginx = (idle.nginx.kib - before.nginx.kib) / open;
  const node = (idle.node.kib - before.node.kib) / open;
  // A client's end, nginx' two and Node's; and HAProxy's two of those that went through it.
  const sockets = 4 * open + 2 * Math.min(through, open);
  const kernel = ((idle.kernelKib - before.kernelKib) / sockets) * SOCKETS_OF_THE_MACHINE;
  const haproxy = (idle.haproxy.kib - before.haproxy.kib) / Math.max(1, Math.min(through, open));
  return { nginx, node, kernel, machine: nginx + node + kernel, haproxy };
}

export function report(seen: Seen): Report {
  const { through, before, idle, closed, held } = seen;
  const each = costs(seen);
  const row = (what: string, of: (moment: Moment) => number, cost: number) => [
    what,
    ...[before, idle, closed].map((moment) => mib(of(moment))),
    kibEach(cost),
  ];
  const memory: Table = {
    title: "Memory",
    head: ["", "before", `with ${held.open}, idle for ${IDLE_SECONDS} s`, "after they are closed", "each"],
    rows: [
      row(`nginx, ${idle.nginx.processes} workers`, ({ nginx }) => nginx.kib, each.nginx),
      row(`Node, ${idle.node.processes} processes`, ({ node }) => node.kib, each.node),
      row("the kernel's sockets on this computer; each: three of them", ({ kernelKib }) => kernelKib, each.kernel),
      ["the streaming machine", "", "", "", kibEach(each.machine)],
      row(`HAProxy of the local front door, TLS, ${through} of them`, ({ haproxy }) => haproxy.kib, each.haproxy),
    ],
  };
  const counted: Table = {
    title: "Of the streaming machine",
    head: ["", "before", `with ${held.open}`, "after they are closed"],
    rows: [
      ["open files of nginx", ...[before, idle, closed].map(({ nginx }) => `${nginx.files}`)],
      ["of its busiest worker", ...[before, idle, closed].map(({ nginx }) => `${nginx.most}`)],
      ["open files of Node", ...[before, idle, closed].map(({ node }) => `${node.files}`)],
      ["TCP sockets", ...[before, idle, closed].map(({ sockets }) => `${sockets}`)],
      ["tracked connections, for two more minutes", ...[before, idle, closed].map(({ tracked }) => `${tracked}`)],
    ],
  };
  return {
    title: "Idle WebSockets",
    meaning: `One streaming machine with two processes of Node holds ${CLIENTS} WebSockets, and a post reaches all of them. How much memory a streaming machine
needs follows from what each takes; a page whose \`clients\` do not fit into its machines by that number is refused.`,
    method: `\`examples/local/main.ts\` with \`clients: ${CLIENTS}\`. All are opened by one user, 25 at a time in each process of the client, in ${seen.openSeconds.toFixed(0)} s; Node
sends a ping to each every 30 s. ${limited(seen)}Memory is in proportion where processes share it. The kernel's is that of its caches for
sockets, files, epoll and tracked connections. Node runs the stand-in's streaming: it uses the same library for WebSockets as Mastodon's, but Mastodon keeps
more of each, such as its filters and languages, and looks at them for each post. nginx and Node keep some of the memory for further WebSockets.`,
    tables: [memory, counted],
    targets: targets(seen, each.machine),
  };
}

function limited({ through, workers, idle }: Seen): string {
  if (through === CLIENTS) return "";
  return `No process of this computer may have more than ${idle.nginx.limit} open files, so ${through} went through the front door and the others from its network to nginx, which had
${workers} workers. `;
}

function targets({ before, closed, held, heard, lastMs }: Seen, each: number): readonly Target[] {
  const left = closed.nginx.files + closed.node.files - before.nginx.files - before.node.files;
  return [
    {
      what: `open after ${IDLE_SECONDS} s`,
      measured: `${held.open}, ${held.lost} lost`,
      target: `${CLIENTS}, 0 lost`,
      met: held.open === CLIENTS && held.lost === 0,
      reason: `Node closes one that has not answered a ping within 30 s, as when other work takes the processors of this computer. ${held.reason}`,
    },
    {
      what: "memory of each on the streaming machine",
      measured: kibEach(each),
      target: `at most ${KIB_A_WEB_SOCKET} KiB`,
      met: each <= KIB_A_WEB_SOCKET,
    },
    { what: "reached by a post", measured: `${heard}`, target: `${CLIENTS}`, met: heard === CLIENTS },
    {
      what: "the last of them",
      measured: `after ${(lastMs / 1000).toFixed(1)} s`,
      target: `within ${LAST_MS / 1000} s`,
      met: lastMs > 0 && lastMs <= LAST_MS,
      reason: "client, front door and streaming share the processors of this computer.",
    },
    { what: "open files left once they are closed", measured: `${left}`, target: "at most 100", met: left <= 100 },
  ];
}
