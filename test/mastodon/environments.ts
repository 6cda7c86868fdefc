// What each process gets on a page, whatever the page is made of: `checkEnvironments(MIXES)`.

import { textOf } from "../../lib/core/program";
import { readableText } from "../../lib/core/render/terraform-text";
import { CATALOGUE, isRead, Process } from "../../lib/mastodon/env-catalogue";
import { MastodonVersion } from "../../lib/mastodon/version";
import { Mix, pageOf, readable } from "./mixes";

const minor = ({ version }: Mix) => Number(version.split(".")[1]);

function ruby(mix: Mix) {
  return {
    LOCAL_DOMAIN: "social.example",
    SECRET_KEY_BASE: "<secret secret_key_base>",
    ...(minor(mix) >= 3 && {
      ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY: "<secret active_record_encryption_deterministic_key>",
      ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT: "<secret active_record_encryption_key_derivation_salt>",
      ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY: "<secret active_record_encryption_primary_key>",
    }),
    ...(minor(mix) <= 3 && { OTP_SECRET: "<secret otp_secret>" }),
    ...redis("", "6379", "redis_password", mix.sentinels),
    ...(mix.cache && redis("CACHE_", "6380", "redis_cache_password", true)),
    ...(mix.jobs && redis("SIDEKIQ_", "6381", "redis_sidekiq_password", mix.sentinels)),
  };
}

// Whatever may move is found on the own machine; a single cache too, so that a dead one is refused at once.
function redis(prefix: string, port: string, password: string, proxied: boolean) {
  const all = { HOST: proxied ? "127.0.0.1" : "redis-1", PORT: port, PASSWORD: `<secret ${password}>` };
  return Object.fromEntries(Object.entries(all).map(([key, value]) => [`${prefix}REDIS_${key}`, value]));
}

const credentials = { DB_USER: "mastodon", DB_PASS: "<secret database_password>" };
// A database that may move is found through a port of the own machine, or of the pooler's.
const straight = (mix: Mix) => ({
  DB_HOST: mix.replica ? "127.0.0.1" : "database-1",
  DB_PORT: "5432",
  DB_NAME: "mastodon",
  ...credentials,
});
const pooled = { DB_HOST: "pool-1", DB_PORT: "6432", DB_NAME: "mastodon", ...credentials };

function databases(mix: Mix, readsReplica: boolean) {
  const own =
    mix.database === "pooler" ? { ...pooled, PREPARED_STATEMENTS: "false" } : { ...straight(mix), DB_SSLMODE: "require" };
  const reads = {
    REPLICA_DB_HOST: mix.database === "pooler" ? "pool-1" : "127.0.0.1",
    REPLICA_DB_PORT: mix.database === "pooler" ? "6432" : "5433",
    REPLICA_DB_NAME: mix.database === "pooler" ? "mastodon_replica" : "mastodon",
    REPLICA_DB_USER: "mastodon",
    REPLICA_DB_PASS: "<secret database_password>",
    ...(mix.database === "pooler" && minor(mix) >= 4 && { REPLICA_PREPARED_STATEMENTS: "false" }),
  };
  return { ...own, ...(mix.replica && readsReplica && reads) };
}

// Up to 4.1 streaming goes straight to a replica, knows no size of its pool, and starts more processes unless told.
function node(mix: Mix) {
  const old = minor(mix) === 1;
  const standby = old && mix.replica;
  const through = { ...pooled, ...(standby && { DB_NAME: "mastodon_replica" }) };
  const tls = old ? { DB_SSLMODE: "require", NODE_TLS_REJECT_UNAUTHORIZED: "0" } : { DB_SSLMODE: "no-verify" };
  return {
    BIND: "127.0.0.1",
    PORT: "4001",
    ...(old ? { STREAMING_CLUSTER_NUM: "1" } : {}),
    DB_POOL: "10",
    ...(mix.database === "pooler" ? through : { ...straight(mix), ...(standby && { DB_PORT: "5433" }), ...tls }),
    ...redis("", "6379", "redis_password", mix.sentinels),
  };
}

