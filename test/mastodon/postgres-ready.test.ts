// What machines say of PostgreSQL's primary, its standbys and etcd: whether they are ready, and in words why not.

import { existsSync } from "node:fs";
import { Ran, ScriptRoom } from "./script-room";

/** Answers by URL without `http://`; with a status of 200 unless the text begins with 503. */
type Answers = Readonly<Record<string, string>>;

// A server that answers 503 has a body too, which curl prints without -f.
const CURL = `file=$ROOT/http/\${*: -1}
file=\${file/http:\\/\\//}
[ -e "$file" ] || exit 7
text=$(cat "$file")
[[ $text != 503* || " $* " != *" -f"* ]] || exit 22
[[ " $* " = *" -o "* ]] || echo "\${text#503 }"`;

async function ran(
  file: string,
  values: Readonly<Record<string, string | number>>,
  answers: Answers,
  { commands = {}, files = {} }: { readonly commands?: Answers; readonly files?: Answers } = {},
): Promise<Pick<Ran, "status" | "said" | "did">> {
  const room = new ScriptRoom(file, { curl: CURL, ...commands });
  try {
    for (const [url, text] of Object.entries(answers)) room.write(`http/${url}`, text);
    for (const [path, text] of Object.entries(files)) room.write(path, text);
    const inRoom = Object.entries(values).map(([name, value]) => [name, String(value).replaceAll("ROOT", room.root)]);
    const { status, said, did } = await room.run(Object.fromEntries(inRoom) as Record<string, string>);
    return { status, said, did };
  } finally {
    room.remove();
  }
}

const ready = { status: 0, said: [], did: [] };
const not = (...said: readonly string[]) => ({ status: 1, said, did: [] });

describe("a pooler's machine", () => {
  const asked = (answers: Answers) => ran("primary-ready.sh", { MACHINES: "database-1 database-2", PATRONI_PORT: 8008 }, answers);
  const cluster = (leader: string | undefined) => {
    const members = ["database-1", "database-2"].map((name) => ({
      name,
      role: name === leader ? "leader" : "replica",
      state: "running",
      api_url: `http://10.20.30.1:8008/patroni`,
    }));
    return JSON.stringify({ members, scope: "database" }).replaceAll('":', '": ').replaceAll(',"', ', "');
  };

  test("is ready as soon as one of them is primary", async () => {
    expect(await asked({ "database-2:8008/primary": "{}" })).toEqual(ready);
    expect(await asked({ "database-1:8008/primary": "503 {}", "database-2:8008/primary": "{}" })).toEqual(ready);
  });

  test("names a cut that Patroni does not heal, and the command that goes around it", async () => {
    expect(await asked({ "database-2:8008/primary": "503 {}", "database-2:8008/cluster": cluster("database-1") })).toEqual(
      not(
        "database-1 is primary, and cannot be reached from here, though database-2 sees it. Mend the network, or on database-2: " +
          "patronictl switchover --candidate database-2 --force",
      ),
    );
  });

  test("says that nobody is primary where nobody knows of one", async () => {
    const nobody = not("no PostgreSQL of database-1 database-2 is primary");
    expect(await asked({ "database-2:8008/primary": "503 {}", "database-2:8008/cluster": cluster(undefined) })).toEqual(nobody);
    expect(await asked({})).toEqual(nobody);
  });
});

