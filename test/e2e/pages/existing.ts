// What somebody has already, on the machine "far": PostgreSQL and Redis that speak TLS only, with certificates of a CA of their own. Beside it
// the application tiers of a page that knows them by name, CA and password. FAR is the directory with the certificates.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { Machine, PgBouncer, Postgres, Redis, Secret, SidekiqGroup, Site, Size, StreamingPool, WebTier } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const app = new App();
const stack = new TerraformStack(app, "existing");
const network = "10.64.0.0/16";
const site = new Site(stack, "Existing", {
  cloud: local({ images: "stand-in", memoryGib: 2 }),
  domain: "existing.example",
  version: "4.7.6",
  network,
});
const size = Size.of({ cpus: 1, gib: 0.5 });

const far = new Machine(site, "Far", { name: "far", role: "own", range: site.range(site, "own", "far"), number: 1, size });
const file = (name: string) => readFileSync(join(process.env["FAR"]!, name), "utf8");
const password = new Secret(site, "far_password", { length: 40, pattern: "^[!#$&-\\[\\]-~]{1,40}$", description: "Of both." });
for (const role of ["web", "streaming", "sidekiq", "pgbouncer"] as const) {
  far.open(role, 5432, "the application that is new");
  far.open(role, 6380, "the application that is new");
}
far.program
  .add({ kind: "package", names: ["postgresql-17", "redis-server"] })
  .add({ kind: "file", path: "/etc/far/server.pem", content: file("server.pem") })
  .add({ kind: "file", path: "/etc/far/server.key", content: file("server.key"), mode: "0600" })
  .add({ kind: "file", path: "/etc/far/password", content: `${password}\n`, mode: "0600" })
  .add({
    kind: "file",
    path: "/etc/far/postgresql.conf",
    content: [
      "listen_addresses = '*'",
      "ssl = on",
      "ssl_cert_file = '/var/lib/postgresql/server.pem'",
      "ssl_key_file = '/var/lib/postgresql/server.key'",
      "",
    ].join("\n"),
  })
  .add({ kind: "file", path: "/etc/far/pg_hba.conf", content: `local all all peer\nhostssl all app ${network} scram-sha-256\n` })
  .add({
    kind: "file",
    path: "/etc/redis/redis.conf",
    content: [
      "port 0",
      "tls-port 6380",
      "bind *",
      "tls-cert-file /var/lib/redis/server.pem",
      "tls-key-file /var/lib/redis/server.key",
      "tls-auth-clients no",
      "supervised systemd",
      "dir /var/lib/redis",
      "appendonly yes",
      `user mastodon on ~* &* +@all ">${password}"`,
      "user default off",
      "",
    ].join("\n"),
    mode: "0640",
    owner: "redis:redis",
  })
  .add({
    kind: "run",
    why: "what stands already",
    script: `for user in postgres redis; do
  home=$(getent passwd $user | cut -d: -f6)
  install -o $user -g $user -m 0644 /etc/far/server.pem "$home/server.pem"
  install -o $user -g $user -m 0600 /etc/far/server.key "$home/server.key"
done
[ -e /etc/postgresql/17/main/postgresql.conf ] || pg_createcluster 17 main
install -o postgres -g postgres -m 0640 /etc/far/postgresql.conf /etc/postgresql/17/main/conf.d/far.conf
install -o postgres -g postgres -m 0640 /etc/far/pg_hba.conf /etc/postgresql/17/main/pg_hba.conf
systemctl enable postgresql@17-main
systemctl restart postgresql@17-main
until runuser -u postgres -- pg_isready -q -t 1; do sleep 0.5; done
PASSWORD=$(cat /etc/far/password) runuser -u postgres -- psql -v ON_ERROR_STOP=1 -q <<'SQL'
\\getenv password PASSWORD
SELECT 'CREATE ROLE app LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app') \\gexec
ALTER ROLE app PASSWORD :'password';
SELECT 'CREATE DATABASE mastodon_production OWNER app' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'mastodon_production') \\gexec
SQL
`,
  })
  .add({ kind: "start", units: ["redis-server.service"] });

const there = { address: far.address, ca: file("ca.pem") };
const db = Postgres.external({ ...there, host: "db.far.example", name: "mastodon_production", user: "app" });
const redis = Redis.external({ ...there, url: "rediss://mastodon@redis.far.example:6380/1" });
const cache = Redis.external({ ...there, use: "cache", url: "rediss://mastodon@redis.far.example:6380/2" });
const pool = new PgBouncer(site, "Pool", { database: db, machines: 2, serverConnections: 10, size });

const own = new PgBouncer(site, "Own", { database: db, on: "each", serverConnections: 5 });

// Straight where Node is to check the certificate (tasks, in Ruby, always are), and through poolers of either kind.
const live = new StreamingPool(site, "Streaming", { machines: 1, processes: 1, size, database: db, redis });
new WebTier(site, "Web", { machines: 1, processes: 1, streaming: live, size, database: pool, redis, cache });
new SidekiqGroup(site, "Everything", {
  queues: { default: 8, push: 6, ingress: 4, mailers: 2, pull: 1, fasp: 1, scheduler: 1 },
  threads: 5,
  size,
  database: own,
  redis,
  cache,
});

app.synth();
