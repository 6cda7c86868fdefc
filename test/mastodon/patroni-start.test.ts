// What happens before each start of Patroni: never a first cluster beside another's data, and its passwords in memory alone.

import { statSync } from "node:fs";
import { Ran, ScriptRoom } from "./script-room";

/** What Patroni says of a machine: the start of its answer is enough here. */
const WORDS = {
  uninitialized: '{"state": "stopped", "role": "uninitialized"}',
  standby: '{"state": "running", "role": "replica"}',
  primary: '{"state": "running", "role": "primary", "timeline": 3}',
} as const;
type Word = keyof typeof WORDS;

interface Scenario {
  /** @default the first one */
  readonly self?: "first" | "second";
  /** Which files are in its data directory. */
  readonly data?: readonly string[];
  /** What the other machine says; it is silent if that is left out. */
  readonly says?: Word;
  /** What it says from some turn on. */
  readonly later?: { readonly turn: number; readonly says: Word };
  /** Whom etcd knows as the primary, as a further machine may be. */
  readonly leader?: boolean;
  /** Until which turn the first one still runs PostgreSQL alone. */
  readonly alone?: number;
  /** From which turn on etcd knows a primary. */
  readonly led?: number;
  /** Whether etcd has lost all that it knew of the cluster. */
  readonly forgotten?: boolean;
  /** Until which turn etcd does not answer. */
  readonly etcdAway?: number;
  /** Whether it was noted at an earlier start that the first one has newer data. */
  readonly older?: boolean;
  readonly ownKernel?: boolean;
  /** From which turn on the machine has its private address. */
  readonly address?: number;
}

const room = () =>
  new ScriptRoom("patroni-start.sh", {
    ip: 'echo "2: ens3 inet 203.0.113.7/32 scope global"; [ -e $ROOT/no-address ] || echo "3: ens10 inet 10.20.30.10/32 scope global"',
    curl: 'did "asks ${@: -1}"; cat $ROOT/says 2>/dev/null || exit 7',
    // The computer of this test has no PostgreSQL to copy from.
    install: 'case $1 in -d) ;; *) did "puts ${@: -2}" ;; esac',
    patronictl:
      '[ $1 = list ] || { [ ! -e $ROOT/etcd-away ] || exit 1; cat $ROOT/config 2>/dev/null; exit 0; }; cat $ROOT/list 2>/dev/null || { echo "etcd is away" >&2; exit 1; }',
    "first-alone": '[ -e $ROOT/alone ] || exit 1; echo "database-1 still runs PostgreSQL alone"',
    ...{ modprobe: 'did "modprobe $*"', chown: 'did "chown $*"' },
  });

/** A room, and what the script has left of a file in it. */
function leaves(path: string): { readonly made: ScriptRoom; readonly left: () => string | undefined } {
  const made = room();
  const remove = made.remove.bind(made);
  let text: string | undefined = "not read";
  made.remove = () => {
    text = made.read(path);
    remove();
  };
  return { made, left: () => text };
}

async function start(scenario: Scenario, made = room()): Promise<Ran> {
  const {
    self = "first",
    data = [],
    says,
    later,
    leader = false,
    alone,
    led,
    older = false,
    forgotten = false,
    etcdAway,
    ownKernel = false,
    address,
  } = scenario;
  try {
    made.write("secrets", "DATABASE_PASSWORD=d1\nREPLICATION_PASSWORD=r2\nPATRONI_PASSWORD=p3\nETCD_PASSWORD=e4\n");
    for (const name of data) made.write(`disk/17/main/${name}`, "own");
    if (says !== undefined) made.write("says", WORDS[says]);
    if (later !== undefined) {
      made.write("later", WORDS[later.says]);
      made.turn(later.turn, "cp $ROOT/later $ROOT/says");
    }
    const list = '[{"Cluster": "database", "Member": "database-3", "Role": "Leader", "State": "running"}]';
    if (leader) made.write("list", list);
    if (led !== undefined) {
      made.write("later-list", list);
      made.turn(led, "cp $ROOT/later-list $ROOT/list");
    }
    if (etcdAway !== undefined) {
      made.write("etcd-away", "");
      made.turn(etcdAway, "rm $ROOT/etcd-away");
    }
    if (!forgotten) made.write("config", "ttl: 20\n");
    if (older) made.write("disk/older-than-database-1", "");
    if (alone !== undefined) {
      made.write("alone", "");
      made.turn(alone, "rm $ROOT/alone");
    }
    if (address !== undefined) {
      made.write("no-address", "");
      made.turn(address, "rm $ROOT/no-address");
    }
    return await made.run({
      PREFIX: "10.20.",
      SELF: self === "first" ? "database-1" : "database-2",
      FIRST: self === "first" ? "yes" : "no",
      FIRST_ALONE: made.at("bin/first-alone"),
      FIRST_MACHINE: "database-1",
      OLDER: made.at("disk/older-than-database-1"),
      PATRONICTL: made.at("bin/patronictl"),
      OTHERS: self === "first" ? "database-2" : "database-1",
      WATCHDOG: ownKernel ? "yes" : "no",
      ENVIRONMENT: made.at("patroni.env"),
      DATA: made.at("disk/17/main"),
      DISK: made.at("disk"),
      MAJOR: 17,
      SECRETS: made.at("secrets"),
      PATRONI_PORT: 8008,
      POSTGRES_PORT: 5432,
    });
  } finally {
    made.remove();
  }
}

