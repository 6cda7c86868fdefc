import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errorLines, said, unexpected } from "../../drills/errors";
import { EXPECTED, Expected } from "../../drills/expected-errors";

const entry = (unit: string, priority: number, message: unknown) =>
  `journal\t${JSON.stringify({ PRIORITY: String(priority), _SYSTEMD_UNIT: unit, MESSAGE: message, __CURSOR: "failed" })}`;

test("a line counts by its priority or by its words, and not by the words of another field", () => {
  const printed = [
    entry("replica-in-time.service", 6, "mawk: run time error: cannot command line assign to system"),
    entry("quiet.service", 3, "something is wrong"),
    entry("failed-units.service", 6, "all is well"),
    entry("bytes.service", 6, [...Buffer.from("bash: fooo: command not found")]),
    `journal\t${JSON.stringify({ PRIORITY: "6", SYSLOG_IDENTIFIER: "sudo", MESSAGE: "Permission denied\tthere" })}`,
    // podman marks all that a container says on its standard error.
    `journal\t${JSON.stringify({ PRIORITY: "3", CONTAINER_NAME: "mastodon-web", MESSAGE: "booting" })}`,
    `journal\t${JSON.stringify({ PRIORITY: "3", CONTAINER_NAME: "mastodon-web", SYSLOG_IDENTIFIER: "web", MESSAGE: "it failed" })}`,
    "file\t/var/log/postgresql/postgresql-17-main.log\tERROR:  relation\twith a tab",
    "end",
    "",
  ].join("\n");
  expect(errorLines("db", printed).map(({ source, priority, text }) => [source, priority, text])).toEqual([
    ["replica-in-time.service", 6, "mawk: run time error: cannot command line assign to system"],
    ["quiet.service", 3, "something is wrong"],
    ["bytes.service", 6, "bash: fooo: command not found"],
    ["sudo", 6, "Permission denied\tthere"],
    ["web", undefined, "it failed"],
    ["/var/log/postgresql/postgresql-17-main.log", undefined, "ERROR:  relation\twith a tab"],
  ]);
});

const line = (machine: string, source: string, text: string) => ({ machine, source, priority: 6, text });
const expected: readonly Expected[] = [
  { source: /^a\.service$/, says: /^cannot reach/, why: "it boots" },
  { source: /^a\.service$/, says: /^lost/, why: "a drill", after: "drills" },
];

test("what is expected is left out, by its unit and its words; what a drill causes only after drills", () => {
  const lines = [
    line("m", "a.service", "cannot reach db"),
    line("m", "b.service", "cannot reach db"),
    line("m", "a.service", "lost, error"),
  ];
  expect(unexpected(lines, "healthy", expected).map(({ source, text }) => `${source} ${text}`)).toEqual([
    "b.service cannot reach db",
    "a.service lost, error",
  ]);
  expect(unexpected(lines, "drilled", expected).map(({ source }) => source)).toEqual(["b.service"]);
});

test("lines that differ in numbers are one complaint, which says where and how often", () => {
  const lines = [
    line("web-2", "mastodon-sidekiq@1.service", "error 17 in 0b1c2d3e"),
    line("web-1", "mastodon-sidekiq@2.service", "error 4 in aabbccdd"),
    line("web-1", "x.service", "failed"),
  ];
  expect(unexpected(lines, "healthy", expected).map(said)).toEqual([
    "web-1, web-2: mastodon-sidekiq@N.service, 2 times: error 17 in 0b1c2d3e",
    "web-1: x.service, once: failed",
  ]);
});

test("a line of the journal tells how long its machine had run, and what only a boot explains is expected of a boot alone", () => {
  const at = (seconds: number) =>
    `journal\t${JSON.stringify({ PRIORITY: "3", _SYSTEMD_UNIT: "a.service", MESSAGE: "too early", __REALTIME_TIMESTAMP: `${(1000 + seconds) * 1e6}` })}`;
  const lines = errorLines(
    "m",
    [at(59), at(61), "file\t/log\ttoo early, error", "began\t1000.000000 m systemd[1]: hello", "end", ""].join("\n"),
  );
  expect(lines.map(({ bootSeconds }) => bootSeconds)).toEqual([59, 61, undefined]);
  const early: readonly Expected[] = [{ source: /./, says: /^too early/, why: "it boots", withinBootSeconds: 60 }];
  expect(unexpected(lines, "healthy", early).map(({ source, count }) => [source, count])).toEqual([
    ["a.service", 1],
    ["/log", 1],
  ]);
});

test("Sidekiq that Redis refuses is expected while machines boot, and told later", () => {
  const lines = [
    ["mastodon-sidekiq@1.service", "ERROR: heartbeat: NOREPLICAS Not enough good replicas to write."],
    ["init.scope", "mastodon-sidekiq@1.service: Main process exited, code=exited, status=1/FAILURE"],
    ["init.scope", "mastodon-sidekiq@1.service: Failed with result 'exit-code'."],
  ].map(([source, text]) => ({ machine: "scheduler-1", source: source!, priority: 3, text: text! }));
  const after = (bootSeconds: number) =>
    unexpected(
      lines.map((one) => ({ ...one, bootSeconds })),
      "healthy",
    );
  expect(after(30)).toEqual([]);
  expect(after(3000)).toHaveLength(3);
});

