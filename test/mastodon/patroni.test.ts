// PostgreSQL with standbys: what each machine and all of them together are told of Patroni, what a page is refused for, and what a change of it touches.

import { App, TerraformStack } from "cdktf";
import { parse } from "yaml";
import { Etcd, Machine, PgBouncer, Postgres, PostgresProps, Redis, Site } from "../../lib";
import { local } from "../../lib/clouds/local";
import { Cloud } from "../../lib/core/cloud";
import { readableText } from "../../lib/core/render/terraform-text";
import { leaseOf } from "../../lib/mastodon/failover";
import { FakeCloud } from "../../lib/testing";

interface Page {
  readonly cloud?: Cloud;
  readonly postgres?: PostgresProps;
  /** The ids of its clusters of etcd. */
  readonly etcds?: readonly string[];
  readonly named?: string;
}

function page({ cloud = new FakeCloud(), postgres, etcds = ["Etcd"], named }: Page = {}) {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", { cloud, domain: "social.example", version: "4.7.6" });
  const redis = new Redis(site, "Redis", { replicas: 2 });
  const all = new Map(etcds.map((id) => [id, new Etcd(site, id, id === "Etcd" ? { on: redis } : {})]));
  const quorum = named === undefined ? undefined : all.get(named);
  const database = new Postgres(site, "Database", { replicas: 1, quorum, ...postgres });
  const pool = new PgBouncer(site, "Pool", { database });
  return { stack, site, redis, database, pool };
}

const CONFIG = "/etc/patroni/config.yml";
const DYNAMIC = "/etc/patroni/dynamic.json";
const MEMORY = "/etc/mastodon/postgres/50-mastodon.conf";
const problemsOf = (props: Page) => page(props).site.problems.all();

function filesOf(machine: Machine): Readonly<Record<string, string>> {
  const { write_files } = parse(readableText(machine.bootText())) as {
    readonly write_files: readonly { readonly path: string; readonly content: string }[];
  };
  return Object.fromEntries(write_files.map(({ path, content }) => [path, content]));
}
// As Patroni reads it, by an older YAML.
const configOf = (machine: Machine) => parse(filesOf(machine)[CONFIG]!, { version: "1.1" }) as Readonly<Record<string, unknown>>;
const dynamicOf = (machine: Machine) => JSON.parse(filesOf(machine)[DYNAMIC]!) as Readonly<Record<string, unknown>>;

/** The settings of all machines: 4 GiB of memory, 100 GiB of disk and 200 connections. */
const SHARED = {
  ttl: 20,
  loop_wait: 5,
  retry_timeout: 5,
  maximum_lag_on_failover: 1048576,
  failsafe_mode: true,
  primary_start_timeout: 60,
  check_timeline: true,
  synchronous_mode: false,
  synchronous_mode_strict: false,
  postgresql: {
    use_pg_rewind: true,
    use_slots: true,
    parameters: {
      max_connections: "200",
      work_mem: "5MB",
      max_wal_size: "2048MB",
      random_page_cost: "1.1",
      wal_compression: "lz4",
      password_encryption: "scram-sha-256",
      ssl: "on",
      ssl_cert_file: "/etc/ssl/certs/ssl-cert-snakeoil.pem",
      ssl_key_file: "/etc/ssl/private/ssl-cert-snakeoil.key",
      wal_level: "replica",
      hot_standby: "on",
      wal_log_hints: "on",
      max_wal_senders: "10",
      max_replication_slots: "10",
      tcp_keepalives_idle: "5s",
      tcp_keepalives_interval: "2s",
      tcp_keepalives_count: "3",
      tcp_user_timeout: "10s",
      wal_sender_timeout: "10s",
      wal_receiver_timeout: "10s",
      wal_retrieve_retry_interval: "1s",
      max_slot_wal_keep_size: "8192MB",
    },
    pg_hba: [
      "local   all          all                        peer",
      "hostssl all          mastodon    10.20.0.0/16  scram-sha-256",
      "hostssl replication  replicator  10.20.0.0/16  scram-sha-256",
      "hostssl replication  replicator  samehost  scram-sha-256",
      "hostssl postgres     replicator  10.20.0.0/16  scram-sha-256",
    ],
  },
};

/** What a machine has of its own. */
const OWN = (name: string) => ({
  scope: "database",
  name,
  restapi: { listen: "0.0.0.0:8008" },
  etcd3: { hosts: ["redis-1:2379", "redis-2:2379", "redis-3:2379"] },
  postgresql: {
    listen: "*:5432",
    data_dir: "/var/lib/postgresql/17/main",
    bin_dir: "/usr/lib/postgresql/17/bin",
    pgpass: "/var/lib/postgresql/.patroni.pgpass",
    use_unix_socket: true,
    authentication: {
      superuser: { username: "postgres" },
      replication: { username: "replicator", sslmode: "require" },
      rewind: { username: "replicator", sslmode: "require" },
    },
    callbacks: { on_start: "/usr/local/sbin/postgres-roles", on_role_change: "/usr/local/sbin/postgres-roles" },
    remove_data_directory_on_rewind_failure: true,
    remove_data_directory_on_diverged_timelines: true,
    basebackup: [{ checkpoint: "fast" }],
    custom_conf: MEMORY,
  },
  watchdog: { mode: "automatic", device: "/dev/watchdog", safety_margin: 5 },
});

