// The overview page in a browser: what it says of a site that is well, of one with a fault, and when it cannot know.

import { tmpdir } from "node:os";
import { setUp } from "../../scripts/cluster";
import { Browser } from "./browser";
import { alert, Answers, AWAY, HEALTHY, serve, TROUBLED } from "./overview-site";

const MINUTE = 60_000;
let answers: Answers = HEALTHY;
let server: Awaited<ReturnType<typeof serve>>;
let browser: Browser;

beforeAll(async () => {
  await setUp({ directory: tmpdir(), say: (line) => process.stderr.write(`  ${line}\n`) }, "chromium");
  server = await serve(() => answers);
  browser = await Browser.start();
}, 10 * MINUTE);

afterAll(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});

/** Opens the page, or lets an open one ask again, and waits until its verdict is this. */
async function shows(verdict: string, now: Answers, anew = true): Promise<void> {
  answers = now;
  if (anew) await browser.open(server.url, { width: 1200 });
  else await browser.value('document.dispatchEvent(new Event("visibilitychange"))');
  await browser.until(`document.getElementById("verdict")?.textContent === ${JSON.stringify(verdict)}`);
}

/** The visible text of a part of the page: a line a paragraph, an item or a row, whose cells are divided by bars. */
async function section(id: string): Promise<readonly string[]> {
  return browser.value(`[...document.querySelectorAll("#${id} :is(h1, h2, h3, p, li:not(:has(p)), dt, dd, summary, tr:not(.below))")]
    .filter((element) => element.checkVisibility() && element.closest("details:not([open]) > :not(summary)") === null)
    .map((element) => (element.cells ? [...element.cells] : [element]).map((one) => one.innerText.replace(/\\s+/g, " ").trim()).join(" | "))
    .filter((line) => line !== "")`);
}

