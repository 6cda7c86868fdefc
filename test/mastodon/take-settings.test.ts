// The script that brings a machine of the data tier its settings, run as the machine would, in a directory and with other programs in the place of the
// servers.

import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { parse } from "yaml";
import { Etcd, PgBouncer, Postgres, PostgresProps, Redis, RedisProps, Site } from "../../lib";
import { FakeCloud } from "../../lib/testing";

interface Page {
  readonly postgres?: PostgresProps;
  readonly maxClients?: number;
  readonly redis?: RedisProps;
}

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "take-settings-"))));
afterEach(() => rmSync(root, { recursive: true }));

/** What a machine of a page is told, with a word in the place of each secret. */
function texts(machine: string, { postgres = {}, maxClients = 5000, redis = {} }: Page) {
  const cloud = new FakeCloud();
  const site = new Site(new TerraformStack(new App(), "stack"), "Social", { cloud, domain: "social.example", version: "4.7.6" });
  const database = new Postgres(site, "Database", { replicas: 2, ...postgres });
  if (database.machines.length > 1) new Etcd(site, "Etcd");
  new PgBouncer(site, "Pool", { database, maxClients });
  new Redis(site, "Redis", { replicas: 2, ...redis });
  const { bootText, settings } = cloud.machines.find(({ name }) => name === machine)!;
  const filled = (text: string) =>
    text
      .replaceAll(/\$\{TfToken\[[^\]]*\]\}/g, "word")
      .replaceAll("$${", "${")
      .replaceAll("%%{", "%{");
  return { boot: filled(bootText()), settings: filled(settings()) };
}

const inRoot = (text: string) => text.replaceAll(/(?<![\w.])\/(?=(etc|run|var\/lib|usr\/lib|usr\/local)\/)/g, `${root}/`);

function write(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  chmodSync(join(root, path), mode);
}

const read = (path: string) => readFileSync(join(root, path), "utf8");
const asked = () => (existsSync(join(root, "asked")) ? read("asked").trim().split("\n") : []);
const command = (name: string, text: string) => write(`bin/${name}`, `#!/bin/bash\n${inRoot(text)}\n`, 0o755);

/** A machine that has booted with a page. */
function boots(machine: string, page: Page = {}): void {
  const { write_files } = parse(texts(machine, page).boot) as { write_files: readonly { path: string; content: string }[] };
  for (const { path, content } of write_files) write(path, inRoot(content));
  write("/etc/hosts", "127.0.0.1 localhost\n");
  write("/var/lib/cdktf-mastodon-booted", "");
  command("systemctl", `[ $1 = is-active ] || echo "systemctl $*" >>${root}/asked`);
  command("nft", `echo "nft $*" >>${root}/asked`);
  command("chown", "");
  command("haproxy", "");
  // Nobody is postgres here.
  command("setpriv", 'while [[ $1 = --* ]]; do shift; done; exec "$@"');
  command("install", `cp "\${@: -2}"`);
  take(machine, page);
  rmSync(join(root, "asked"), { force: true });
}

function take(machine: string, page: Page) {
  const { status, stdout, stderr } = spawnSync("bash", {
    input: inRoot(texts(machine, page).settings),
    encoding: "utf8",
    env: { PATH: `${root}/bin:${process.env["PATH"]}`, ROOT: root },
  });
  return { status, said: `${stdout}${stderr}`.replaceAll(root, "").split("\n").filter(Boolean) };
}

const CLUSTER = "/etc/postgresql/17/main";
const PSQL = `case $* in
  *pg_conf_load_time*) wc -l <${"$ROOT"}/asked ;;
  *pg_hba_file_rules*) cat ${"$ROOT"}/hba 2>/dev/null || true ;;
  *pending_restart*) echo max_connections, shared_buffers ;;
esac`;

