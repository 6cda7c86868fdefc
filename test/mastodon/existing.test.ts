import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { PgBouncer, Postgres, Redis, Secret, SidekiqGroup, Site, StreamingPool, WebTier } from "../../lib";
import { wrongWith } from "../../lib/core/secret-rule";
import { textOf } from "../../lib/core/program";
import { externalPassword } from "../../lib/mastodon/secrets";
import { readableText } from "../../lib/core/render/terraform-text";
import { Data } from "../../lib/mastodon/ruby";
import { FakeCloud } from "../../lib/testing";
import { readable } from "./mixes";
import { callerName } from "../../lib/core/flow";

const ca = readFileSync(join(__dirname, "../../examples/beside-existing/ca.pem"), "utf8");
const ELSEWHERE = ["default", "push", "ingress", "mailers", "pull", "fasp"] as const;

function empty(version = "4.7.6") {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", {
    cloud: new FakeCloud(),
    domain: "social.example",
    version,
    queuesElsewhere: ELSEWHERE,
  });
  return { stack, site };
}

function page(data: (site: Site) => Data, version?: string) {
  const { stack, site } = empty(version);
  const given = data(site);
  const live = new StreamingPool(site, "Streaming", { processes: 1, ...given });
  const web = new WebTier(site, "Web", { processes: 1, ...given });
  const scheduler = new SidekiqGroup(site, "Scheduler", { threads: 5, queues: ["scheduler"], ...given });
  return { stack, site, live, web, scheduler };
}

const server = { name: "mastodon_production", user: "app" };
const db = () => Postgres.external({ ...server, host: "db.example.net", ca, replicas: [{ host: "db-2.example.net" }] });
const url = () => Redis.external({ url: "rediss://mastodon@redis.example.net:6380/2", ca });

const rails = {
  LOCAL_DOMAIN: "social.example",
  SECRET_KEY_BASE: "<secret secret_key_base>",
  ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY: "<secret active_record_encryption_deterministic_key>",
  ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT: "<secret active_record_encryption_key_derivation_salt>",
  ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY: "<secret active_record_encryption_primary_key>",
};
const vapid = { VAPID_PRIVATE_KEY: "<secret vapid_private_key>", VAPID_PUBLIC_KEY: "<secret vapid_public_key>" };
const straight = {
  DB_HOST: "db.example.net",
  DB_PORT: "5432",
  DB_NAME: "mastodon_production",
  DB_USER: "app",
  DB_PASS: "<secret database_password>",
  DB_SSLMODE: "verify-full",
};
const libpq = { ...straight, PGSSLROOTCERT: "/etc/mastodon/tls/db.example.net.pem" };
const rediss = { REDIS_URL: "rediss://mastodon:<secret redis_password>@redis.example.net:6380/2" };
const ruby = { ...rails, ...rediss, REDIS_DRIVER: "ruby", SSL_CERT_FILE: "/etc/mastodon/tls/ruby.pem" };

