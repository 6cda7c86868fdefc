// Alertmanager itself takes the configuration, sends alerts to whom they are for, and keeps those back that others explain.

import { ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, Server } from "node:http";
import { AddressInfo } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { alertmanagerConfig, receiverFiles, Sending } from "../../lib/mastodon/monitoring/alertmanager";
import { forwarded } from "../../lib/mastodon/monitoring/forwarded";
import { byMail, pagerDuty, slack, webhook } from "../../lib/mastodon/monitoring/receivers";
import { watched } from "../../lib/mastodon/monitoring/watched";
import { textOf } from "../../lib/core/program";
import { ALERTMANAGER_PORT } from "../../lib/mastodon/ports";
import { debianTool } from "../shared/debian-tools";
import { monitoringPage } from "./monitoring-page";
import { FETCHED_MS } from "./promtool";

const page = watched(monitoringPage().site);
const tool = (name: string) => debianTool("prometheus-alertmanager", name);
let room = "";

beforeAll(() => {
  execFileSync(tool("amtool"), ["--version"]);
}, FETCHED_MS);
beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), "alertmanager-"));
});
afterEach(() => rmSync(room, { recursive: true, force: true }));

/** Writes the configuration and its files into the room. */
function written(sending: Sending): string {
  const here = (text: string) => text.replaceAll("/etc/prometheus/receivers/", `${room}/`);
  for (const { path, content } of receiverFiles(sending)) writeFileSync(here(path), textOf(content));
  const path = join(room, "alertmanager.yml");
  writeFileSync(path, here(alertmanagerConfig(sending, page)));
  return path;
}

const ca = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
const mail = { host: "smtp.example", port: 587, from: "Social <hello@social.example>", hello: "social.example", starttls: true };
const EVERYTHING: Sending = {
  alerts: {
    to: [
      byMail("ops@example.org", { from: "alerts@social.example" }),
      slack("https://hooks.slack.example/x", { channel: "#alerts" }),
      pagerDuty("0123456789abcdef", { severities: ["critical"] }),
      webhook("https://hooks.example/alerts", { severities: ["warning"] }),
    ],
    deadMansSwitch: "https://switch.example/ping",
  },
  mail: { ...mail, login: "social", password: "secret", verify: true, ca: undefined },
};

test("Alertmanager takes the configuration", () => {
  const said = (sending: Sending) => execFileSync(tool("amtool"), ["check-config", written(sending)], { encoding: "utf8" });
  expect(said(EVERYTHING)).toMatch(
    /SUCCESS\nFound:\n - global config\n - route\n - \d+ inhibit rules\n - 4 receivers\n - 0 templates/,
  );
  expect(said({ alerts: {}, mail: undefined })).toMatch(/SUCCESS/);
  expect(said({ ...EVERYTHING, mail: { ...mail, login: undefined, password: undefined, verify: false, ca } })).toMatch(/SUCCESS/);
});

test.each([
  ["severity=critical alertname=WebErrors", "critical"],
  ["severity=warning alertname=WebBusy", "warning"],
  ["severity=none alertname=Watchdog", "dead-mans-switch"],
  ["severity=none alertname=Other", "nobody"],
])("%s goes to %s", (labels, receiver) => {
  const words = ["config", "routes", "test", `--config.file=${written(EVERYTHING)}`, `--verify.receivers=${receiver}`];
  expect(execFileSync(tool("amtool"), [...words, ...labels.split(" ")], { encoding: "utf8" }).trim()).toBe(receiver);
});

test("without a dead man's switch the watchdog is sent to nobody", () => {
  const words = ["config", "routes", "test", `--config.file=${written({ alerts: {}, mail: undefined })}`, "alertname=Watchdog"];
  expect(execFileSync(tool("amtool"), words, { encoding: "utf8" }).trim()).toBe("nobody");
});

// Debian's Alertmanager reads its templates at this path only, which the host may not have.
// A namespace has copies of all mounts, and would keep disks of the local cloud's machines open that are unmounted elsewhere.
const WITH_TEMPLATES =
  "(findmnt -rno TARGET | grep '^/var/lib/cdktf-mastodon/sites/' | tac | xargs -r umount -l 2>/dev/null) || true; " +
  'mount -t tmpfs none /usr/share && mkdir /usr/share/prometheus && cp -r "$1"/. /usr/share/prometheus/ && shift && exec "$0" "$@"';

