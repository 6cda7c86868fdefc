// How a member of etcd begins: never a second cluster beside another's data, and always one that can go on.

import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { AddressInfo, createServer, Server } from "node:net";
import { Ran, ScriptRoom } from "./script-room";

// Members are known by loopback addresses here, since the script connects to them by itself to hear that they are empty.
const [FIRST, SECOND, THIRD] = ["127.0.1.1", "127.0.1.2", "127.0.1.3"] as const;
const ALL = [FIRST, SECOND, THIRD];

/** As etcd lists them: id, whether it has a name, which it has once it knows itself, and client URLs, which it has once it serves. */
type Listed = Readonly<Record<string, readonly [id: string, state: "served" | "named" | "added"]>>;
const IDS = { [FIRST]: "10276657743932975437", [SECOND]: "2", [THIRD]: "255" };
const HEX = { [FIRST]: "8e9e05c52164694d", [SECOND]: "2", [THIRD]: "ff" };
const served: Listed = Object.fromEntries(ALL.map((host) => [host, [IDS[host]!, "served"] as const]));

const listing = (port: number, members: Listed): string =>
  `[${Object.entries(members)
    .map(([host, [id, state]]) => {
      const name = state === "added" ? "" : `,"name":"${host}"`;
      const clients = state === "served" ? `,"clientURLs":["http://${host}:2379"]` : "";
      return `{"id":${id},"peerURLs":["http://${host}:${port}"]${name}${clients}}`;
    })
    .join(",")}]\n`;

interface Scenario {
  /** @default the second */
  readonly self?: string;
  /** What lies in the member's directory. */
  readonly data?: "log" | "no log";
  /** Who says that it is empty. Whoever is in none of both is silent. */
  readonly empty?: readonly string[];
  /** What members say of all. */
  readonly says?: Readonly<Record<string, Listed>>;
  /** The same from some turn on. */
  readonly later?: { readonly turn: number; readonly says: Readonly<Record<string, Listed>> };
  /** What members say once this one was added. */
  readonly added?: Listed;
  /** What etcd refuses. */
  readonly refuses?: "remove" | "add";
}

const servers: Server[] = [];
let port: number;
beforeEach(async () => {
  const free = createServer().listen(0, FIRST);
  await once(free, "listening");
  ({ port } = free.address() as AddressInfo);
  free.close();
  await once(free, "close");
});

async function start(
  scenario: Scenario,
): Promise<Ran & { readonly begins: string | undefined; readonly left: readonly string[] }> {
  const { self = SECOND, data, empty = [], says = {}, later, added, refuses } = scenario;
  for (const host of empty) {
    const server = createServer((socket) => socket.end("empty\n")).listen(port, host);
    servers.push(server);
    await once(server, "listening");
  }
  const room = new ScriptRoom("etcd-start.sh", {
    curl: 'url=${@: -1}; host=${url#http://}; cat "$ROOT/says/${host%%:*}" 2>/dev/null || exit 7',
    systemctl: 'did "systemctl $*"',
    chown: "",
    install: 'for one; do [[ $one != /* ]] || mkdir -p "$one"; done',
    console: `did "$ETCDCTL_ENDPOINTS $*"
[ "$2" != "${refuses}" ] || { echo "etcdserver: unhealthy cluster" >&2; exit 1; }
[ "$2" != add ] || cp $ROOT/added/* $ROOT/says/ 2>/dev/null || true`,
  });
  try {
    if (data !== undefined) mkdirSync(room.at(`data/${self}/member/${data === "log" ? "wal" : "snap"}`), { recursive: true });
    const write = (folder: string, all: Readonly<Record<string, Listed>>) => {
      for (const [host, members] of Object.entries(all)) room.write(`${folder}/${host}`, listing(port, members));
    };
    write("says", says);
    if (added !== undefined) write("added", Object.fromEntries(Object.keys(says).map((host) => [host, added])));
    if (later !== undefined) {
      write("later", later.says);
      room.turn(later.turn, "mkdir -p $ROOT/says; cp $ROOT/later/* $ROOT/says/");
    }
    const ran = await room.run({
      SELF: self,
      MEMBERS: ALL.join(" "),
      CONSOLE: room.at("bin/console"),
      DIRECTORY: room.at("data"),
      ETCD_PORT: 2379,
      ETCD_PEER_PORT: port,
      BEGINS: room.at("begins"),
      FIRST: self === FIRST ? "yes" : "no",
    });
    const left = ["wal", "snap"].filter((name) => existsSync(room.at(`data/${self}/member/${name}`)));
    return { ...ran, begins: room.read("begins")?.replaceAll(`:${port}`, ":2380"), left };
  } finally {
    room.remove();
    for (const server of servers.splice(0)) server.close();
  }
}