const ASKED = "asks http://database-2:8008/patroni";
const PLAIN = ["PG_VERSION", "postgresql.conf", "pg_hba.conf", "pg_ident.conf"];
/** Patroni keeps a copy of its settings in the data that it has run. */
const WHOLE = [...PLAIN, "patroni.dynamic.json"];

test("the first one, empty, makes the first cluster once the other has said that it has none", async () => {
  expect(await start({ says: "uninitialized" })).toEqual({ status: 0, said: [], turns: 0, did: [ASKED] });
});

test("it waits while the other is silent or has data, and goes on when the other is primary, whom it then copies", async () => {
  const waits = {
    status: "waits",
    said: ["patroni-start: has no data, and waits until database-2 has told whether it has any"],
    turns: 8,
  };
  expect(await start({})).toMatchObject(waits);
  expect(await start({ says: "standby" })).toMatchObject(waits);
  expect(await start({ later: { turn: 3, says: "uninitialized" } })).toMatchObject({ status: 0, turns: 3 });
  expect(await start({ says: "standby", later: { turn: 2, says: "primary" } })).toMatchObject({ status: 0, turns: 2 });
  // A third one is primary, which only etcd knows.
  expect(await start({ says: "standby", leader: true })).toMatchObject({ status: 0, turns: 0 });
  expect(await start({ leader: true })).toMatchObject({ status: 0, turns: 0 });
});

test("with its data it starts at once and asks nobody", async () => {
  for (const self of ["first", "second"] as const)
    expect(await start({ self, data: WHOLE })).toEqual({ status: 0, said: [], turns: 0, did: [] });
});

test("the second one never makes a cluster, so it waits for nobody", async () => {
  expect(await start({ self: "second" })).toEqual({ status: 0, said: [], turns: 0, did: [] });
});

test("as long as the first one runs PostgreSQL alone, a new standby does not start: there is no cluster that it could join", async () => {
  expect(await start({ self: "second", alone: 4 })).toEqual({
    status: 0,
    said: ["patroni-start: database-1 still runs PostgreSQL alone"],
    turns: 4,
    did: [],
  });
  // The first one itself is not asked.
  expect(await start({ data: WHOLE, alone: 9 })).toMatchObject({ status: 0, turns: 0 });
});

const OLDER =
  "patroni-start: waits until a machine is primary: what is here may be older than what database-1 has. " +
  "If that is lost for good: rm /disk/older-than-database-1";

test("what is here while the first one runs alone is older: it does not start when the first one stops, but when a machine is primary", async () => {
  expect(await start({ self: "second", data: WHOLE, alone: 2 })).toMatchObject({ status: "waits" });
  expect(await start({ self: "second", data: WHOLE, alone: 2, led: 5 })).toMatchObject({ status: 0, turns: 5 });
  // It remembers that, also over a restart of the machine in between; once a machine was primary it is forgotten.
  expect(await start({ self: "second", data: WHOLE, older: true })).toMatchObject({ status: "waits", said: [OLDER] });
  const { made, left } = leaves("disk/older-than-database-1");
  expect(await start({ self: "second", data: WHOLE, older: true, leader: true }, made)).toMatchObject({ status: 0, turns: 0 });
  expect(left()).toEqual(undefined);
});