describe("a database's machine", () => {
  const asked = (answers: Answers, inTime = false) =>
    ran(
      "patroni-ready.sh",
      { PATRONI_UNIT: "patroni", PATRONI_PORT: 8008, STATUS: "ROOT/status", SELF: "database-2" },
      Object.fromEntries(Object.entries(answers).map(([path, text]) => [`127.0.0.1:8008/${path}`, text])),
      {
        commands: { journalctl: 'echo "the last line of $2"' },
        files: inTime ? { "status/in-time": "yes\n" } : { "status/other": "" },
      },
    );
  const standby = '503 {"state": "running", "role": "replica", "tags": {"noloadbalance": true}}';

  test("is ready as the primary, and as a standby only while it is in time", async () => {
    expect(await asked({ patroni: '{"role": "primary"}', primary: "{}" })).toEqual(ready);
    expect(await asked({ patroni: '{"role": "replica"}', replica: "{}" }, true)).toEqual(ready);
    expect(await asked({ patroni: '{"state": "running", "role": "replica"}', replica: "{}" })).toEqual(
      not("PostgreSQL on database-2 is replica, running, and not in step with a primary"),
    );
  });

  test("is ready as a standby only once commits wait for some standby, if they shall wait for one", async () => {
    const following = (synchronous: boolean, cluster?: string) =>
      asked(
        {
          patroni: '{"role": "replica"}',
          replica: "{}",
          config: `{"ttl": 20, "synchronous_mode": ${synchronous}}`,
          ...(cluster !== undefined && { cluster }),
        },
        true,
      );
    const members = (role: string) =>
      `{"members": [{"name": "database-1", "role": "leader"}, {"name": "database-3", "role": "${role}"}], "scope": "database"}`;
    expect(await following(true, members("sync_standby"))).toEqual(ready);
    expect(await following(true, members("replica"))).toEqual(
      not("PostgreSQL on database-2 follows, and commits wait for no standby yet, so none could take over"),
    );
    expect(await following(false, members("replica"))).toEqual(ready);
    // Without etcd nobody knows.
    expect(await following(true, "503 ")).toEqual(ready);
    expect(await following(true)).toEqual(ready);
  });

  test("is ready as a standby that serves no reads, which Patroni itself calls none", async () => {
    expect(await asked({ patroni: standby, replica: "503 {}" }, true)).toEqual(ready);
    expect(await asked({ patroni: standby, replica: "503 {}" })).toMatchObject({ status: 1 });
  });

  test("is not ready as one that Patroni calls no standby, even with a sign of a former time", async () => {
    expect(await asked({ patroni: '503 {"state": "starting", "role": "replica"}', replica: "503 {}" }, true)).toEqual(
      not("PostgreSQL on database-2 is replica, starting, and not in step with a primary"),
    );
  });

  test("says that PostgreSQL serves on without etcd, and stays ready", async () => {
    const patroni = '{"state": "running", "role": "primary", "failsafe_mode_is_active": true}';
    expect(await asked({ patroni, primary: "{}" })).toEqual({
      ...ready,
      said: ["etcd cannot be reached, and PostgreSQL serves on as long as all its machines see each other: bring etcd back"],
    });
  });

  test("says the last line of Patroni that does not answer", async () => {
    expect(await asked({})).toEqual(not("Patroni does not answer: the last line of patroni"));
  });
});