const begun = (state: "new" | "existing", hosts: readonly string[], names = hosts) =>
  `ETCD_INITIAL_CLUSTER=${hosts.map((host, n) => `${names[n]}=http://${host}:2380`).join(",")}\nETCD_INITIAL_CLUSTER_STATE=${state}\n`;
const WAITED = ["systemctl start etcd-empty.socket", "systemctl stop etcd-empty.socket"];

test("with its data it starts at once, whoever else is there", async () => {
  expect(await start({ data: "log" })).toEqual({
    status: 0,
    said: [],
    turns: 0,
    did: ["systemctl stop etcd-empty.socket"],
    begins: begun("new", ALL),
    left: ["wal"],
  });
});

test("the first one begins the cluster once all others have said that they are empty", async () => {
  expect(await start({ self: FIRST, empty: [SECOND, THIRD] })).toMatchObject({
    status: 0,
    turns: 1,
    did: WAITED,
    begins: begun("new", ALL),
  });
});

test("it says that it is empty as long as it waits, and what it waits for", async () => {
  const { did, said, status } = await start({ self: FIRST, empty: [SECOND] });
  expect({ did, said, status }).toEqual({
    status: "waits",
    did: ["systemctl start etcd-empty.socket"],
    said: [`etcd-start: is empty and waits; no answer of ${THIRD}; 2 members are empty`],
  });
});

test("a silent one may have data, and most of them are not enough: the first one waits for all", async () => {
  expect(await start({ self: FIRST, empty: [SECOND] })).toMatchObject({ status: "waits", begins: undefined });
  expect(await start({ self: FIRST })).toMatchObject({ status: "waits", begins: undefined });
});

test("nobody but the first one begins a cluster by itself", async () => {
  expect(await start({ self: SECOND, empty: [FIRST, THIRD] })).toMatchObject({ status: "waits", begins: undefined });
});

test("the others join the cluster that the first one has begun with them", async () => {
  const fresh: Listed = { ...served, [SECOND]: ["2", "named"], [THIRD]: ["255", "named"] };
  expect(await start({ later: { turn: 3, says: { [FIRST]: fresh } } })).toMatchObject({
    status: 0,
    turns: 3,
    did: WAITED,
    begins: begun("new", ALL),
  });
});

test("one that has lost its disk is removed by id and added, and then joins: also the first one", async () => {
  for (const self of [SECOND, FIRST] as const) {
    const [asked] = ALL.filter((host) => host !== self);
    const added: Listed = { ...served, [self]: ["77", "added"] };
    const others = Object.fromEntries(ALL.filter((host) => host !== self).map((host) => [host, served]));
    // What only looks like data is of no use without a log.
    const { left, begins, status, did, said } = await start({ self, data: "no log", says: others, added });
    expect({ left, begins, status, said }).toEqual({
      left: [],
      status: 0,
      said: [`etcd-start: has lost its data: ${asked} forgets it, and takes it in anew`],
      begins: begun("existing", ALL),
    });
    expect(did).toEqual([
      WAITED[0],
      `http://${asked}:2379 member remove ${HEX[self]}`,
      `http://${asked}:2379 member add ${self} --peer-urls=http://${self}:${port}`,
      WAITED[1],
    ]);
  }
});

test("one that comes in addition is added, and joins those that are there", async () => {
  const two: Listed = { [FIRST]: served[FIRST]!, [THIRD]: served[THIRD]! };
  const added: Listed = { ...two, [SECOND]: ["9", "added"] };
  expect(await start({ says: { [FIRST]: two, [THIRD]: two }, added })).toMatchObject({
    status: 0,
    did: [WAITED[0], `http://${FIRST}:2379 member add ${SECOND} --peer-urls=http://${SECOND}:${port}`, WAITED[1]],
    begins: begun("existing", [FIRST, THIRD, SECOND]),
  });
});

test("what would cost the majority etcd refuses: nothing is added then, and it is tried again", async () => {
  const { status, begins, did, turns } = await start({ says: { [FIRST]: served }, refuses: "remove" });
  expect({ status, begins, turns }).toEqual({ status: "waits", begins: undefined, turns: 8 });
  expect(new Set(did.slice(1))).toEqual(new Set([`http://${FIRST}:2379 member remove 2`]));
  expect(did).toHaveLength(8);
});

test("the first one begins nothing while another serves, even if most are empty", async () => {
  const scenario = { self: FIRST, empty: [SECOND], says: { [THIRD]: served }, refuses: "remove" } as const;
  expect(await start(scenario)).toMatchObject({ status: "waits", begins: undefined });
});
