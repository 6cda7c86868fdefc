import { App, TerraformStack } from "cdktf";
import { Postgres, Redis, SidekiqGroup, Site } from "../../lib";
import { Env } from "../../lib/core/env";
import { Problems } from "../../lib/core/problems";
import { Process, rule } from "../../lib/mastodon/env-catalogue";
import { MastodonVersion } from "../../lib/mastodon/version";
import { FakeCloud } from "../../lib/testing";

function env(process: Process, version = "4.7.6") {
  const stack = new TerraformStack(new App(), "stack");
  const problems = new Problems(stack);
  return { env: new Env(problems, rule(process, MastodonVersion.of(version))), stack, problems };
}

test("what has no value is not rendered, and nothing is quoted", () => {
  const { env: web, stack, problems } = env("web");
  web.set("WEB_DOMAIN", undefined, stack).set("MAX_THREADS", 5, stack).set("DB_PASS", "a$b'c\"d#e", stack);
  expect(web.render()).toBe("DB_PASS=a$b'c\"d#e\nMAX_THREADS=5\n");
  expect(problems.all()).toEqual([]);
});

// Each row is a trap that real servers fell into: the variable is ignored, misread, or stops the process.
test.each<[Process, string, string, string, string]>([
  ["web", "4.7.6", "REDIS_NAMESPACE", "mastodon", "was last read by 4.3, and this is 4.7.6"],
  ["web", "4.7.6", "STREAMING_CLUSTER", "1", "is not in the catalogue of Mastodon's variables"],
  ["web", "4.7.6", "SMTP_SEVRER", "mail.example", "is not in the catalogue of Mastodon's variables; is SMTP_SERVER meant?"],
  ["web", "4.2.20", "REDIS_SENTINELS", "a:26379", "is read from 4.3 on, and this is 4.2.20"],
  ["web", "4.2.20", "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY", "x", "is read from 4.3 on, and this is 4.2.20"],
  [
    "web",
    "4.2.7",
    "DISABLE_AUTOMATIC_SWITCHING_TO_APPROVED_REGISTRATIONS",
    "true",
    "is read from 4.1.16, from 4.2.8 on, and this is 4.2.7",
  ],
  ["web", "4.1.15", "FFPROBE_BINARY", "ffprobe7", "is read from 4.1.17, from 4.2.9 on, and this is 4.1.15"],
  ["streaming", "4.3.0", "REDIS_USER", "social", "is read by streaming from 4.3.1 on, and this is 4.3.0"],
  ["sidekiq", "4.2.20", "REPLICA_PREPARED_STATEMENTS", "false", "is read from 4.4 on, and this is 4.2.20"],
  ["sidekiq", "4.3.1", "MAX_THREADS", "5", "was last read by sidekiq in 4.2, and this is 4.3.1"],
  [
    "web",
    "4.7.6",
    "http_proxy",
    "http://proxy example",
    'is "http://proxy example", which does not match ^https?:\\/\\/([^\\s/@]+@)?([a-z0-9.-]+|\\[[0-9a-f:]+\\])(:[0-9]+)?\\/?$',
  ],
  ["sidekiq", "4.1.22", "REPLICA_DB_NAME", "mastodon", "is read by sidekiq from 4.2 on, and this is 4.1.22"],
  ["streaming", "4.2.20", "STREAMING_CLUSTER_NUM", "1", "was last read by 4.1, and this is 4.2.20"],
  ["streaming", "4.2.20", "AUTHORIZED_FETCH", "true", "was last read by streaming in 4.1, and this is 4.2.20"],
  ["web", "4.7.6", "REDIS_HOST", "", "is empty; leave it out instead"],
  ["web", "4.7.6", "REPLICA_DB_NAME", "", "is empty; leave it out instead"],
  ["streaming", "4.7.6", "SIDEKIQ_REDIS_HOST", "jobs-1", "is not read by streaming, only by web, sidekiq, task"],
  ["streaming", "4.7.6", "SECRET_KEY_BASE", "x", "is not read by streaming, only by web, sidekiq, task"],
  ["streaming", "4.7.6", "PREPARED_STATEMENTS", "false", "is not read by streaming, only by web, sidekiq, task"],
  ["task", "4.7.6", "REPLICA_DB_HOST", "db-2", "is not read by task, only by web, sidekiq"],
  ["web", "4.3.23", "REPLICA_PREPARED_STATEMENTS", "false", "is read from 4.4 on, and this is 4.3.23"],
  ["web", "4.4.22", "OTP_SECRET", "x", "was last read by web in 4.3, and this is 4.4.22"],
  ["web", "4.7.6", "STREAMING_API_BASE_URL", "wss://a.example/path", 'is "wss://a.example/path", which does not match'],
  ["web", "4.7.6", "TRUSTED_PROXY_IP", "loopback", 'is "loopback", which does not match'],
  ["web", "4.7.6", "WEB_CONCURRENCY", "auto", 'is "auto", which does not match'],
  ["web", "4.7.6", "REDIS_SENTINELS", "redis-1:26379, redis-2:26379", 'is "redis-1:26379, redis-2:26379", which does not match'],
  [
    "streaming",
    "4.2.20",
    "LOG_LEVEL",
    "fatal",
    'is "fatal", which does not match ^(silly|verbose|info|timing|http|notice|warn|error|silent)$',
  ],
  ["streaming", "4.3.0", "LOG_LEVEL", "silly", 'is "silly", which does not match ^(trace|debug|info|warn|error|fatal)$'],
  ["web", "4.7.6", "DB_USER", "0777", 'is "0777", which Ruby reads from YAML as something else than this text'],
  ["web", "4.1.22", "DB_NAME", "1_000", 'is "1_000", which Ruby reads from YAML'],
  ["sidekiq", "4.7.6", "REPLICA_DB_USER", "yes", 'is "yes", which Ruby reads from YAML'],
  ["web", "4.7.6", "DB_NAME", "mastodon #1", 'is "mastodon #1", which Ruby reads from YAML'],
  ["web", "4.4.0", "SOURCE_TAG", "4.10", 'is "4.10", which Ruby reads from YAML'],
  ["web", "4.4.0", "SOURCE_TAG", "2024-01-31", 'is "2024-01-31", which Ruby reads from YAML'],
  ["web", "4.4.0", "SOURCE_TAG", "1,000", 'is "1,000", which Ruby reads from YAML'],
  ["web", "4.7.6", "ENABLE_SIDEKIQ_UNIQUE_JOBS_UI", "true", "was last read by 4.5, and this is 4.7.6"],
  ["streaming", "4.3.1", "REDIS_USERNAME", "social", "was last read by 4.3.0, and this is 4.3.1"],
  ["task", "4.2.13", "MIGRATION_IGNORE_INVALID_OTP_SECRET", "true", "is read from 4.3 on, and this is 4.2.13"],
  ["web", "4.7.6", "DB_PASS", "two\nlines", "has a line break, which an env file cannot hold"],
])("%s of %s: %s=%j is refused", (process, version, name, value, why) => {
  const { env: variables, stack, problems } = env(process, version);
  variables.set(name, value, stack);
  expect(problems.all()).toEqual([expect.stringContaining(`stack: ${name} ${why}`)]);
});

