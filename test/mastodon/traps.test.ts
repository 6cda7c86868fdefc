// Traps that real servers fell into, as far as they touch what is built and no other test holds them. Held elsewhere:
// - empty values, words such as `loopback` or `auto`, names of another version or role: env.test.ts
// - one environment for all roles, DB_SSLMODE of Node and Ruby, REDIS_* that inherit nothing, the private ranges
//   lost by TRUSTED_PROXY_IP: environments.test.ts, web.test.ts
// - health checks of `/`: web.test.ts, streaming.test.ts; two schedulers or none, forgotten queues: sidekiq.test.ts
// - migrations through the pooler, from every machine, or half of them skipped; a wait that gives up for good: prepare.test.ts
// - formats of secrets, and making them anew: secrets.test.ts; an empty master that wipes its replicas: redis-role.test.ts
// - dash, owners and modes of files, a boot script that waits for itself: core/cloud-config.test.ts

import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { Postgres } from "../../lib";
import { textOf } from "../../lib/core/program";
import { FakeCloud } from "../../lib/testing";
import { pageOf, WHOLE } from "./mixes";
import { emptySite } from "./monitoring-site";

interface Text {
  readonly host: string;
  readonly path: string;
  readonly content: string;
}

const { cloud } = pageOf(WHOLE);
const textsOf = ({ machines, pools }: FakeCloud): readonly Text[] =>
  [...machines, ...pools].flatMap(({ name: host, bootText }) => {
    const { write_files } = parse(bootText()) as { write_files: readonly Omit<Text, "host">[] };
    return write_files.map(({ path, content }) => ({ host, path, content }));
  });
const texts = textsOf(cloud);

function found(path: RegExp, host = /./): readonly Text[] {
  const some = texts.filter((text) => path.test(text.path) && host.test(text.host));
  expect(some).not.toEqual([]);
  return some;
}

const text = (path: RegExp, host = /./) => found(path, host)[0]!.content;
const boot = (host: RegExp) => text(/^\/usr\/local\/sbin\/boot$/, host);

test("without X-Forwarded-Proto Mastodon redirects for ever, and a foreign X-Forwarded-Host or Client-Ip is an error", () => {
  for (const { content } of found(/nginx\/conf\.d\/mastodon/)) {
    expect(content).toContain("map $http_x_forwarded_proto $forwarded_proto {\n  default $scheme;\n  https https;\n}");
    expect(content).toContain("proxy_set_header Host $host;\n");
    expect(content).toContain("proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n");
    expect(content).toContain("proxy_set_header X-Forwarded-Proto $forwarded_proto;\n");
    for (const dropped of ["X-Forwarded-Host", "Client-Ip", "Proxy"])
      expect(content).toContain(`proxy_set_header ${dropped} "";\n`);
  }
});

test("uploads of 99 MiB, and the form around them, pass nginx", () => {
  expect(text(/nginx\/conf\.d/, /^web$/)).toContain("client_max_body_size 100m;\n");
});

test("streaming's metrics are open to anyone who reaches its port, in any spelling: nginx passes on one path only", () => {
  const content = text(/nginx\/conf\.d/, /^streaming$/);
  expect([...content.matchAll(/location (.*) \{/g)].map((match) => match[1])).toEqual(["/api/v1/streaming", "/"]);
  expect(content).toContain("location / { return 404; }\n");
});

test("each keeps idle connections longer than whoever stands in front of it, or a request meets a closed one", () => {
  for (const { host, content } of found(/nginx\/conf\.d\/mastodon/)) {
    const seconds = [...content.matchAll(/keepalive_timeout (\d+)s;/g)].map((match) => Number(match[1]));
    // Puma's default is 20 s, Node's 5 s, the front door's 60 s.
    expect({ host, own: seconds.at(-1)! > 60, upstream: seconds[0]! < (host === "web" ? 20 : 5) }).toEqual({
      host,
      own: true,
      upstream: true,
    });
  }
});

test("an idle WebSocket outlives nginx' usual minute, an event stream is not buffered, and a worker takes thousands", () => {
  expect(text(/nginx\/conf\.d/, /^streaming$/)).toMatch(/proxy_read_timeout 3600s;\n[^}]*proxy_buffering off;\n/);
  expect(boot(/^streaming$/)).toContain("worker_connections 16384;");
});

test("the main image starts nothing by itself, and streaming ends with 0 when it crashes: every unit says what to run, and always again", () => {
  const commands = found(/containers\/systemd/).map(({ host, content }) => {
    expect(content).toContain("\nRestart=always\n");
    expect(content).toContain("\nStartLimitIntervalSec=0\n");
    // systemd would expand a dollar sign.
    expect(content).not.toContain("$");
    return `${host}: ${/^Exec=(.*)$/m.exec(content)![1]}`;
  });
  expect(commands).toEqual([
    "streaming: node ./streaming/index.js",
    "web: bundle exec puma -C config/puma.rb",
    "everything: bundle exec sidekiq -c 10 -t 45 -q default,8 -q push,6 -q ingress,4 -q mailers,2 -q pull,1 -q fasp,1",
    "scheduler: bundle exec sidekiq -c 5 -t 45 -q scheduler",
  ]);
});

