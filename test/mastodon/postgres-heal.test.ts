// What may throw data away, or take settings or members back, and when it does not.

import { ScriptRoom } from "./script-room";

const JSON_OF = (words: Readonly<Record<string, string | object>>) =>
  JSON.stringify(words).replaceAll('":', '": ').replaceAll(',"', ', "');

describe("a standby", () => {
  const lost =
    "FATAL:  could not receive data from WAL stream: ERROR:  requested WAL segment 000000010000000000000042 has already been removed";
  const patroni = { cluster: { patroni: { version: "4.0.7", scope: "database", name: "database-2" } } }.cluster;
  const follows = { state: "running", role: "replica", ...patroni };

  async function looked(says: object | undefined, log: readonly string[]) {
    const room = new ScriptRoom("standby-heal.sh", {
      curl: "cat $ROOT/says 2>/dev/null || exit 7",
      journalctl: 'did "reads ${*:1:4}"; cat $ROOT/log',
      patronictl: 'did "patronictl $*"; echo "Success: reinitialize for member database-2"',
    });
    try {
      if (says !== undefined) room.write("says", JSON_OF(says as Readonly<Record<string, string>>));
      room.write("log", [...log, ""].join("\n"));
      const { status, said, did } = await room.run({
        PATRONI_UNIT: "patroni",
        PATRONI_PORT: 8008,
        PATRONICTL: room.at("bin/patronictl"),
        SELF: "database-2",
      });
      return { status, said, did: did.filter((one) => !one.startsWith("reads ")) };
    } finally {
      room.remove();
    }
  }
  const left = { status: 0, said: [], did: [] };
  const copied = {
    status: 0,
    said: [
      "the primary no longer keeps the log that this standby lacks: it is copied anew",
      "Success: reinitialize for member database-2",
    ],
    did: ["patronictl reinit --force database database-2"],
  };

  test.each([
    lost,
    'FATAL:  could not start WAL streaming: ERROR:  can no longer get changes from replication slot "database_2"',
    'FATAL:  could not start WAL streaming: ERROR:  can no longer access replication slot "database_2"',
  ])("is copied anew when its primary says: %s", async (line) => {
    expect(await looked(follows, ["LOG:  something else", line])).toEqual(copied);
  });

  test("is found among the many lines of a busy log", async () => {
    const many = Array.from({ length: 20_000 }, (_, n) => `LOG:  line ${n}`);
    expect(await looked(follows, [lost, ...many])).toEqual(copied);
  });

  test("is left alone in every other case", async () => {
    expect(await looked(follows, ["LOG:  started streaming WAL", "FATAL:  could not connect to the primary server"])).toEqual(
      left,
    );
    expect(await looked(follows, ['ERROR:  replication slot "database_2" does not exist'])).toEqual(left);
    expect(await looked({ ...follows, replication_state: "streaming" }, [lost])).toEqual(left);
    expect(await looked({ ...follows, role: "primary" }, [lost])).toEqual(left);
    expect(await looked({ ...follows, role: "uninitialized" }, [lost])).toEqual(left);
    expect(await looked(undefined, [lost])).toEqual(left);
  });
});

describe("a renewed machine of the database", () => {
  async function newest(turns: Readonly<Record<number, string>>, files: Readonly<Record<string, string>> = {}) {
    const room = new ScriptRoom("patroni-newest.sh", {
      curl: "cat $ROOT/config 2>/dev/null || exit 22",
      patronictl: 'did "patronictl $*"; [ -e $ROOT/etcd ]',
    });
    try {
      for (const [name, text] of Object.entries({ pending: "", ...files })) room.write(name, text);
      for (const [n, text] of Object.entries(turns)) room.turn(Number(n), text);
      const values = { PATRONI_PORT: 8008, PATRONICTL: room.at("bin/patronictl"), DYNAMIC: "/etc/patroni/dynamic.json" };
      const { status, turns: waited, did } = await room.run({ ...values, PENDING: room.at("pending") });
      return { status, waited, did, pending: room.read("pending") !== undefined };
    } finally {
      room.remove();
    }
  }
  const given = "patronictl edit-config --force --quiet --replace /etc/patroni/dynamic.json";

  test("gives etcd the page's settings once, as soon as there is a cluster and etcd takes them", async () => {
    const turns = { 2: `echo '{"ttl": 20}' >$ROOT/config`, 4: "touch $ROOT/etcd" };
    expect(await newest(turns)).toEqual({ status: 0, waited: 4, did: [given, given, given], pending: false });
  });

  test("does not end a pause, which is a setting as well, and has it to do until then", async () => {
    const paused = { config: '{"ttl": 20, "pause": true}', etcd: "" };
    expect(await newest({}, paused)).toEqual({ status: "waits", waited: 8, did: [], pending: true });
    const resumed = { 3: `echo '{"ttl": 20, "pause": false}' >$ROOT/config` };
    expect(await newest(resumed, paused)).toEqual({ status: 0, waited: 3, did: [given], pending: false });
  });
});

describe("one member of etcd that is to go on alone", () => {
  interface Case {
    readonly args?: readonly string[];
    readonly serves?: boolean;
    readonly data?: boolean;
    /** The other member that runs. */
    readonly runs?: string;
  }
  async function alone({ args = ["--forget-the-others"], serves = false, data = true, runs }: Case) {
    const room = new ScriptRoom("etcd-alone.sh", {
      console: serves ? "" : "exit 1",
      curl: '[[ "${*: -1}" = "http://$(cat $ROOT/runs):2380/members" ]] || exit 7',
      systemctl: 'did "systemctl $*"; exit 1',
    });
    try {
      room.write("runs", runs ?? "nobody");
      if (data) room.write("data/redis-1/member/wal/0.wal", "");
      const { status, said, did } = await room.run(
        {
          SELF: "redis-1",
          MEMBERS: "redis-1 redis-2 redis-3",
          CONSOLE: room.at("bin/console"),
          DIRECTORY: room.at("data"),
          ETCD_PORT: 2379,
          ETCD_PEER_PORT: 2380,
          BEGINS: room.at("begins"),
        },
        ...args,
      );
      return { status, said, did };
    } finally {
      room.remove();
    }
  }

  test.each<[string, Case, string]>([
    [
      "without the words that say what it does",
      { args: [] },
      "usage: etcd-alone --forget-the-others, on one machine, when more than half of the members are lost for good",
    ],
    ["while the majority is there", { serves: true }, "etcd serves, and its majority is there: nothing was done"],
    ["without data", { data: false }, "this member has no data: do it on one that has"],
    [
      "while another runs, which would go on with the old members",
      { runs: "redis-3" },
      "the member on redis-3 runs: stop it there (systemctl stop etcd), and remove its data if it stays lost",
    ],
  ])("is refused %s", async (_, given, why) => {
    expect(await alone(given)).toEqual({ status: 1, said: [`etcd-alone: ${why}`], did: [] });
  });

  test("stops first, if nothing speaks against it; its own answer is not another's", async () => {
    // Nothing is written here: the stop fails.
    expect(await alone({ runs: "redis-1" })).toEqual({ status: 1, said: [], did: ["systemctl stop etcd.service"] });
  });
});