test("data that Patroni has never run is older too, on every machine but the first", async () => {
  expect(await start({ self: "second", data: PLAIN })).toMatchObject({ status: "waits", said: [OLDER] });
  expect(await start({ self: "second", data: PLAIN, led: 3 })).toMatchObject({ status: 0, turns: 3 });
  expect(await start({ data: PLAIN })).toMatchObject({ status: 0, turns: 0 });
});

const STANDBY =
  "patroni-start: was a standby, and etcd knows no primary, so another machine may have newer data. " +
  "If this is the newest: rm /disk/17/main/standby.signal";

test("the first one does not become primary with what a standby had before Patroni", async () => {
  const data = [...PLAIN, "standby.signal"];
  expect(await start({ data })).toMatchObject({ status: "waits", said: [STANDBY] });
  expect(await start({ data, led: 2 })).toMatchObject({ status: 0, turns: 2 });
});

test("where etcd has lost all disks a standby waits for the last primary, which starts at once", async () => {
  for (const self of ["first", "second"] as const) {
    const standby = { self, data: [...WHOLE, "standby.signal"] };
    expect(await start({ ...standby, forgotten: true })).toMatchObject({ status: "waits", said: [STANDBY] });
    expect(await start({ ...standby, forgotten: true, led: 3 })).toMatchObject({ status: 0, turns: 3 });
    expect(await start(standby)).toMatchObject({ status: 0, turns: 0 });
    expect(await start({ self, data: WHOLE, forgotten: true })).toMatchObject({ status: 0, turns: 0 });
  }
});

test("an etcd that does not answer is not taken for one that knows nothing", async () => {
  expect(await start({ self: "second", data: [...WHOLE, "standby.signal"], etcdAway: 3 })).toEqual({
    status: 0,
    said: ["patroni-start: waits for etcd, which does not answer"],
    turns: 3,
    did: [],
  });
});

test("a copy of the primary that was cut off is removed, and a whole one stays", async () => {
  const { made, left } = leaves("disk/17/main/PG_VERSION");
  const said = ["patroni-start: removes a copy of the primary that was not finished"];
  const copy = { self: "second", data: [...WHOLE, "standby.signal", "backup_label"] } as const;
  expect(await start(copy, made)).toMatchObject({ status: 0, turns: 0, said });
  expect(left()).toEqual(undefined);
  expect(await start({ ...copy, data: [...copy.data, "global/pg_control"] })).toMatchObject({ status: 0, turns: 0, said: [] });
});

test("the data of a single server gets the files that Debian kept elsewhere, and keeps those that it has", async () => {
  const { did, status } = await start({ data: ["PG_VERSION", "pg_hba.conf"] });
  expect({ did, status }).toEqual({
    status: 0,
    did: ["postgresql", "pg_ident"].map((name) => `puts /usr/share/postgresql/17/${name}.conf.sample /disk/17/main/${name}.conf`),
  });
});

test("Patroni gets the machine's address and the passwords by a file that only root reads", async () => {
  const made = room();
  const found: { text?: string | undefined; mode?: number } = {};
  const remove = made.remove.bind(made);
  made.remove = () => {
    found.text = made.read("patroni.env");
    found.mode = statSync(made.at("patroni.env")).mode & 0o777;
    remove();
  };
  expect(await start({ data: WHOLE, address: 2 }, made)).toMatchObject({ status: 0, turns: 2 });
  expect(found).toEqual({
    mode: 0o600,
    text: `PATRONI_POSTGRESQL_CONNECT_ADDRESS=10.20.30.10:5432
PATRONI_RESTAPI_CONNECT_ADDRESS=10.20.30.10:8008
PATRONI_RESTAPI_USERNAME=patroni
PATRONI_RESTAPI_PASSWORD=p3
PATRONI_ETCD3_PROTOCOL=http
PATRONI_ETCD3_USERNAME=patroni
PATRONI_ETCD3_PASSWORD=e4
PATRONI_REPLICATION_PASSWORD=r2
PATRONI_REWIND_PASSWORD=r2
`,
  });
});

test("only a machine with a kernel of its own gets a watchdog", async () => {
  expect((await start({ data: WHOLE, ownKernel: true })).did[0]).toBe("modprobe softdog");
  expect((await start({ data: WHOLE })).did).toEqual([]);
});