test("Debian's nginx and PgBouncer stay dead when they are killed: here they start again", () => {
  const units = found(/(nginx\.service\.d\/|pgbouncer@\.service$)/);
  expect([...new Set(units.map(({ path }) => path))].sort()).toEqual([
    "/etc/systemd/system/nginx.service.d/10-mastodon.conf",
    "/etc/systemd/system/pgbouncer@.service",
  ]);
  for (const { content } of units) expect(content).toMatch(/^Restart=always$/m);
});

test("no log file grows until the disk is full: nginx' is put aside by its size, every ten minutes, and PostgreSQL's is the journal", () => {
  const files = (path: RegExp) => found(path).map(({ host, path: at, content }) => ({ host, at, content }));
  const of = (host: string, at: string, content: string) => ({ host, at, content });
  expect(files(/logrotate/)).toEqual(
    ["streaming", "web"].flatMap((host) => [
      of(host, "/etc/logrotate.d/00-mastodon", "maxsize 64M\n"),
      of(
        host,
        "/etc/systemd/system/logrotate.timer.d/10-mastodon.conf",
        "[Timer]\nOnCalendar=\nOnCalendar=*:0/10\nRandomizedDelaySec=60\n",
      ),
    ]),
  );
  for (const host of [/^web$/, /^streaming$/]) {
    expect(boot(host)).toContain("systemctl enable logrotate.timer\nsystemctl restart --no-block logrotate.timer\n");
    expect(boot(host)).toMatch(/^PACKAGES=.*\blogrotate\b/m);
  }
  const single = new Postgres(emptySite(), "Alone");
  const step = single.machines[0]!.program.steps.find((one) => one.kind === "file" && one.path.endsWith("50-mastodon.conf"));
  expect(step?.kind === "file" && textOf(step.content)).toMatch(
    /^listen_addresses = '\*'\nlog_destination = syslog\nsyslog_split_messages = off\nsyslog_sequence_numbers = off\n/,
  );
});

test("no log has a query or a token: nginx writes paths, and the journal drops lines of nginx and Mastodon with either", () => {
  for (const { content } of found(/nginx\/conf\.d\/mastodon\.conf$/)) {
    expect(content).toContain("access_log /var/log/nginx/access.log path;\n");
    expect(content).toContain("error_log syslog:server=unix:/dev/log,nohostname;\n");
    expect(/^log_format path (.*)\n(.*);$/m.exec(content)!.slice(1).join()).not.toMatch(
      /\$(request|args|request_uri|query_string|http_referer)\b/,
    );
  }
  for (const { content } of found(/nginx\.service\.d\//, /^(web|streaming)/))
    expect(content).toContain("\nLogFilterPatterns=~[?]\n");
  const containers = found(/mastodon-(web|streaming@|sidekiq@)\.container$/);
  expect(new Set(containers.map(({ path }) => path)).size).toBe(3);
  for (const { content } of containers) {
    const pattern = new RegExp(/^LogFilterPatterns=~\(\?i\)(.*)$/m.exec(content)![1]!, "i");
    for (const line of ["GET /api/v1/streaming?access_token=aB3", '{"access_token":"aB3"}', "?reset_password_token=aB3"]) {
      expect(pattern.test(line)).toBe(true);
    }
    for (const line of ["/api/v1/streaming?access_token=[Redacted]", "The access token is invalid"]) {
      expect(pattern.test(line)).toBe(false);
    }
  }
});

test("Sidekiq is told to take no new job, and has longer to stop than its own grace of 45 s", () => {
  for (const { content } of found(/mastodon-sidekiq@\.container$/)) {
    expect(content).toContain("\nExecStop=-/usr/bin/podman kill --signal TSTP mastodon-sidekiq-%i\n");
    expect(Number(/^StopTimeout=(\d+)$/m.exec(content)![1])).toBeGreaterThan(45);
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(content)![1])).toBeGreaterThan(60);
  }
});

test("both images carry the same tag, with the v that it needs", () => {
  expect([...new Set(cloud.pools.flatMap(({ images }) => images()))].sort()).toEqual([
    "ghcr.io/mastodon/mastodon-streaming:v4.7.6",
    "ghcr.io/mastodon/mastodon:v4.7.6",
  ]);
});

test("up to 4.5 a replica's host alone does nothing: its set is always whole", () => {
  const names = Object.keys(pageOf({ ...WHOLE, version: "4.3.23" }).web.env.all).filter((name) => name.startsWith("REPLICA_"));
  expect(names).toEqual(["HOST", "NAME", "PASS", "PORT", "USER"].map((part) => `REPLICA_DB_${part}`));
});