type Labels = Readonly<Record<string, string>>;

/** Alertmanager and a server that stands for Slack and the dead man's switch. */
class Running {
  readonly got: { readonly path: string; readonly body: string }[] = [];
  private server: Server | undefined;
  private process: ChildProcess | undefined;
  private url = "";

  async start(): Promise<void> {
    this.server = createServer((request, response) => {
      let body = "";
      request.on("data", (part: Buffer) => (body += part.toString()));
      request.on("end", () => {
        this.got.push({ path: request.url!, body });
        response.end("ok");
      });
    }).listen(0, "127.0.0.1");
    await once(this.server, "listening");
    const base = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    const config = written({
      alerts: { to: [slack(`${base}/slack`)], deadMansSwitch: `${base}/switch`, runbooks: "https://git.example/runbooks.md" },
      mail: undefined,
    });
    this.url = `127.0.0.1:${await freePort()}`;
    this.process = spawn(
      "unshare",
      [
        ...(userInfo().uid === 0 ? ["--mount"] : ["--mount", "--map-root-user"]),
        ...[
          "bash",
          "-c",
          WITH_TEMPLATES,
          tool("prometheus-alertmanager"),
          join(tool("prometheus-alertmanager"), "../../share/prometheus"),
        ],
        `--config.file=${config}`,
        `--storage.path=${join(room, "data")}`,
        `--web.listen-address=${this.url}`,
        "--cluster.listen-address=",
        forwarded(ALERTMANAGER_PORT),
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    let said = "";
    this.process.stderr!.on("data", (part: Buffer) => (said += part.toString()));
    await waitFor(async () => {
      if (this.process!.exitCode !== null) throw new Error(`Alertmanager ended: ${said}`);
      return (await fetch(`http://${this.url}/-/ready`).catch(() => undefined))?.ok === true;
    });
  }

  async stop(): Promise<void> {
    if (this.process !== undefined && this.process.kill()) await once(this.process, "exit");
    this.server?.closeAllConnections();
    this.server?.close();
  }

  async fire(...alerts: readonly Labels[]): Promise<void> {
    const annotations = (name: string) => ({
      summary: `People notice ${name}`,
      description: `What to do about ${name}.`,
    });
    const body = JSON.stringify(alerts.map((labels) => ({ labels, annotations: annotations(labels["alertname"]!) })));
    const { ok } = await fetch(`http://${this.url}/api/v2/alerts`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    expect(ok).toBe(true);
  }

  /** The alerts that are kept back, by name and instance. */
  async keptBack(): Promise<readonly string[]> {
    const all = (await (await fetch(`http://${this.url}/api/v2/alerts`)).json()) as readonly {
      readonly labels: Labels;
      readonly status: { readonly inhibitedBy: readonly string[] };
    }[];
    const kept = all.filter(({ status }) => status.inhibitedBy.length > 0);
    return kept.map(({ labels }) => [labels["alertname"], labels["instance"]].filter(Boolean).join(" ")).sort();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function waitFor(condition: () => boolean | Promise<boolean>, seconds = 60): Promise<void> {
  for (let n = 0; n < seconds * 10; n += 1) {
    if (await condition()) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error("it did not come in time");
}

const one = (alertname: string, severity: string, labels: Labels = {}): Labels => ({ alertname, severity, ...labels });
const REDIS_1 = { instance: "redis-1", tier: "redis", role: "redis" };
const PAGES = [
  one("FrontDoorFails", "critical", { host: "social.example", path: "/health" }),
  one("WebErrors", "critical", { pool: "web" }),
  one("PagesBudgetBurns", "critical", { slo: "pages", burn: "14.4" }),
];

const INHIBITED: Readonly<Record<string, readonly [readonly Labels[], readonly string[]]>> = {
  "a machine explains its services and its tier's lack, and nothing of others": [
    [
      one("MachineDown", "warning", REDIS_1),
      one("DiskAlmostFull", "critical", { ...REDIS_1, mountpoint: "/" }),
      one("RedisReplicasMissing", "warning", { use: "main", tier: "redis" }),
      one("EtcdMemberMissing", "warning", { etcd: "Etcd", tier: "redis" }),
      one("PostgresStandbyMissing", "warning", { tier: "database" }),
      one("DiskAlmostFull", "warning", { instance: "redis-2", tier: "redis", mountpoint: "/" }),
      ...PAGES,
    ],
    ["DiskAlmostFull redis-1", "EtcdMemberMissing", "RedisReplicasMissing"],
  ],
  "the only pooler explains what people notice; the only cache does not": [
    [one("MachineDown", "critical", { instance: "pool-1", tier: "pool", role: "pgbouncer" }), ...PAGES],
    ["FrontDoorFails", "PagesBudgetBurns", "WebErrors"],
  ],
  "the only cache explains no errors": [
    [one("MachineDown", "critical", { instance: "cache-1", tier: "cache", role: "redis" }), ...PAGES],
    [],
  ],
  "no primary explains pages, posts, streaming and waiting clients": [
    [
      one("PostgresNoPrimary", "critical", { tier: "database" }),
      one("PostgresStandbyMissing", "warning", { tier: "database" }),
      one("SidekiqQueueLate", "critical", { queue: "push" }),
      one("StreamingClientsLost", "critical"),
      one("PgBouncerWaits", "critical", { instance: "pool-1", database: "mastodon" }),
      one("RedisMemory", "warning", { instance: "redis-1" }),
      ...PAGES,
    ],
    [
      "FrontDoorFails",
      "PagesBudgetBurns",
      "PgBouncerWaits pool-1",
      "PostgresStandbyMissing",
      "SidekiqQueueLate",
      "StreamingClientsLost",
      "WebErrors",
    ],
  ],
  "an empty pool explains its queues, and an empty web pool the front door": [
    [
      one("PoolEmpty", "critical", { pool: "posts", tier: "posts", role: "sidekiq" }),
      one("SidekiqQueueLate", "critical", { queue: "default", pool: "posts", tier: "posts" }),
      one("SidekiqQueueLate", "warning", { queue: "pull", pool: "rest", tier: "rest" }),
      ...PAGES,
    ],
    ["SidekiqQueueLate"],
  ],
  "a critical alert explains the warning of the same thing, and of no other": [
    [
      one("SidekiqQueueLate", "critical", { queue: "default", pool: "posts", tier: "posts" }),
      one("SidekiqQueueLate", "warning", { queue: "default", pool: "posts", tier: "posts" }),
      one("RedisMemory", "critical", { instance: "redis-1", use: "main" }),
      one("RedisMemory", "warning", { instance: "redis-2", use: "main" }),
    ],
    ["SidekiqQueueLate"],
  ],
};

describe("Alertmanager at work", () => {
  const running = { one: new Running() };
  beforeEach(async () => {
    running.one = new Running();
    await running.one.start();
  }, 70_000);
  afterEach(() => running.one.stop());

  test.each(Object.entries(INHIBITED))(
    "%s",
    async (_, [alerts, kept]) => {
      await running.one.fire(...alerts);
      // It judges an alert when its group is sent.
      await waitFor(async () => (await running.one.keptBack()).length >= kept.length && running.one.got.length > 0, 30);
      expect(await running.one.keptBack()).toEqual(kept);
    },
    60_000,
  );

  test("what people get: one message for a group, with what they notice first", async () => {
    await running.one.fire(
      one("WebErrors", "critical", { pool: "web" }),
      one("WebErrors", "critical", { pool: "api" }),
      one("Watchdog", "none"),
    );
    await waitFor(() => running.one.got.length >= 2, 40);
    const bySlack = running.one.got.filter(({ path }) => path === "/slack").map(({ body }) => JSON.parse(body) as object);
    expect(bySlack).toEqual([
      {
        username: "Alertmanager",
        attachments: [
          expect.objectContaining({
            color: "danger",
            title: "[critical] People notice WebErrors (and 1 more)",
            title_link: "http://localhost:9093/#/alerts?receiver=critical",
            text: expect.stringMatching(
              /^People notice WebErrors\nWhat to do about WebErrors\.\nWebErrors, firing since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\nhttps:\/\/git\.example\/runbooks\.md#weberrors\n\nPeople/,
            ),
          }),
        ],
      },
    ]);
    expect(running.one.got.filter(({ path }) => path === "/switch")).toHaveLength(1);
  }, 60_000);
});