test("over TLS with a CA, each process is told in its own way, and its container can read the file", () => {
  const { site, live, web, scheduler } = page(() => ({ database: db(), redis: url() }));
  expect(site.problems.all()).toEqual([]);
  const reads = {
    REPLICA_DB_HOST: "db-2.example.net",
    REPLICA_DB_PORT: "5432",
    REPLICA_DB_NAME: "mastodon_production",
    REPLICA_DB_USER: "app",
    REPLICA_DB_PASS: "<secret database_password>",
  };
  const puma = { BIND: "127.0.0.1", PORT: "3000", WEB_CONCURRENCY: "1", MAX_THREADS: "5" };
  expect(readable(web.env)).toEqual({ ...ruby, ...vapid, ...libpq, ...reads, ...puma });
  expect(readable(web.taskEnv)).toEqual({ ...ruby, ...libpq, RAILS_LOG_LEVEL: "warn" });
  expect(readable(scheduler.env)).toEqual({ ...ruby, ...vapid, ...libpq, ...reads, DB_POOL: "5" });
  expect(readable(scheduler.taskEnv!)).toEqual({
    ...ruby,
    ...libpq,
    OTP_SECRET: "<secret otp_secret>",
    PGOPTIONS: "-c lock_timeout=5s",
  });
  expect(readable(live.envs.get(4000)!)).toEqual({
    ...straight,
    ...rediss,
    BIND: "127.0.0.1",
    PORT: "4000",
    DB_POOL: "10",
    NODE_EXTRA_CA_CERTS: "/etc/mastodon/tls/streaming.pem",
  });
  for (const { pool } of [web, live, scheduler]) {
    const text = pool.bootText();
    const containers = text.match(/podman run|Image=/g)!.length;
    expect(text.match(/\/etc\/mastodon\/tls:\/etc\/mastodon\/tls:ro/g)).toHaveLength(containers);
  }
  expect(web.pool.bootText()).toContain(
    "cat /etc/ssl/certs/ca-certificates.crt /etc/mastodon/tls/redis.pem >/etc/mastodon/tls/ruby.pem",
  );
  expect(web.pool.bootText().match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
});

test("public authorities need no file of ours, and no encryption is said out loud", () => {
  const open = page(() => ({
    database: Postgres.external({ ...server, host: "10.1.0.5", tls: "disable" }),
    redis: Redis.external({ host: "10.1.0.6", password: "none" }),
  }));
  expect(readable(open.web.taskEnv)).toEqual({
    RAILS_LOG_LEVEL: "warn",
    ...rails,
    ...straight,
    DB_HOST: "10.1.0.5",
    DB_SSLMODE: "disable",
    REDIS_HOST: "10.1.0.6",
    REDIS_PORT: "6379",
  });
  expect(readable(open.live.envs.get(4000)!)).toMatchObject({ DB_SSLMODE: "disable" });
  const encrypted = page(() => ({
    database: Postgres.external({ ...server, host: "10.1.0.5", tls: "require" }),
    redis: Redis.external({ url: "redis://10.1.0.6" }),
  }));
  expect(readable(encrypted.web.env)).toMatchObject({ DB_SSLMODE: "require", REDIS_PASSWORD: "<secret redis_password>" });
  expect(readable(encrypted.live.envs.get(4000)!)).toMatchObject({ DB_SSLMODE: "no-verify" });
  const known = page(() => ({
    database: Postgres.external({ ...server, host: "db.example.net" }),
    redis: Redis.external({ host: "redis.example.net", tls: true, password: "none" }),
  }));
  expect(readable(known.web.env)).toMatchObject({
    PGSSLROOTCERT: "/etc/ssl/certs/ca-certificates.crt",
    REDIS_URL: "rediss://redis.example.net:6379/0",
    REDIS_DRIVER: "ruby",
  });
  expect(readable(known.live.envs.get(4000)!)).not.toHaveProperty("NODE_EXTRA_CA_CERTS");
  for (const { site, web } of [open, encrypted, known]) {
    expect(site.problems.all()).toEqual([]);
    expect(web.pool.bootText()).not.toContain("/etc/mastodon/tls");
  }
});

test("by sentinels, with a user, a database and passwords of the page's own", () => {
  const { site, live, web } = page((here) => ({
    database: db(),
    redis: Redis.external({
      user: "mastodon",
      db: 3,
      password: new Secret(here, "far_redis", { length: 32, description: "…" }),
      sentinels: {
        master: "mymaster",
        hosts: [{ host: "s1.example.net", address: "10.1.0.7" }, { host: "s2.example.net" }],
        port: 5000,
        password: new Secret(here, "far_sentinel", { length: 32, description: "…" }),
      },
    }),
  }));
  expect(site.problems.all()).toEqual([]);
  const sentinel = {
    REDIS_USER: "mastodon",
    REDIS_DB: "3",
    REDIS_PASSWORD: "<secret far_redis>",
    REDIS_SENTINELS: "s1.example.net:5000,s2.example.net:5000",
    REDIS_SENTINEL_MASTER: "mymaster",
    REDIS_SENTINEL_USERNAME: "default",
    REDIS_SENTINEL_PASSWORD: "<secret far_sentinel>",
  };
  expect(readable(web.taskEnv)).toEqual({ ...rails, ...libpq, ...sentinel, RAILS_LOG_LEVEL: "warn" });
  expect(readable(live.envs.get(4000)!)).toMatchObject(sentinel);
  expect(web.pool.bootText()).toContain("10.1.0.7 s1.example.net\n");
});

test("sentinels that answer everybody are given a name beside Redis' password, and a password is refused where Mastodon cannot give it", () => {
  const hosts = [{ host: "s1.example.net" }];
  const sentinels = { master: "mymaster", hosts };
  const open = page(() => ({ database: db(), redis: Redis.external({ sentinels }) }), "4.5.15");
  expect(open.site.problems.all()).toEqual([]);
  expect(readable(open.web.env)).toMatchObject({ REDIS_PASSWORD: "<secret redis_password>", REDIS_SENTINEL_USERNAME: "default" });
  expect(readable(open.web.env)).not.toHaveProperty("REDIS_SENTINEL_PASSWORD");
  const closed = page((here) => {
    const password = new Secret(here, "far_sentinel", { length: 32, description: "…" });
    return { database: db(), redis: Redis.external({ sentinels: { ...sentinels, password } }) };
  }, "4.5.15");
  expect(closed.site.problems.all()).toEqual([
    expect.stringContaining(
      "its sentinels require a password, which Mastodon 4.5.15 does not support / use Mastodon 4.6 or later",
    ),
  ]);
  const none = page(() => ({ database: db(), redis: Redis.external({ sentinels, password: "none" }) }));
  expect(Object.keys(readable(none.web.env)).filter((name) => /REDIS.*(USER|PASS)/.test(name))).toEqual([]);
});

test("each sentinel may listen on a port of its own", () => {
  const hosts = [{ host: "s1.example.net", port: 5001 }, { host: "s2.example.net", port: 5002 }, { host: "s3.example.net" }];
  const { site, web } = page(() => ({
    database: db(),
    redis: Redis.external({ sentinels: { master: "m", hosts, port: 5000 } }),
  }));
  expect(site.problems.all()).toEqual([]);
  expect(readable(web.env)["REDIS_SENTINELS"]).toBe("s1.example.net:5001,s2.example.net:5002,s3.example.net:5000");
  const asked = site.flows
    .filter(({ from, to }) => callerName(from) === "web" && /^s\d/.test(to.name))
    .map(({ to, port }) => `${to.name}:${port}`);
  expect([...new Set(asked)].sort()).toEqual(["s1.example.net:5001", "s2.example.net:5002", "s3.example.net:5000"]);
  const wrong = page(() => ({
    database: db(),
    redis: Redis.external({ sentinels: { master: "m", hosts: [{ host: "s1.example.net", port: 70000 }] } }),
  }));
  expect(wrong.site.problems.all()).toEqual([
    "stack/Social: Redis.external for main: sentinels.hosts.port is 70000 / use a whole number from 1 to 65535",
  ]);
});

test.each(["mastodon", "postgres.abcdefgh", "mastodon@pg-server", "_app", "app-2", "svc+mastodon", "a".repeat(63)])(
  "%s is a role, and reaches processes as it is",
  (user) => {
    const { site, web } = page(() => ({
      database: Postgres.external({ ...server, user, host: "db.example.net", ca }),
      redis: url(),
    }));
    expect(site.problems.all()).toEqual([]);
    expect(readable(web.env)["DB_USER"]).toBe(user);
  },
);

test.each(["0777", "yes", "null", "On", "y", "a b", "a: b", "a #b", '"a"', "a'b", "@a", "", "a\nb", "röle", "a".repeat(64)])(
  "%j is none that Mastodon's file of settings would give back",
  (user) => {
    const { site } = page(() => ({ database: Postgres.external({ ...server, user, host: "db.example.net", ca }), redis: url() }));
    expect(site.problems.all()).toContainEqual(
      expect.stringContaining(
        `stack/Social: Postgres.external db.example.net: user is ${JSON.stringify(user).replaceAll('\\"', '"')} / use letters`,
      ),
    );
  },
);

test("what an older Mastodon cannot do is refused, and encrypted PostgreSQL is told to its streaming in its own words", () => {
  const refusals = (version: string) =>
    [
      Redis.external({ host: "redis.example.net", tls: true }),
      Redis.external({ sentinels: { master: "m", hosts: [{ host: "s1.example.net" }] } }),
    ].map((redis) =>
      page(() => ({ database: db(), redis }), version)
        .site.problems.all()
        .join("\n"),
    );
  const [encrypted, sentinels] = refusals("4.2.29");
  expect(encrypted).toBe(
    "stack/Social: Redis.external for main: it is encrypted, and Mastodon 4.2.29 does not support that / use Mastodon 4.3 or later",
  );
  expect(sentinels).toContain(
    "Redis.external for main: Mastodon 4.2.29 does not support sentinels / give host, or use Mastodon 4.3",
  );
  const old = page(
    () => ({
      database: Postgres.external({ ...server, host: "db.example.net", tls: "require" }),
      redis: Redis.external({ host: "redis.example.net" }),
    }),
    "4.1.25",
  );
  expect(old.site.problems.all()).toEqual([]);
  expect(readable(old.live.envs.get(4000)!)).toMatchObject({ DB_SSLMODE: "require", NODE_TLS_REJECT_UNAUTHORIZED: "0" });
});

test("an existing pooler serves processes, and tasks go past it", () => {
  const { site, web, live } = page(() => ({
    database: PgBouncer.external({ ...server, host: "pool.example.net", readsName: "reads", ca, direct: db(), maxClients: 200 }),
    redis: url(),
  }));
  expect(site.problems.all()).toEqual([]);
  expect(readable(web.env)).toMatchObject({
    DB_HOST: "pool.example.net",
    DB_PORT: "6432",
    DB_SSLMODE: "verify-full",
    PGSSLROOTCERT: "/etc/mastodon/tls/pool.example.net.pem",
    PREPARED_STATEMENTS: "false",
    REPLICA_DB_NAME: "reads",
    REPLICA_PREPARED_STATEMENTS: "false",
  });
  expect(readable(web.taskEnv)).toEqual({ ...ruby, ...libpq, RAILS_LOG_LEVEL: "warn" });
  expect(readable(live.envs.get(4000)!)).toMatchObject({ DB_HOST: "pool.example.net", DB_SSLMODE: "verify-full" });
});

test("behind our PgBouncer, the pooler checks the certificate and its clients need none", () => {
  const { site, web } = page((here) => ({ database: new PgBouncer(here, "Pool", { database: db() }), redis: url() }));
  expect(site.problems.all()).toEqual([]);
  expect(readable(web.env)).not.toHaveProperty("PGSSLROOTCERT");
  const pooler = (site.node.findChild("Pool") as PgBouncer).machines[0]!.bootText();
  expect(pooler).toContain("server_tls_sslmode = verify-full\n      server_tls_ca_file = /etc/mastodon/tls/db.example.net.pem\n");
  expect(pooler).toContain("mastodon_replica = host=db-2.example.net port=5432 dbname=mastodon_production server_lifetime=60\n");
});

test("the flow table says who calls what the page does not make", () => {
  const { site } = page(() => ({ database: db(), redis: url() }));
  const calls = site.flows
    .filter(({ to }) => to.name.endsWith("example.net"))
    .map(({ from, to, port }) => `${callerName(from)} ${to.name}:${port}`);
  expect([...new Set(calls)].sort()).toEqual([
    "sidekiq db-2.example.net:5432",
    "sidekiq db.example.net:5432",
    "sidekiq redis.example.net:6380",
    "streaming db.example.net:5432",
    "streaming redis.example.net:6380",
    "web db-2.example.net:5432",
    "web db.example.net:5432",
    "web redis.example.net:6380",
  ]);
});

test("everything that cannot work is refused at once, with what to do, and no password shows", () => {
  const { site } = page(() => ({
    database: Postgres.external({
      host: "10.1.0.5",
      name: "yes",
      user: "0777",
      ca: "-----BEGIN PRIVATE KEY-----",
      port: 0,
      maxConnections: 5,
    }),
    redis: Redis.external({ url: "rediss://:hunter2@localhost:6380/0?x=1", ca }),
    cache: Redis.external({
      use: "cache",
      sentinels: { master: "m", hosts: [] },
      ...({ tls: true, host: "a.b" } as object),
    }),
    jobs: Redis.external({ use: "sidekiq", host: "UPPER", ca, user: "a b" }),
  }));
  const problems = site.problems.all();
  expect(problems.join("\n")).not.toContain("hunter2");
  const found = problems.map((problem) => problem.replace("stack/Social: ", "").replace(/ \/ .*/, ""));
  expect(found).toEqual(
    expect.arrayContaining([
      'Postgres.external 10.1.0.5: name is "yes"',
      'Postgres.external 10.1.0.5: user is "0777"',
      "Postgres.external 10.1.0.5: ca holds a private key",
      "Postgres.external 10.1.0.5: port is 0",
      "Postgres.external 10.1.0.5: host is 10.1.0.5, and its certificate is to be checked",
      "Redis.external for main: url cannot be read",
      "Redis.external for cache: sentinels are given together with host, tls or ca",
      "Redis.external for cache: sentinels.hosts is empty",
      'Redis.external for sidekiq: host is "UPPER"',
      'Redis.external for sidekiq: user is "a b"',
      "Redis.external for sidekiq: ca is given, but the connection is not encrypted",
      expect.stringMatching(
        /clients may open \d+ connections to 10.1.0.5:1 .* maxConnections of Postgres.external 10.1.0.5 is 5$/,
      ),
    ]),
  );
  expect(problems).toHaveLength(new Set(problems).size);
});

test("localhost would be each machine itself", () => {
  const { site } = page(() => ({ database: db(), redis: Redis.external({ host: "localhost" }) }));
  expect(site.problems.all()).toEqual([
    'stack/Social: Redis.external for main: host is "localhost", which means the machine itself, where nothing listens / give the name by which the machines of the site reach it',
  ]);
});

test("one password cannot be of a server here and of one elsewhere", () => {
  const { site } = page((here) => ({
    database: db(),
    redis: new Redis(here, "Redis"),
    cache: Redis.external({ use: "cache", host: "c.d" }),
  }));
  expect(site.problems.all()).toEqual([]);
  const both = empty().site;
  new PgBouncer(both, "Pool", { database: new Postgres(both, "Database") });
  new SidekiqGroup(both, "Scheduler", { threads: 5, queues: ["scheduler"], database: db(), redis: url() });
  expect(both.problems.all()).toEqual([
    "stack/Social: database_password is the password of Postgres.external db.example.net and of a server that this page makes / " +
      "give the external server another secret, as in password: new Secret(site, …)",
  ]);
});

// What other generators emit, and what would hurt a careless reader.
const PASSWORDS = ["aGVsbG8gd29ybGQ=", "p'a$s#w{o}r`d", "AVNS_x-Y1!&^<>", "$(id)", "!;|*~[]@:/?+,"];

test("a password that somebody else chose reaches psql, PgBouncer's file and a URL as it is", () => {
  const { site, web } = page(() => ({ database: db(), redis: url() }));
  for (const name of ["database_password", "redis_password"] as const) {
    const [rule] = externalPassword(site, name, "it").rules;
    for (const password of PASSWORDS) expect(wrongWith(password, rule!)).toBeUndefined();
    for (const password of ['a"b', "a\\b", "a b", "a%41", "a\nb", "ä", ""]) expect(wrongWith(password, rule!)).toBeDefined();
  }
  const script = web.pool.program.steps.find((step) => step.kind === "file" && step.path === "/usr/local/sbin/mastodon-sql");
  const folder = mkdtempSync(join(tmpdir(), "sql-"));
  try {
    writeFileSync(join(folder, "sql"), textOf((script as { content: string }).content));
    writeFileSync(join(folder, "psql"), '#!/bin/sh\nprintf %s "$PGPASSWORD $PGSSLMODE $PGSSLROOTCERT"\n', { mode: 0o755 });
    for (const password of PASSWORDS) {
      writeFileSync(
        join(folder, "env"),
        readableText(web.taskEnv.render()).replace("<secret database_password>", () => password),
      );
      const seen = execFileSync("bash", [join(folder, "sql"), join(folder, "env")], {
        encoding: "utf8",
        env: { PATH: `${folder}:${process.env["PATH"]}` },
      });
      expect(seen).toBe(`${password} verify-full /etc/mastodon/tls/db.example.net.pem`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("every script of such a machine is clean bash", () => {
  const { web, scheduler } = page(() => ({ database: db(), redis: url() }));
  for (const { pool } of [web, scheduler]) {
    for (const step of pool.program.steps) {
      if (step.kind !== "file" || step.mode !== "0755") continue;
      const { status, stderr } = spawnSync("bash", ["-n"], { input: textOf(step.content), encoding: "utf8" });
      expect({ path: step.path, status, stderr }).toEqual({ path: step.path, status: 0, stderr: "" });
    }
  }
});
