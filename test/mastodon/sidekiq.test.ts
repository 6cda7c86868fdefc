import { App, TerraformStack, Testing } from "cdktf";
import { Etcd, PgBouncer, Postgres, Redis, SidekiqGroup, SidekiqGroupProps, Site } from "../../lib";
import { readableText } from "../../lib/core/render/terraform-text";
import { FakeCloud } from "../../lib/testing";

type Group = Omit<SidekiqGroupProps, "database" | "redis" | "cache" | "jobs">;
const EVERYTHING: Group = { queues: { default: 8, push: 6, ingress: 4, mailers: 2, pull: 1, fasp: 1 } };
const SCHEDULER: Group = { queues: ["scheduler"], threads: 5 };

function page(groups: Readonly<Record<string, Group>>, version = "4.7.6") {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = new FakeCloud();
  const site = new Site(stack, "Social", { cloud, domain: "social.example", version });
  const database = new PgBouncer(site, "Pool", { database: new Postgres(site, "Database", { replicas: 1 }) });
  const redis = new Redis(site, "Redis", { replicas: 2 });
  new Etcd(site, "Etcd", { on: redis });
  const data = {
    database,
    redis,
    cache: new Redis(site, "Cache", { use: "cache" }),
    jobs: new Redis(site, "Jobs", { use: "sidekiq", on: redis, replicas: 2 }),
  };
  const made = Object.entries(groups).map(([id, group]) => new SidekiqGroup(site, id, { ...group, ...data }));
  return { stack, site, cloud, made };
}

test("a Sidekiq process gets exactly its own variables", () => {
  const { made } = page({ Everything: { ...EVERYTHING, threads: 30 }, Scheduler: SCHEDULER });
  const env = Object.fromEntries(Object.entries(made[0]!.env.all).map(([name, value]) => [name, readableText(value)]));
  expect(env).toEqual({
    ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY: "<secret active_record_encryption_deterministic_key>",
    ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT: "<secret active_record_encryption_key_derivation_salt>",
    ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY: "<secret active_record_encryption_primary_key>",
    CACHE_REDIS_HOST: "127.0.0.1",
    CACHE_REDIS_PASSWORD: "<secret redis_cache_password>",
    CACHE_REDIS_PORT: "6380",
    DB_HOST: "pool-1",
    DB_NAME: "mastodon",
    DB_PASS: "<secret database_password>",
    DB_POOL: "30",
    DB_PORT: "6432",
    DB_USER: "mastodon",
    LOCAL_DOMAIN: "social.example",
    PREPARED_STATEMENTS: "false",
    REDIS_HOST: "127.0.0.1",
    REDIS_PASSWORD: "<secret redis_password>",
    REDIS_PORT: "6379",
    REPLICA_DB_HOST: "pool-1",
    REPLICA_DB_NAME: "mastodon_replica",
    REPLICA_DB_PASS: "<secret database_password>",
    REPLICA_DB_PORT: "6432",
    REPLICA_DB_USER: "mastodon",
    REPLICA_PREPARED_STATEMENTS: "false",
    SECRET_KEY_BASE: "<secret secret_key_base>",
    SIDEKIQ_REDIS_HOST: "127.0.0.1",
    SIDEKIQ_REDIS_PASSWORD: "<secret redis_sidekiq_password>",
    SIDEKIQ_REDIS_PORT: "6381",
    SMTP_AUTH_METHOD: "none",
    SMTP_ENABLE_STARTTLS: "never",
    SMTP_OPENSSL_VERIFY_MODE: "none",
    SMTP_PORT: "1025",
    SMTP_SERVER: "10.20.0.10",
    VAPID_PRIVATE_KEY: "<secret vapid_private_key>",
    VAPID_PUBLIC_KEY: "<secret vapid_public_key>",
  });
});

test("the scheduler's group prepares the database, straight at PostgreSQL", () => {
  const { made } = page({ Everything: { ...EVERYTHING, processes: 2 }, Scheduler: SCHEDULER });
  const scheduler = readableText(made[1]!.pool.bootText());
  expect(scheduler).toMatch(/path: \/etc\/mastodon\/task.env[^]*?DB_HOST=pool-1\n[^]*?DB_PORT=5432\n/);
});

test("the scheduler is replaced stop-first, all others start-first", () => {
  const { cloud } = page({ Everything: EVERYTHING, Scheduler: SCHEDULER });
  expect(cloud.pools.map(({ name, roll }) => ({ name, roll }))).toEqual([
    { name: "everything", roll: "start-first" },
    { name: "scheduler", roll: "stop-first" },
  ]);
});

test.each<[string, Readonly<Record<string, Group>>, string]>([
  ["a second scheduler", { A: EVERYTHING, B: SCHEDULER, C: SCHEDULER }, "the queue scheduler belongs to stack/Social/B already"],
  [
    "a scheduler on two machines",
    { A: EVERYTHING, B: { ...SCHEDULER, machines: 2 } },
    "it runs the queue scheduler in 2 processes",
  ],
  ["no scheduler", { A: EVERYTHING }, "no SidekiqGroup has the queues scheduler / add them"],
  [
    "a forgotten queue",
    { A: { queues: { default: 8, push: 6 } }, B: SCHEDULER },
    "no SidekiqGroup has the queues ingress, mailers, pull, fasp",
  ],
  ["an empty list", { A: EVERYTHING, B: SCHEDULER, C: { queues: [] } }, "queues is empty / Mastodon 4.7.6 has default, push"],
  ["no thread", { A: { ...EVERYTHING, threads: 0 }, B: SCHEDULER }, "threads is 0 / use a whole number from 1 to 200"],
])("%s is refused", (_, groups, why) => {
  const { stack, site } = page(groups);
  expect(() => Testing.synth(stack, true)).toThrow();
  expect(site.problems.all().join("\n")).toContain(why);
});

test("a map of weights and a list in strict order go to Sidekiq's command line as they are", () => {
  const { made } = page({
    Weighted: { queues: { default: 8, push: 6 } },
    Strict: { queues: ["ingress", "pull"] },
    One: { queues: ["mailers"] },
    B: SCHEDULER,
  });
  expect(made.slice(0, 3).map((group) => /^ *Exec=(.*)$/m.exec(group.pool.bootText())![1])).toEqual([
    "bundle exec sidekiq -c 25 -t 45 -q default,8 -q push,6",
    "bundle exec sidekiq -c 25 -t 45 -q ingress -q pull",
    "bundle exec sidekiq -c 25 -t 45 -q mailers",
  ]);
});

test("the queue fasp is refused before 4.4", () => {
  const { site } = page({ A: EVERYTHING, B: SCHEDULER }, "4.3.23");
  expect(site.problems.all()).toEqual([expect.stringContaining("stack/Social/A: queues names fasp / Mastodon 4.3.23 has")]);
});