test("a site that is well", async () => {
  await shows("All is well", HEALTHY);
  expect(await section("head")).toEqual(["social.example", "All is well", expect.stringMatching(/^Newest sample [4-9] s ago$/)]);
  expect(await browser.value("document.title")).toBe("✓ All is well – social.example");
  expect(await section("alerts")).toEqual(["Alerts", "None is firing.", "1 silenced"]);
  expect(await section("machines")).toEqual([
    "Machines",
    "Tier | Up | CPU | Memory",
    ...["web | 4 of 4 | 46 % | 61 %", "web-1-b64500", "web-2-b64500", "web-3-b64500", "web-4-b64500"],
    ...["streaming | 2 of 2 | 18 % | 33 %", "streaming-1-91ad02", "streaming-2-91ad02"],
    ...["federated | 3 of 3 | 57 % | 55 %", "federated-1-0c5d12", "federated-2-0c5d12", "federated-3-0c5d12"],
    ...["local | 2 of 2 | 31 % | 52 %", "local-1-77c01e", "local-2-77c01e"],
    ...["scheduler | 1 of 1 | 4.0 % | 28 %", "scheduler-1-5e0aa1"],
    ...["pool | 2 of 2 | 12 % | 7.0 %", "pool-1", "pool-2"],
    ...["database | 2 of 2 | 38 % | 71 %", "database-1 primary", "database-2"],
    ...["redis | 3 of 3 | 9.0 % | 44 %", "redis-1 master: cache, main, sidekiq", "redis-2", "redis-3"],
  ]);
  expect(await section("web")).toEqual([
    "Web",
    "Pool | Requests | Errors | Waiting | Busy",
    "web | 413/s | 0.0 % | 0 | 23 of 76",
  ]);
  expect(await section("streaming")).toEqual([
    "Streaming",
    ...["Clients", "6,184", "Channels", "9,021", "Sent", "842/s", "Received", "1,266/s"],
    "Process | Clients | Channels | Sent | Received",
    "streaming-1-91ad02 :4000 | 1,551 | 2,260 | 211/s | 317/s",
    "streaming-1-91ad02 :4001 | 1,540 | 2,251 | 210/s | 316/s",
    "streaming-2-91ad02 :4000 | 1,547 | 2,254 | 211/s | 316/s",
    "streaming-2-91ad02 :4001 | 1,546 | 2,256 | 211/s | 317/s",
  ]);
  expect(await section("jobs")).toEqual([
    "Sidekiq",
    ...["Busy", "64", "Processes", "16", "Retries", "1,874", "Dead", "37"],
    "Queue | Oldest job | Jobs",
    ...[
      "default | 0.4 s | 11",
      "push | 1.8 s | 86",
      "ingress | 2.6 s | 143",
      "mailers | 0 s | 0",
      "fasp | 0 s | 0",
      "pull | 14 s | 402",
    ],
    "scheduler | 0 s | 0",
  ]);
  expect(await section("postgres")).toEqual([
    "PostgreSQL",
    "Machine | Is | Lag | Connections",
    "database-1 | primary | – | 43 %",
    "database-2 | standby | 30 ms | 6.0 %",
  ]);
  expect(await section("poolers")).toEqual([
    "PgBouncer",
    "Machine | Clients | Waiting | Wait | Busy",
    "pool-1 | 212 | 0 | 0 s | 14 of 50",
    "pool-2 | 205 | 0 | 0 s | 11 of 50",
  ]);
  expect((await section("redis")).slice(0, 4)).toEqual([
    "Redis",
    "Use | Is | Memory | Clients",
    ...["cache redis-1 | master | 819 MiB | 64", "cache redis-2 | replica | 819 MiB | 16"],
  ]);
  expect(await section("doors")).toEqual([
    "From outside",
    "Address | Is | Takes | Certificate",
    "social.example /health | answers | 83 ms | 61 days",
    "streaming.social.example /api/v1/streaming/health | answers | 21 ms | 61 days",
  ]);
  expect((await section("disks")).slice(0, 3)).toEqual([
    "Fullest disks",
    "Disk | Used | Free",
    "database-1 /var/lib/postgresql | 64 % | 180 GiB",
  ]);
  expect(await section("backups")).toEqual(["Backups", "No backup is configured."]);
});

test("a lost machine, a late queue and what follows, each in words", async () => {
  await shows("1 critical alert, 1 warning, 1 machine missing, 1 service silent", TROUBLED);
  expect(await browser.value("document.title")).toBe(
    "‼ 1 critical alert, 1 warning, 1 machine missing, 1 service silent – social.example",
  );
  expect(await section("alerts")).toEqual([
    "Alerts",
    "critical Posts come late to other servers",
    "The oldest job of `push` waits for 23m 30s, the limit is 60 s.",
    "SidekiqQueueLate · push · since 28 Nov, 09:41 · docs/runbooks.md#sidekiqqueuelate",
    "warning A machine of database is away; the others serve",
    "database-1 has not answered for 30 s.",
    "MachineDown · database-1 · since 28 Nov, 09:41 · docs/runbooks.md#machinedown",
    "1 silenced",
  ]);
  expect(await section("machines")).toEqual(
    expect.arrayContaining([
      "database | 1 of 2 1 missing | 38 % | 71 %",
      "database-1 down",
      "database-2 primary",
      "Services that do not answer",
      "down redis cache on redis-3",
    ]),
  );
  expect(await section("postgres")).toEqual(
    expect.arrayContaining(["database-1 | no data | no data | no data", "database-2 | primary | – | 88 % high"]),
  );
  expect((await section("web")).at(-1)).toBe("web | 413/s | 2.4 % errors | 31 waiting | 76 of 76 busy");
  expect(await section("jobs")).toEqual(expect.arrayContaining(["default | 75 s late | 1,811", "push | 23 min late | 48,120"]));
  expect(await section("disks")).toEqual(expect.arrayContaining(["database-2 /var/lib/postgresql | 92 % full | 40 GiB"]));
  expect((await section("doors")).at(-1)).toBe(
    "streaming.social.example /api/v1/streaming/health | answers | 21 ms | 5 days ends",
  );
  expect(await section("backups")).toEqual(["Backups", "Last backup", "4 h ago", "Last proven restore", "12 days ago old"]);
});