test("podman reads env files literally: no quotes, no comments", () => {
  for (const { content } of found(/\.env$/)) expect(content).toMatch(/^([A-Z0-9_]+=[^"'#\n]+\n)+$/);
});

test("Debian adopts old data only with its configuration files put back; it belongs to another uid, and has TLS off", () => {
  const alone = textsOf(pageOf({ ...WHOLE, replica: false }).cloud).filter(({ host }) => host === "database-1");
  const under = (all: readonly Text[], path: string) => all.find((one) => one.path === path)!.content;
  const owned = "chown -R postgres:postgres /var/lib/postgresql/17\n";
  const single = under(alone, "/usr/local/sbin/boot");
  expect(single).toContain(owned);
  expect(single.indexOf("$name.conf.sample")).toBeGreaterThan(single.indexOf(owned));
  expect(single.indexOf('pg_createcluster "$MAJOR" main')).toBeGreaterThan(single.indexOf("$name.conf.sample"));
  expect(under(alone, "/etc/mastodon/postgres/50-mastodon.conf")).toMatch(/^ssl = on\nssl_cert_file = .+\nssl_key_file = /m);
  for (const host of [/^database-1$/, /^database-2$/]) {
    expect(boot(host)).toContain(owned);
    expect(text(/patroni-start$/, host)).toContain("$name.conf.sample");
    expect(text(/dynamic\.json$/, host)).toMatch(/"ssl": "on",\n +"ssl_cert_file": .+\n +"ssl_key_file": /);
  }
});

test("no standby can hold up every write, unless the page says so", () => {
  for (const { content } of found(/patroni\/dynamic\.json$/))
    expect(JSON.parse(content)).toMatchObject({ synchronous_mode: false, synchronous_mode_strict: false });
  for (const { content } of texts) expect(content).not.toContain("synchronous_standby_names");
});

test("the pooler notices a dead or silent PostgreSQL within seconds, and knows passwords that do not go stale", () => {
  const ini = text(/pgbouncer\.ini$/);
  for (const setting of ["server_login_retry = 1", "tcp_user_timeout = 5000", "server_connect_timeout = 3", "dns_max_ttl = 3"])
    expect(ini).toContain(`${setting}\n`);
  expect(ini).toMatch(/^max_client_conn = 5000$/m);
  expect(text(/userlist\.txt$/)).not.toContain("SCRAM-SHA-256");
});

test("a cut-off master of what must last stops taking writes; a cache goes on", () => {
  const settings = (name: string) => text(new RegExp(`redis/${name}\\.settings$`));
  for (const name of ["redis", "jobs"]) {
    expect(settings(name)).toContain("appendonly yes\n");
    expect(settings(name)).toContain("maxmemory-policy noeviction\n");
    expect(settings(name)).toContain("min-replicas-to-write 1\n");
  }
  expect(settings("cache")).not.toContain("min-replicas-to-write");
});

test("Sentinel's file is its own: the boot script, run again, keeps what it remembers and brings what it cannot know", () => {
  const root = mkdtempSync(join(tmpdir(), "sentinel-"));
  try {
    for (const folder of ["bin", "etc", "data"]) mkdirSync(join(root, folder));
    for (const name of ["chown", "systemctl"]) {
      writeFileSync(join(root, "bin", name), "#!/bin/bash\n");
      chmodSync(join(root, "bin", name), 0o755);
    }
    for (const name of ["settings", "masters"])
      writeFileSync(join(root, "etc", `sentinel.${name}`), text(new RegExp(`sentinel\\.${name}$`), /^redis-1$/));
    const remembered = ["monitor redis 10.20.53.12 6379 2", "config-epoch redis 4", "known-replica redis 10.20.53.10 6379"];
    const stale = [
      "port 1",
      "sentinel auth-pass redis old",
      "sentinel down-after-milliseconds redis 1",
      "user default on #ab +@all",
    ];
    const before = [...stale, ...remembered.map((words) => `sentinel ${words}`)].join("\n");
    writeFileSync(join(root, "data/sentinel.conf"), `${before}\n`);
    const script = /echo "boot: sentinel"\n([^]*?)\n\n/.exec(boot(/^redis-1$/))![1]!;
    const local = script.replaceAll("/etc/redis", join(root, "etc")).replaceAll("/var/lib/redis", join(root, "data"));
    const env = { PATH: `${join(root, "bin")}:${process.env["PATH"]}` };
    for (let run = 1; run <= 2; run++) expect(spawnSync("bash", ["--norc", "-euc", local], { env }).status).toBe(0);
    const kept = readFileSync(join(root, "data/sentinel.conf"), "utf8");
    for (const words of remembered) expect(kept).toContain(`\nsentinel ${words}\n`);
    for (const line of stale) expect(kept).not.toContain(`${line}\n`);
    expect(kept.match(/^sentinel (auth-pass|down-after-milliseconds) redis .*$/gm)).toHaveLength(2);
    expect(kept.match(/^sentinel monitor .*$/gm)).toEqual([
      "sentinel monitor redis 10.20.53.12 6379 2",
      "sentinel monitor jobs redis-1 6381 2",
    ]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("no unit that the boot script starts waits for the boot to end", () => {
  for (const { content } of found(/\.(service|container)$/)) expect(content).not.toMatch(/cloud-(final|init)/);
});