test("the settings of all machines are the same on each, and only the first one makes a cluster with them", () => {
  const { site, database } = page();
  expect(site.problems.all()).toEqual([]);
  const [one, two] = database.machines;
  expect([dynamicOf(one!), dynamicOf(two!)]).toEqual([SHARED, SHARED]);
  expect(configOf(one!)).toEqual({
    ...OWN("database-1"),
    bootstrap: {
      dcs: SHARED,
      initdb: [
        "data-checksums",
        { encoding: "UTF8" },
        { "locale-provider": "builtin" },
        { "builtin-locale": "C.UTF-8" },
        { locale: "C.UTF-8" },
      ],
      post_bootstrap: "/usr/local/sbin/postgres-roles",
    },
  });
  expect(configOf(two!)).toEqual(OWN("database-2"));
  for (const machine of [one!, two!])
    expect(filesOf(machine)[MEMORY]).toBe(
      "shared_buffers = 1024MB\neffective_cache_size = 2867MB\nmaintenance_work_mem = 256MB\n",
    );
});

test("secrets are in files of their own, and etcd gets none", () => {
  for (const machine of page().database.machines) {
    const { [CONFIG]: own, [DYNAMIC]: shared, ...others } = filesOf(machine);
    for (const text of [own, shared]) expect(text).not.toMatch(/secret|TfToken|password[^_]/i);
    const holding = Object.entries(others).filter(([, text]) => text.includes("<secret "));
    expect(Object.fromEntries(holding)).toEqual({
      "/etc/mastodon/postgres/secrets":
        "DATABASE_PASSWORD=<secret database_password>\nREPLICATION_PASSWORD=<secret replication_password>\n" +
        "PATRONI_PASSWORD=<secret patroni_password>\nETCD_PASSWORD=<secret etcd_password>\n",
    });
  }
});

test("a watchdog resets a machine that has a kernel of its own, and never one that shares its host's", () => {
  const start = (machine: Machine) => /^WATCHDOG='(.*)'$/m.exec(filesOf(machine)["/usr/local/sbin/patroni-start"]!)![1];
  for (const machine of page().database.machines) expect(start(machine)).toBe("yes");
  for (const machine of page({ cloud: local() }).database.machines) {
    expect(configOf(machine)["watchdog"]).toEqual({ mode: "off" });
    expect(filesOf(machine)[CONFIG]).toContain('\nwatchdog:\n  mode: "off"\n');
    expect(start(machine)).toBe("no");
  }
});

test("standbys that never become primary or serve no reads have Patroni's tags, and no other machine changes", () => {
  const tagged = page({ postgres: { replicas: 3, neverPrimary: [3], noReads: [3, 4] } });
  const plain = page({ postgres: { replicas: 3 } });
  expect(tagged.site.problems.all()).toEqual([]);
  expect(tagged.database.machines.map((machine) => configOf(machine)["tags"])).toEqual([
    undefined,
    undefined,
    { nofailover: true, noloadbalance: true },
    { noloadbalance: true },
  ]);
  const first = (of: typeof tagged) => of.database.machines.slice(0, 2).map(filesOf);
  expect(first(tagged)).toEqual(first(plain));
});

test.each<[string, PostgresProps, object]>([
  ["a longer lease", { failover: { afterSeconds: 30 } }, { ttl: 30, loop_wait: 7, retry_timeout: 7 }],
  ["the longest", { failover: { afterSeconds: 300 } }, { ttl: 300, loop_wait: 75, retry_timeout: 75 }],
  ["more that may be lost", { failover: { mostLagMib: 16 } }, { maximum_lag_on_failover: 16 * 1024 * 1024 }],
  ["nothing that may be lost", { failover: { mostLagMib: 0 } }, { maximum_lag_on_failover: 0 }],
  ["a stop without etcd", { failover: { withoutEtcd: "stop" } }, { failsafe_mode: false }],
  ["writes that wait for a standby", { synchronous: true }, { synchronous_mode: true }],
  [
    "writes that stop without one",
    { replicas: 2, synchronous: "strict" },
    { synchronous_mode: true, synchronous_mode_strict: true },
  ],
])("%s, in Patroni's words", (_, postgres, changed) => {
  const { site, database } = page({ postgres });
  expect(site.problems.all()).toEqual([]);
  for (const machine of database.machines) expect(dynamicOf(machine)).toEqual({ ...SHARED, ...changed });
});

