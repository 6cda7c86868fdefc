import { App, TerraformStack } from "cdktf";
import { Env } from "../../lib/core/env";
import { Problems } from "../../lib/core/problems";
import { Process, rule } from "../../lib/mastodon/env-catalogue";
import { MastodonVersion } from "../../lib/mastodon/version";

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
  ["web", "4.7.6", "REDIS_NAMESPACE", "mastodon", "is no variable that the catalogue knows"],
  ["web", "4.7.6", "REDIS_HOST", "", "is empty; leave it out instead"],
  ["web", "4.7.6", "REPLICA_DB_NAME", "", "is empty; leave it out instead"],
  ["streaming", "4.7.6", "SIDEKIQ_REDIS_HOST", "jobs-1", "is not read by streaming, only by web, sidekiq, task"],
  ["streaming", "4.7.6", "SECRET_KEY_BASE", "x", "is not read by streaming, only by web, sidekiq, task"],
  ["streaming", "4.7.6", "PREPARED_STATEMENTS", "false", "is not read by streaming, only by web, sidekiq, task"],
  ["task", "4.7.6", "REPLICA_DB_HOST", "db-2", "is not read by task, only by web, sidekiq"],
  ["web", "4.3.23", "REPLICA_PREPARED_STATEMENTS", "false", "is read from 4.4 on, and this is 4.3.23"],
  ["web", "4.4.22", "OTP_SECRET", "x", "was last read by 4.3, and this is 4.4.22"],
  ["web", "4.7.6", "STREAMING_API_BASE_URL", "wss://a.example/path", 'is "wss://a.example/path", which does not match'],
  ["web", "4.7.6", "TRUSTED_PROXY_IP", "loopback", 'is "loopback", which does not match'],
  ["web", "4.7.6", "WEB_CONCURRENCY", "auto", 'is "auto", which does not match'],
  ["web", "4.7.6", "REDIS_SENTINELS", "redis-1:26379, redis-2:26379", 'is "redis-1:26379, redis-2:26379", which does not match'],
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

test.each(["4.2.29", "4.8.0", "v4.7.6", "4.7", "latest"])("version %s is refused", (text) => {
  expect(() => MastodonVersion.of(text)).toThrow(/^version is/);
});

test("the queue fasp exists from 4.4 on", () => {
  expect(MastodonVersion.of("4.3.23").queues).toEqual(["default", "push", "ingress", "mailers", "pull", "scheduler"]);
  expect(MastodonVersion.of("4.4.0").queues).toEqual(["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"]);
});