test("a Prometheus that does not answer: from the start nothing, later what was known, marked as old", async () => {
  const help =
    "The state of the site is not known; what stands below is old. The site itself does not need its monitoring. " +
    "systemctl status prometheus nginx on the monitoring machine says more.";
  await shows("Prometheus does not answer", AWAY);
  expect(await section("head")).toEqual(["social.example", "Prometheus does not answer", help]);
  expect(await section("main")).toEqual([]);
  await shows("All is well", HEALTHY, false);
  expect(await section("head")).not.toContain(help);
  await shows("Prometheus does not answer", AWAY, false);
  expect(await section("head")).toEqual([
    "social.example",
    "Prometheus does not answer",
    expect.stringMatching(/^Newest sample \d+ s ago$/),
    help,
  ]);
  expect((await section("web")).at(-1)).toBe("web | 413/s | 0.0 % | 0 | 23 of 76");
  expect(await browser.value('document.getElementById("main").className')).toBe("old");
});

test("samples that are old, and an Alertmanager that is away", async () => {
  const since = (age: number) => ({ ...HEALTHY, samples: { ...HEALTHY.samples, age: [[{}, age]] as const } });
  await shows("Prometheus takes no samples", since(120));
  expect((await section("head"))[2]).toBe("Newest sample 2 min ago");
  await shows("Prometheus has no sample of the last five minutes", {
    ...HEALTHY,
    samples: { ...HEALTHY.samples, age: [] },
  });
  await shows("Alertmanager does not answer, 1 warning", {
    alerts: undefined,
    samples: { ...HEALTHY.samples, alerts: [[{ alertname: "WebBusy", severity: "warning", pool: "web" }, 1]] },
  });
  expect(await section("alerts")).toEqual([
    "Alerts",
    "away Alertmanager does not answer: nobody is told of alerts. These are Prometheus' own.",
    "warning WebBusy",
    "WebBusy · web · docs/runbooks.md#webbusy",
  ]);
});

test("two primaries, and none", async () => {
  const primaries = (...names: readonly string[]) => ({
    ...HEALTHY,
    samples: { ...HEALTHY.samples, primary: names.map((instance) => [{ instance }, 1] as const) },
  });
  await shows("no primary", primaries());
  expect((await section("postgres"))[1]).toBe("no primary Nothing can be written.");
  await shows("2 primaries", primaries("database-1", "database-2"));
  expect((await section("postgres"))[1]).toBe("2 primaries One of them must be stopped at once.");
});

test("markup in what metrics and alerts hold is shown as it is", async () => {
  const markup = '<img src="x" onerror="document.title=1">';
  await shows("1 critical alert, 1 service silent", {
    alerts: [alert(markup, "critical", { instance: markup }, markup, markup)],
    samples: { ...HEALTHY.samples, down: [[{ job: markup, instance: markup }, 0]] },
  });
  const [, summary, description, small] = await section("alerts");
  expect([summary, description]).toEqual([`critical ${markup}`, markup]);
  expect(small).toMatch(`${markup} · ${markup} · since`);
  expect((await section("machines")).at(-1)).toBe(`down ${markup} on ${markup}`);
  expect(await browser.value('document.querySelectorAll("img").length')).toBe(0);
});

test("on a phone nothing is wider than the screen, and the browser complains of nothing", async () => {
  answers = TROUBLED;
  await browser.open(server.url, { width: 360 });
  await browser.until('document.getElementById("backups") !== null');
  const wide =
    '[document.documentElement, ...document.querySelectorAll(".wide")].filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.innerText)';
  expect(await browser.value(wide)).toEqual([]);
  expect(browser.complaints).toEqual([]);
});