// Patroni refuses another relation: ttl must hold loop_wait and two times retry_timeout.
test("every lease has room for a look and two tries", () => {
  const { site } = page();
  for (let afterSeconds = 20; afterSeconds <= 300; afterSeconds++) {
    const { ttlSeconds, loopSeconds, retrySeconds } = leaseOf(site, { afterSeconds });
    expect(loopSeconds + 2 * retrySeconds).toBeLessThanOrEqual(ttlSeconds);
    expect([loopSeconds >= 1, retrySeconds >= 3, ttlSeconds]).toEqual([true, true, afterSeconds]);
  }
});

test.each<[string, PostgresProps, readonly string[]]>([
  [
    "a lease that Patroni does not allow",
    { failover: { afterSeconds: 19 } },
    ["failover.afterSeconds is 19 / use a whole number from 20 to 300"],
  ],
  ["half a second", { failover: { afterSeconds: 20.5 } }, ["failover.afterSeconds is 20.5 / use a whole number from 20 to 300"]],
  ["a lag below nothing", { failover: { mostLagMib: -1 } }, ["failover.mostLagMib is -1 / use a whole number from 0 to 1024"]],
  [
    "waiting for a standby that is not there",
    { replicas: 0, synchronous: true },
    ["synchronous is true without a replica / use at least one replica"],
  ],
  [
    "stopping without the only standby",
    { synchronous: "strict" },
    [
      'synchronous is "strict" with one replica / use at least 2: with one, every write would wait while it is down; or say synchronous: true',
    ],
  ],
  [
    "a first primary that never is one",
    { replicas: 2, neverPrimary: [1] },
    ["neverPrimary names machine 1, which is the first primary / name standbys: 2 and higher"],
  ],
  [
    "nobody who takes over",
    { neverPrimary: [2] },
    ["neverPrimary names all standbys, so none would ever take over / leave one out"],
  ],
  ["a standby that is not there", { noReads: [3] }, ["noReads[] is 3 / use a whole number from 1 to 2"]],
  ["too many standbys", { replicas: 9 }, ["replicas is 9 / use a whole number from 0 to 8"]],
])("%s is refused", (_, postgres, said) => {
  expect(problemsOf({ postgres })).toEqual(said.map((line) => `stack/Social/Database: ${line}`));
});

test("who decides is named: the page's only etcd by itself, one of several by the page", () => {
  expect(problemsOf({ etcds: [] })).toEqual([
    "stack/Social/Database: replicas is 1, and the page has no Etcd that decides which machine is primary / " +
      'add one, as in new Etcd(site, "Etcd", { on: redis })',
  ]);
  const several = ["Etcd", "Votes"];
  expect(problemsOf({ etcds: several })).toEqual([
    "stack/Social/Database: replicas is 1, and stack/Social/Etcd and stack/Social/Votes could both decide which machine is primary / " +
      "name one of them as quorum",
  ]);
  const { site, database } = page({ etcds: several, named: "Votes" });
  expect(site.problems.all()).toEqual([]);
  for (const machine of database.machines) {
    expect(configOf(machine)["etcd3"]).toEqual({ hosts: ["votes-1:2379", "votes-2:2379", "votes-3:2379"] });
    expect(machine.described.renewAfter).toEqual(expect.arrayContaining(["votes-1", "votes-2", "votes-3"]));
  }
});

test("an etcd that comes later on the page is found", () => {
  const site = new Site(new TerraformStack(new App(), "stack"), "Social", {
    cloud: new FakeCloud(),
    domain: "social.example",
    version: "4.7.6",
  });
  const database = new Postgres(site, "Database", { replicas: 1 });
  new Etcd(site, "Etcd");
  expect(site.problems.all()).toEqual([]);
  for (const machine of database.machines) {
    expect(configOf(machine)["etcd3"]).toEqual({ hosts: ["etcd-1:2379", "etcd-2:2379", "etcd-3:2379"] });
    for (const name of ["etcd-1", "etcd-2", "etcd-3"]) expect(machine.bootText()).toMatch(new RegExp(`\\b${name}$`, "m"));
  }
});

test("a single server has nothing of all this, nor has its page", () => {
  const { site, database, pool, redis } = page({ postgres: { replicas: 0 }, etcds: [] });
  expect(site.problems.all()).toEqual([]);
  expect(database.machines[0]!.program.packages).toEqual(["postgresql-17"]);
  expect(Object.keys(filesOf(pool.machines[0]!)).filter((path) => path.includes("haproxy"))).toEqual([]);
  for (const machine of [...database.machines, ...pool.machines, ...redis.machines]) {
    expect(machine.program.packages.filter((name) => /patroni|etcd/.test(name))).toEqual([]);
    expect(Object.keys(filesOf(machine)).filter((path) => /patroni|etcd/.test(path))).toEqual([]);
    expect(machine.secrets.map(({ name }) => name).filter((name) => /patroni|etcd/.test(name))).toEqual([]);
  }
});