describe("PostgreSQL of a single machine", () => {
  beforeEach(() => {
    write(`${CLUSTER}/conf.d/50-mastodon.conf`, "");
    write(
      "/usr/lib/postgresql/17/bin/postgres",
      '#!/bin/bash\n[ ! -e $ROOT/refused ] || { echo "invalid value" >&2; exit 1; }\n',
      0o755,
    );
    command("psql", PSQL);
    write("asked", "");
    boots("database-1", { postgres: { replicas: 0 } });
    write("asked", "");
  });
  const more = { postgres: { replicas: 0, maxConnections: 300 } };

  test("takes more connections by a reload, and is not restarted for what wants that", () => {
    expect(take("database-1", more)).toEqual({
      status: 0,
      said: [
        "database-1: /etc/mastodon/postgres/50-mastodon.conf changed: PostgreSQL reloaded",
        "database-1: max_connections, shared_buffers of PostgreSQL: takes effect after a restart: systemctl restart postgresql@17-main",
      ],
    });
    expect(asked()).toEqual(["systemctl reload postgresql@17-main"]);
    expect(read(`${CLUSTER}/conf.d/50-mastodon.conf`)).toContain("max_connections = 300\n");
  });

  test.each([
    ["refused", "", "invalid value"],
    ["hba", "line 2 of pg_hba.conf: invalid CIDR mask\n", "line 2 of pg_hba.conf: invalid CIDR mask"],
  ])("keeps the old files if it would not read the new ones: %s", (file, text, words) => {
    write(file, text);
    expect(take("database-1", more)).toEqual({
      status: 1,
      said: [
        `database-1: /etc/mastodon/postgres/50-mastodon.conf: PostgreSQL has not taken what is new, and the old is back: ${words}`,
      ],
    });
    expect(read(`${CLUSTER}/conf.d/50-mastodon.conf`)).toContain("max_connections = 200\n");
    expect(asked()).not.toContain("systemctl reload postgresql@17-main");
  });
});

describe("PostgreSQL under Patroni", () => {
  const DYNAMIC = "/etc/patroni/dynamic.json";
  const member = (pending: boolean) => `{"Cluster": "database"${pending ? ', "Pending restart": "*"' : ""}}`;

  beforeEach(() => {
    boots("database-2");
    // Which file Patroni was given, and what of it is asked for in these tests.
    write(
      "/usr/local/sbin/patronictl",
      `#!/bin/bash
[ $1 != list ] || { cat $ROOT/members; exit; }
[ ! -e $ROOT/away ] || { echo "etcd does not answer" >&2; exit 1; }
[ ! -e $ROOT/another ] || { rm $ROOT/another; echo "Error: Config modification aborted due to concurrent changes" >&2; exit 1; }
echo "patronictl \${*//$ROOT/}" >>$ROOT/asked
`,
      0o755,
    );
    command("sleep", `echo "sleep $1" >>${root}/asked`);
    command("curl", `[[ \${*: -1} = http://127.0.0.1:8008/config ]] && cat ${root}/config`);
    write("config", '{"ttl": 20}');
    write("members", "");
  });

  test("has what all its machines share from etcd, and is told once how many wait for a restart", () => {
    write("members", [member(true), member(false), member(true)].join("\n"));
    expect(take("database-2", { postgres: { maxConnections: 300, synchronous: true } })).toEqual({
      status: 0,
      said: [
        "database-2: /etc/patroni/dynamic.json changed: PostgreSQL reloaded",
        "database-2: PostgreSQL on 2 machines: takes effect after a restart, which cuts all sessions: " +
          "patronictl restart --pending --force database",
      ],
    });
    expect(asked()).toEqual([
      "systemctl reload patroni",
      `patronictl edit-config --force --quiet --replace ${DYNAMIC}`,
      "sleep 6",
    ]);
    expect(JSON.parse(read(DYNAMIC))).toMatchObject({
      synchronous_mode: true,
      postgresql: { parameters: { max_connections: "300" } },
    });
  });

  test("has what is its own from its file, and says nothing of restarts where none is due", () => {
    write("members", member(false));
    expect(take("database-2", { postgres: { neverPrimary: [2] } })).toEqual({
      status: 0,
      said: ["database-2: /etc/patroni/config.yml changed: PostgreSQL reloaded"],
    });
    expect(read("/etc/patroni/config.yml")).toContain("\ntags:\n  nofailover: true\n");
  });

  test("goes on with what it has while Patroni cannot write to etcd, and says so", () => {
    write("away", "");
    expect(take("database-2", { postgres: { maxConnections: 300 } })).toEqual({
      status: 1,
      said: [
        "database-2: /etc/patroni/dynamic.json: PostgreSQL has not taken what is new, and the old is back: etcd does not answer",
      ],
    });
    expect(JSON.parse(read(DYNAMIC))).toMatchObject({ postgresql: { parameters: { max_connections: "200" } } });
  });

  test("tries again when another machine has changed what is in etcd at the same moment", () => {
    write("members", member(false));
    write("another", "");
    expect(take("database-2", { postgres: { maxConnections: 300 } })).toEqual({
      status: 0,
      said: ["database-2: /etc/patroni/dynamic.json changed: PostgreSQL reloaded"],
    });
    expect(asked()).toEqual([
      "systemctl reload patroni",
      "sleep 1",
      `patronictl edit-config --force --quiet --replace ${DYNAMIC}`,
      "sleep 6",
    ]);
  });

  test("takes nothing while it is paused, since the page's settings would end that", () => {
    write("config", '{"ttl": 20, "pause": true}');
    expect(take("database-2", { postgres: { maxConnections: 300 } })).toEqual({
      status: 1,
      said: [
        "database-2: /etc/patroni/dynamic.json: PostgreSQL has not taken what is new, and the old is back: " +
          "Patroni is paused: patronictl resume, then deploy again",
      ],
    });
    expect(asked()).toEqual([]);
  });

  test("that is stopped reads its file when it starts, and then gives the settings of all to the others", () => {
    command("systemctl", `[ $1 != is-active ] || exit 3; echo "systemctl $*" >>${root}/asked`);
    expect(take("database-2", { postgres: { maxConnections: 300 } })).toEqual({
      status: 0,
      said: ["database-2: /etc/patroni/dynamic.json changed: PostgreSQL is not running, and reads it when it starts"],
    });
    expect(asked()).toEqual(["systemctl start --no-block patroni-newest.service"]);
  });

  test("comes with a renewal of a machine that runs PostgreSQL alone", () => {
    boots("database-1", { postgres: { replicas: 0 } });
    rmSync(join(root, "etc/patroni"), { recursive: true });
    expect(take("database-1", { postgres: { replicas: 1 } }).said).toContain(
      "database-1: /etc/patroni/config.yml is not there: PostgreSQL comes with a renewal of this machine",
    );
    expect(asked()).toEqual([]);
  });
});