test("two different values are refused, naming both setters", () => {
  const { env: web, stack, problems } = env("web");
  const other = new TerraformStack(new App(), "other");
  web.set("DB_HOST", "pool-1", stack).set("DB_HOST", "database-1", other);
  expect(problems.all()).toEqual(['other: DB_HOST is "database-1" here and "pool-1" in stack / set it in one place only']);
});

test.each(["4.0.15", "3.5.19", "v4.7.6", "4.7", "latest"])("version %s is refused", (text) => {
  expect(() => MastodonVersion.of(text)).toThrow(/^version is/);
});

test.each(["4.8.0", "5.0.0-rc.1"])(
  "version %s is newer than the library: the plan says so and is made all the same",
  (version) => {
    const stack = new TerraformStack(new App(), "stack");
    const site = new Site(stack, "Social", { cloud: new FakeCloud(), domain: "social.example", version });
    new SidekiqGroup(site, "Everything", {
      queues: MastodonVersion.of(version).queues,
      database: new Postgres(site, "Database"),
      redis: new Redis(site, "Redis"),
    });
    expect(site.problems.all()).toEqual([]);
    expect(site.node.metadata.map(({ data }) => data)).toEqual([
      expect.stringContaining(`Mastodon ${version} is newer than this library, which supports 4.1 to 4.7 and treats it like 4.7`),
    ]);
  },
);