/** Only where mail is sent from, since the page names no mail server and the fake cloud catches mail. */
const caughtMail = {
  SMTP_SERVER: "10.20.0.10",
  SMTP_PORT: "1025",
  SMTP_AUTH_METHOD: "none",
  SMTP_OPENSSL_VERIFY_MODE: "none",
  SMTP_ENABLE_STARTTLS: "never",
};
const vapid = { VAPID_PRIVATE_KEY: "<secret vapid_private_key>", VAPID_PUBLIC_KEY: "<secret vapid_public_key>" };

const RAILS = ["secret_key_base", "otp_secret", "active_record_encryption_primary_key", "database_password"].concat(
  ["active_record_encryption_deterministic_key", "active_record_encryption_key_derivation_salt"],
  ["redis_password", "redis_cache_password", "redis_sidekiq_password"],
);
const MAY_HOLD: Readonly<Record<Process, readonly string[]>> = {
  task: RAILS,
  web: [...RAILS, "vapid_private_key", "vapid_public_key"],
  sidekiq: [...RAILS, "vapid_private_key", "vapid_public_key"],
  streaming: ["database_password", "redis_password"],
};

/** Declares the tests over these mixes. */
export function checkEnvironments(mixes: readonly Mix[]): void {
  const pages = mixes.map((mix) => ({ mix, ...pageOf(mix) }));

  test("no mix has a problem, as a sample of them says", () => {
    for (const { mix, site } of pages.filter((_, n) => n % 5 === 0))
      expect({ mix, problems: site.problems.all() }).toEqual({ mix, problems: [] });
  });

  test(`over ${mixes.length} mixes, each process gets exactly its own variables`, () => {
    for (const { mix, web, sidekiq, scheduler, live } of pages) {
      const base = mix.streaming === "pool" && { STREAMING_API_BASE_URL: "wss://streaming.social.example" };
      const way = mix.database === "pooler" && mix.replica ? { DB_HOST: "pool-1" } : {};
      const task = { ...ruby(mix), ...straight(mix), ...way, DB_SSLMODE: "require" };
      const puma = { BIND: "127.0.0.1", PORT: "3000", WEB_CONCURRENCY: "2", MAX_THREADS: "5" };
      const streaming = mix.streaming === "beside" ? web.streamingEnvs : live?.envs;
      expect({
        mix,
        web: readable(web.env),
        task: readable(web.taskEnv),
        sidekiq: readable(sidekiq.env),
        prepare: readable(scheduler.taskEnv!),
        streaming: streaming && readable(streaming.get(4001)!),
      }).toEqual({
        mix,
        web: { ...ruby(mix), ...databases(mix, true), ...vapid, ...puma, ...base },
        task: { ...task, ...base, RAILS_LOG_LEVEL: "warn" },
        sidekiq: { ...ruby(mix), ...databases(mix, minor(mix) >= 2), ...vapid, ...caughtMail, DB_POOL: "10" },
        prepare: { ...task, OTP_SECRET: "<secret otp_secret>", PGOPTIONS: "-c lock_timeout=5s" },
        streaming: mix.streaming === "none" ? undefined : node(mix),
      });
    }
  });

  test("over the same mixes, no env file holds an empty value, a name that its process does not read, or another's secret", () => {
    for (const { mix, live, web, sidekiq, scheduler } of pages) {
      const steps = [live, web, sidekiq, scheduler].flatMap((tier) => tier?.pool.program.steps ?? []);
      const files = steps.flatMap((step) => (step.kind === "file" && step.path.endsWith(".env") ? [step] : []));
      expect(files.length).toBeGreaterThanOrEqual(4);
      const version = MastodonVersion.of(mix.version);
      for (const { path, content, mode } of files) {
        const process = /^\/etc\/mastodon\/(web|task|sidekiq|streaming)(-\d+)?\.env$/.exec(path)![1] as Process;
        const lines = readableText(textOf(content)).trimEnd().split("\n");
        const wrong = lines.filter((line) => {
          const [, name, value] = /^([A-Z0-9_]+)=(.+)$/.exec(line) ?? [];
          const secret = /^<secret (.*)>$/.exec(value ?? "")?.[1];
          const foreign = secret !== undefined && !MAY_HOLD[process].includes(secret);
          const row = CATALOGUE[name ?? ""];
          return row === undefined || !isRead(row, process, version) || foreign;
        });
        expect({ mix, path, mode, wrong }).toEqual({ mix, path, mode: "0600", wrong: [] });
      }
    }
  });
}