test("PgBouncer reads its files again in both processes, and is told by name what only a restart brings", () => {
  boots("pool-1");
  command("pgbouncer-console", `echo "$1 \${*: -1}" >>${root}/asked; [[ $* != *CONFIG* ]] || echo 'max_client_conn|5000|100|no'`);
  expect(take("pool-1", { maxClients: 9000 })).toEqual({
    status: 0,
    said: [
      "pool-1: /etc/pgbouncer/pgbouncer.ini changed: PgBouncer reloaded",
      "pool-1: max_client_conn of PgBouncer: takes effect after a restart: systemctl restart pgbouncer",
    ],
  });
  expect(asked()).toEqual(["@1 RELOAD", "@1 SHOW CONFIG", "@2 RELOAD"]);
});

test("the pooler's HAProxy is reloaded for one more standby, whose name the machine finds", () => {
  boots("pool-1");
  expect(take("pool-1", { postgres: { replicas: 3 } })).toEqual({
    status: 0,
    said: [
      "pool-1: /etc/hosts changed: in effect",
      "pool-1: /etc/haproxy/haproxy.cfg changed: HAProxy reloaded",
      "pool-1: /usr/local/sbin/primary-ready changed: in effect",
    ],
  });
  expect(read("/etc/hosts")).toMatch(/^10\.20\.\d+\.13 database-4$/m);
  expect(asked()).toEqual(["systemctl reload haproxy"]);
});