describe("a member of etcd", () => {
  const metrics = (leader: 0 | 1, counts: Readonly<Record<string, number>>, all: number) =>
    [
      "# TYPE etcd_server_has_leader gauge",
      `etcd_server_has_leader ${leader}`,
      ...Object.entries(counts).map(([le, count]) => `etcd_disk_wal_fsync_duration_seconds_bucket{le="${le}"} ${count}`),
      `etcd_disk_wal_fsync_duration_seconds_bucket{le="+Inf"} ${all}`,
      "etcd_disk_wal_fsync_duration_seconds_sum 12.3",
      `etcd_disk_wal_fsync_duration_seconds_count ${all}`,
      "",
    ].join("\n");
  const asked = (text: string | undefined, { empty = false, healthy = true, others = {} } = {}) =>
    ran(
      "etcd-ready.sh",
      {
        SELF: "redis-2",
        MEMBERS: "redis-1 redis-2 redis-3",
        CONSOLE: "ROOT/bin/console",
        ETCD_PORT: 2379,
        ETCD_PEER_PORT: 2380,
        SLOW_MS: 64,
      },
      text === undefined
        ? others
        : {
            "127.0.0.1:2379/metrics": text,
            "127.0.0.1:2379/health": `${healthy ? "" : "503 "}{"health":"${healthy}","reason":""}`,
          },
      {
        commands: {
          journalctl: 'echo "the last line of $2"',
          systemctl: empty ? "" : "exit 3",
          console: '[ "$*" = "alarm list" ] && echo "memberID:2 alarm:NOSPACE"',
        },
      },
    );

  test("says how long its disk takes, and when that is slow", async () => {
    expect(await asked(metrics(1, { "0.001": 10, "0.002": 985, "0.004": 990, "0.008": 1000 }, 1000))).toEqual({
      ...ready,
      said: ["etcd: 99 % of its writes reach the disk within 4 ms"],
    });
    expect(await asked(metrics(1, { "0.032": 10, "0.064": 980, "0.128": 995 }, 1000))).toEqual({
      ...ready,
      said: ["etcd: 99 % of its writes reach the disk within 128 ms, which is slow: a failover may take longer"],
    });
  });

  test("is not ready without a majority, or if it does not answer", async () => {
    expect(await asked(metrics(0, { "0.001": 1 }, 1))).toEqual(not("etcd has no majority: redis-2 sees no leader"));
    expect(await asked(undefined)).toEqual(not("etcd does not answer: the last line of etcd"));
  });

  test("is not ready while it refuses writes, and says why", async () => {
    expect(await asked(metrics(1, { "0.001": 1 }, 1), { healthy: false })).toEqual(
      not("etcd is not healthy: memberID:2 alarm:NOSPACE"),
    );
  });

  test("that waits for the others holds up nothing else on its machine", async () => {
    expect(await asked(undefined, { empty: true })).toEqual({
      ...ready,
      said: ["etcd waits for its other members: the last line of etcd"],
    });
  });

  test("that has lost its disk is not ready until the others have taken it in", async () => {
    const others = { "redis-3:2380/members": "[]" };
    expect(await asked(undefined, { empty: true, others: { ...others, "redis-3:2379/health": '{"health":"true"}' } })).toEqual(
      not("etcd is empty, and redis-3 takes it in"),
    );
    expect(
      await asked(undefined, { empty: true, others: { ...others, "redis-3:2379/health": '503 {"health":"false"}' } }),
    ).toEqual(
      not(
        "etcd is empty, and redis-3 has no majority to take it in: start the other members, or run etcd-alone on redis-3 if they are lost for good",
      ),
    );
  });
});

describe("a new standby", () => {
  const asked = (answers: Answers, first: "answers" | "is silent") =>
    ran("first-alone.sh", { FIRST: "database-1", PATRONI_PORT: 8008, POSTGRES_PORT: 5432 }, answers, {
      commands: { pg_isready: first === "answers" ? "" : "exit 2" },
    });

  test("knows that the first machine runs PostgreSQL alone: it answers, and Patroni does not", async () => {
    expect(await asked({}, "answers")).toEqual({
      ...ready,
      said: ["database-1 still runs PostgreSQL alone: renew it, and this machine becomes its standby"],
    });
    expect(await asked({}, "is silent")).toEqual(not());
    expect(await asked({ "database-1:8008/patroni": "{}" }, "answers")).toEqual(not());
    expect(await asked({ "127.0.0.1:8008/patroni": "{}" }, "answers")).toEqual(not());
  });
});

describe("whether a standby is in time", () => {
  test.each([
    ["t", true],
    ["f", false],
    ["", false],
  ])("PostgreSQL says %j", async (says, inTime) => {
    const room = new ScriptRoom("replica-in-time.sh", { psql: `did "\${*: -1}"; printf '%s' "${says}"`, as: '"$@"' });
    try {
      room.write("status/in-time", "old\n");
      const { status, did } = await room.run({ AS_POSTGRES: room.at("bin/as"), STATUS: room.at("status"), MOST_LAG_SECONDS: 10 });
      expect({ status, did: [...new Set(did)] }).toEqual({ status: "waits", did: ["postgres"] });
      expect(existsSync(room.at("status/in-time"))).toBe(inTime);
    } finally {
      room.remove();
    }
  });
});
