// What of the data tier's machines a changed page delivers, and what waits for a renewal.

import { App, TerraformStack } from "cdktf";
import {
  Etcd,
  Postgres,
  PgBouncer,
  PostgresProps,
  Redis,
  RedisProps,
  Secret,
  Site,
  SidekiqGroup,
  Size,
  StreamingPool,
} from "../../lib";
import { PgBouncerProps } from "../../lib/mastodon/pgbouncer";
import { FakeCloud } from "../../lib/testing";

interface Page {
  readonly postgres?: PostgresProps;
  readonly pgbouncer?: Partial<PgBouncerProps>;
  readonly redis?: RedisProps;
  readonly streaming?: boolean;
  readonly delivers?: boolean;
  readonly outside?: "password one" | "password two";
}

interface Kept {
  readonly renewed: string;
  readonly settings: string;
}

/** Each kept machine's two texts. Tokens differ from page to page, so secrets stand by name. */
function kept(page: Page): Readonly<Record<string, Kept>> {
  const cloud = new FakeCloud({ delivers: page.delivers ?? true });
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", { cloud, domain: "social.example", version: "4.7.6" });
  const outside = page.outside && {
    host: "db.example.net",
    name: "mastodon",
    user: "mastodon",
    password: new Secret(stack, page.outside.replace(" ", "_"), { length: 20, description: "Of the server outside." }),
  };
  const server = outside ? Postgres.external(outside) : new Postgres(site, "Database", { replicas: 2, ...page.postgres });
  const database = new PgBouncer(site, "Pool", { database: server, ...page.pgbouncer });
  const redis = new Redis(site, "Redis", { replicas: 2, ...page.redis });
  // The same three machines, whatever else is on the page.
  if (server instanceof Postgres && server.machines.length > 1) new Etcd(site, "Etcd", { on: [server, database, redis] });
  new SidekiqGroup(site, "Jobs", { database, redis, queues: ["default"] });
  if (page.streaming === true) new StreamingPool(site, "Streaming", { database, redis });
  const named = (text: string) => text.replaceAll(/\$\{TfToken\[[^\]]*\]\}/g, (token) => `<${Secret.nameOf(token)}>`);
  return Object.fromEntries(
    cloud.machines.map(({ name, renewedText, settings }) => [
      name,
      { renewed: named(renewedText()), settings: named(settings()) },
    ]),
  );
}

/** The machines to which the second page delivers something else, and those that it makes older than the page. */
function changes(one: Page, other: Page): { readonly delivered: readonly string[]; readonly older: readonly string[] } {
  const [before, after] = [kept(one), kept(other)];
  const differ = (part: keyof Kept) =>
    Object.keys(before).filter((name) => name in after && before[name]![part] !== after[name]![part]);
  return { delivered: differ("settings"), older: differ("renewed") };
}

const DATABASES = ["database-1", "database-2", "database-3"];
const REDISES = ["redis-1", "redis-2", "redis-3"];

test.each([
  ["more connections of PostgreSQL", {}, { postgres: { maxConnections: 300 } }, DATABASES],
  ["commits that wait for a standby", {}, { postgres: { synchronous: true } }, DATABASES],
  ["more clients of PgBouncer", {}, { pgbouncer: { maxClients: 9000 } }, ["pool-1"]],
  ["another standby", {}, { postgres: { replicas: 3 } }, ["pool-1"]],
  ["more memory of Redis", { redis: { maxMemoryMib: 200 } }, { redis: { maxMemoryMib: 300 } }, REDISES],
  ["sooner failover of Redis", {}, { redis: { downAfterSeconds: 9 } }, REDISES],
  ["a first tier of a new role", {}, { streaming: true }, ["pool-1", ...REDISES]],
  ["a new password of a PostgreSQL outside", { outside: "password one" }, { outside: "password two" }, ["pool-1"]],
] as const)("%s: is delivered, and no machine is older than the page", (_, one, other, delivered) => {
  expect(changes(one, other)).toEqual({ delivered, older: [] });
});

test("memory that follows from a larger size waits for the renewal that brings it", () => {
  const size = Size.of({ cpus: 2, gib: 64 });
  expect(changes({}, { redis: { size } })).toEqual({ delivered: [], older: REDISES });
  expect(changes({ postgres: { size: Size.of({ cpus: 2, gib: 32 }) } }, { postgres: { size } })).toEqual({
    delivered: [],
    older: DATABASES,
  });
});

test("another number of copies of Redis waits for renewals, and so does the first standby of PostgreSQL", () => {
  expect(changes({}, { redis: { replicas: 3 } }).older).toEqual(REDISES);
  expect(changes({}, { redis: { replicas: 0 } }).older).toEqual(["redis-1"]);
  expect(changes({ postgres: { replicas: 0 } }, { postgres: { replicas: 1 } }).older).toEqual(["database-1", "pool-1"]);
});

test("passwords that must change on several machines together are not delivered, but make machines older", () => {
  const all = kept({});
  const holders = (part: keyof Kept, secret: string) =>
    Object.keys(all).filter((name) => all[name]![part].includes(`<${secret}>`));
  for (const secret of [
    "database_password",
    "replication_password",
    "pgbouncer_admin_password",
    "sentinel_password",
    "redis_password",
    "etcd_password",
    "patroni_password",
  ])
    expect({ secret, delivered: holders("settings", secret) }).toEqual({ secret, delivered: [] });
  expect(holders("renewed", "database_password")).toEqual([...DATABASES, "pool-1"]);
  expect(holders("renewed", "redis_password")).toEqual(REDISES);
  for (const secret of ["replication_password", "etcd_password", "patroni_password"])
    expect({ secret, older: holders("renewed", secret) }).toEqual({ secret, older: DATABASES });
});

test("on a cloud that delivers nothing, each of these changes makes its machines older than the page", () => {
  const { older } = changes({ delivers: false }, { delivers: false, postgres: { maxConnections: 300 } });
  expect(older).toEqual(DATABASES);
});