test("releases are earlier or later by all that is said of them", () => {
  const version = MastodonVersion.of("4.2.7");
  expect([version.isBefore("4.2.8"), version.isBefore("4.2"), version.isAfter("4.2"), version.isAfter("4.2.6")]).toEqual([
    true,
    false,
    false,
    true,
  ]);
});

test.each([
  ["4.1.22", { postgres: "9.5", redis: "4.0" }],
  ["4.3.23", { postgres: "12", redis: "4.0" }],
  ["4.4.22", { postgres: "13", redis: "6.2" }],
  ["4.7.6", { postgres: "14", redis: "7.0" }],
  ["4.8.0", { postgres: "14", redis: "7.0" }],
])("%s needs %j", (version, needs) => {
  expect(MastodonVersion.of(version).needs).toMatchObject(needs);
});

test("the queue fasp exists from 4.4 on", () => {
  expect(MastodonVersion.of("4.3.23").queues).toEqual(["default", "push", "ingress", "mailers", "pull", "scheduler"]);
  expect(MastodonVersion.of("4.4.0").queues).toEqual(["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"]);
});

test.each<[Process, string, string, string]>([
  ["streaming", "4.2.20", "LOG_LEVEL", "silly"],
  ["streaming", "4.3.0", "LOG_LEVEL", "trace"],
  // Streaming has no YAML, and up to 4.3 no file of YAML held the tag.
  ["streaming", "4.7.6", "DB_USER", "0777"],
  ["web", "4.3.23", "SOURCE_TAG", "4.10"],
  ["web", "4.7.6", "DB_USER", "project.role"],
  ["web", "4.7.6", "DB_USER", "user@server"],
  ["web", "4.7.6", "SOURCE_TAG", "v4.10"],
  ["web", "4.7.6", "SOURCE_TAG", "4.5.3"],
  // From 4.4 on, YAML makes a number of it. Mastodon only asks whether there is one, and the gem takes it from the environment.
  ["web", "4.7.6", "HCAPTCHA_SECRET_KEY", "0x0000000000000000000000000000000000000000"],
  ["web", "4.7.6", "http_proxy", "http://social@[2001:db8::1]:3128/"],
  ["web", "4.7.6", "WHITELIST_MODE", "true"],
  ["streaming", "4.1.22", "WHITELIST_MODE", "true"],
  ["web", "4.7.6", "EMAIL_DOMAIN_BLACKLIST", "a.example|b.example"],
  ["sidekiq", "4.7.6", "RUBY_YJIT_ENABLE", "0"],
  ["task", "4.7.6", "MIGRATION_IGNORE_INVALID_OTP_SECRET", "true"],
  ["web", "4.2.6", "ENABLE_SIDEKIQ_UNIQUE_JOBS_UI", "true"],
  ["web", "4.7.6", "MASTODON_VERSION_METADATA", "ours.2"],
  ["web", "4.4.0", "SOURCE_COMMIT", "c1794fb948dfb13865214bce8a90e88da44d4ff6"],
])("%s of %s takes %s=%s", (process, version, name, value) => {
  const { env: variables, stack, problems } = env(process, version);
  variables.set(name, value, stack);
  expect(problems.all()).toEqual([]);
});