test("a script that is broken, and a password that is refused, are told of Patroni and etcd whatever drills have done", () => {
  const broken = [
    line("database-1", "replica-in-time.service", "mawk: run time error: cannot command line assign to system"),
    line("database-1", "patroni.service", "/usr/local/sbin/postgres-roles: line 3: psqll: command not found"),
    line("database-1", "patroni.service", 'FATAL:  password authentication failed for user "mastodon"'),
    line("database-1", "patroni.service", 'FATAL:  no pg_hba.conf entry for host "10.20.0.5", user "replicator"'),
    line("redis-1", "etcd.service", '{"level":"warn","msg":"failed to apply request","error":"auth: permission denied"}'),
  ];
  for (const life of ["healthy", "drilled"] as const) {
    expect(unexpected(broken, life).map(({ text }) => text)).toEqual(broken.map(({ text }) => text));
  }
});

test("PgBouncer tells of sessions that a killed or restarted PostgreSQL ends: expected after drills, and told otherwise", () => {
  const lines = ["unexpected postmaster exit", "administrator command"].map((reason) =>
    line("pool-1", "pgbouncer@1.service", `varcache_apply failed: FATAL: terminating connection due to ${reason}`),
  );
  expect(unexpected(lines, "drilled")).toEqual([]);
  expect(unexpected(lines, "healthy")).toHaveLength(2);
});

test("what Patroni and etcd say while drills take them away is expected then, and told of a site that was only used", () => {
  const lines = [
    line("database-1", "patroni.service", "2026-11-29 19:55:26,454 ERROR: failed to update leader lock"),
    line("database-1", "patroni.service", "Traceback (most recent call last):"),
    line("database-1", "patroni.service", "2026-11-29 19:55:35.613 UTC [1065] FATAL:  terminating walreceiver due to timeout"),
    line("redis-1", "etcd.service", '{"level":"warn","msg":"lost the TCP streaming connection with remote peer","error":"EOF"}'),
  ];
  expect(unexpected(lines, "drilled")).toEqual([]);
  expect(unexpected(lines, "healthy").map(({ text }) => text)).toEqual(lines.map(({ text }) => text));
});

test("members of etcd that all make its users at once are expected always", () => {
  const says = (error: string) =>
    `{"level":"warn","msg":"failed to apply request","took":"36.297µs","request":"header:<ID:1 > auth_role_add:<name:\\"patroni\\" > ","response":"","error":"${error}"}`;
  const lines = ["auth: role already exists", "auth: user not found", "auth: root user does not have root role"].map((error) =>
    line("redis-1", "etcd.service", says(error)),
  );
  expect(unexpected(lines, "healthy").map(({ text }) => text)).toEqual([says("auth: root user does not have root role")]);
});

test("after a loss of power nginx is asked for health before Mastodon runs; a request of a user that it cannot pass on is told", () => {
  const says = (request: string) =>
    `1 [error] 125#125: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 10.20.0.10, server: _, request: "GET ${request} HTTP/1.1", upstream: "http://127.0.0.1:4000${request}"`;
  const lines = ["/api/v1/streaming/health", "/health", "/about"].map((request) => ({
    machine: "streaming-1",
    source: "nginx.service",
    priority: undefined,
    text: says(request),
  }));
  expect(unexpected(lines, "drilled").map(({ text }) => text)).toEqual([says("/about")]);
});

test("each expected error has a reason", () => {
  for (const { why } of EXPECTED) expect(why.length).toBeGreaterThan(20);
});

test("the question that each machine is asked finds both kinds of lines with the machine's own grep and sed", () => {
  const source = readFileSync(join(__dirname, "../../drills/errors.ts"), "utf8");
  const script = /const READ = `([^`]*)`/
    .exec(source)![1]!
    .replaceAll("\\\\", "\\")
    .replaceAll(/journalctl [^|]*/g, "cat ");
  const words = /const WORDS =\s*"([^]*?)";/.exec(source)![1]!.replaceAll("\\\\", "\\");
  const journal = [
    { PRIORITY: "3", MESSAGE: "quiet" },
    { PRIORITY: "6", MESSAGE: "it Failed" },
    { PRIORITY: "6", MESSAGE: "unfailed" },
    { PRIORITY: "6", MESSAGE: "well" },
  ].map((one) => JSON.stringify(one));
  const { stdout, stderr } = spawnSync("bash", ["-c", script, "errors", words], { input: journal.join("\n"), encoding: "utf8" });
  expect(stderr).toBe("");
  expect(stdout.split("\n").filter((one) => one.startsWith("journal\t"))).toEqual([
    `journal\t${journal[0]}`,
    `journal\t${journal[1]}`,
  ]);
  expect(stdout).toMatch(/(^|\n)end\n$/);
});