describe("Redis", () => {
  const REPLIES = `case $* in
  *"config get"*) printf 'maxmemory\\n100\\n' ;;
  *"config set repl"*) echo "ERR can't set" ;;
  *) echo "\${*:3}" >>${"$ROOT"}/asked; echo OK ;;
esac`;

  test("is given each setting that has changed, and what it cannot take is told", () => {
    boots("redis-1");
    command("redis-cli", REPLIES);
    expect(take("redis-1", { redis: { maxMemoryMib: 512 } })).toEqual({
      status: 0,
      said: [
        "redis-1: /etc/redis/redis.settings changed: Redis redis has it without a restart",
        "redis-1: repl-backlog-size of Redis redis: takes effect after a restart: systemctl restart redis-server@redis",
      ],
    });
    expect(asked()).toEqual(["config set maxmemory 512mb"]);
  });

  test("that does not answer keeps its settings", () => {
    boots("redis-1");
    command("redis-cli", "echo 'Could not connect'; exit 1");
    expect(take("redis-1", { redis: { maxMemoryMib: 512 } })).toEqual({
      status: 1,
      said: [
        "redis-1: /etc/redis/redis.settings: Redis redis has not taken what is new, and the old is back: " +
          "Redis redis does not answer: Could not connect",
      ],
    });
    expect(read("/etc/redis/redis.settings")).toContain("maxmemory 1024mb\n");
  });

  test("has the times of a master that its sentinels do not watch yet by a renewal", () => {
    boots("redis-1");
    command("sentinel-console", `echo "$*" >>${root}/asked; echo 'ERR No such master with that name'`);
    const masters = read("/etc/redis/sentinel.masters").replaceAll(/^sentinel (monitor|auth-pass) .*\n/gm, "");
    write("/etc/redis/sentinel.masters", masters);
    expect(take("redis-1", { redis: { downAfterSeconds: 9 } }).status).toBe(0);
    expect(asked()).toEqual([]);
  });

  test("is failed over later once its sentinels have been told", () => {
    boots("redis-1");
    command("sentinel-console", `echo "$*" >>${root}/asked; echo OK`);
    expect(take("redis-1", { redis: { downAfterSeconds: 9 } })).toEqual({
      status: 0,
      said: ["redis-1: /etc/redis/sentinel.masters changed: Sentinel has it without a restart"],
    });
    expect(asked()).toEqual(["sentinel set redis down-after-milliseconds 8000"]);
  });
});

describe("The firewall", () => {
  const rules = () =>
    read("/etc/nftables.conf")
      .split("\n")
      .filter((line) => line.includes("dport"))
      .map((line) => line.trim());

  test("keeps access that the page has no longer until a renewal, and says so: old members of a pool serve until new ones do", () => {
    boots("pool-1");
    command("pgbouncer-console", "");
    const own = rules();
    const more =
      "    ip saddr { 10.9.0.0/19, 10.20.3.0/24 } tcp dport 6432 accept\n    ip6 saddr { 2001:db8::/32 } tcp dport 22 accept\n    ip protocol";
    write("/etc/nftables.conf", read("/etc/nftables.conf").replace("    ip protocol", more));
    const again = () => take("pool-1", { maxClients: 6000 });
    expect(again().said).toContain(
      "pool-1: access that the page has no longer stays open until this machine is renewed, at the ports 22 6432",
    );
    expect(rules()).toEqual([
      ...own,
      ...["10.9.0.0/19", "10.20.3.0/24"].map(
        (from) => `ip saddr { ${from} } tcp dport 6432 accept # until this machine is renewed`,
      ),
      "ip6 saddr { 2001:db8::/32 } tcp dport 22 accept # until this machine is renewed",
    ]);
    expect(again()).toEqual({ status: 0, said: ["pool-1: it has the settings of the page"] });
  });
});

describe("PgBouncer", () => {
  test("goes on with its PostgreSQL while the HAProxy that the first standby brings is not on its machine", () => {
    boots("pool-1", { postgres: { replicas: 0 } });
    command("pgbouncer-console", "");
    const ini = read("/etc/pgbouncer/pgbouncer.ini");
    expect(ini).toContain("host=database-1 ");
    expect(existsSync(join(root, "etc/haproxy/haproxy.cfg"))).toBe(false);
    expect(take("pool-1", { postgres: { replicas: 1 } }).status).toBe(0);
    expect(read("/etc/pgbouncer/pgbouncer.ini")).toBe(ini);
    write("/etc/haproxy/haproxy.cfg", "");
    expect(take("pool-1", { postgres: { replicas: 1 } }).status).toBe(0);
    expect(read("/etc/pgbouncer/pgbouncer.ini")).toContain("host=127.0.0.1 ");
  });
});
