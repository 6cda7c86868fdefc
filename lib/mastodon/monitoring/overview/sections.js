// What the overview page shows of a site: each section is made of `facts` (site.json), `of` (Prometheus' samples by the names of its queries) and
// `alerts` (Alertmanager's). A section of a service that the page does not have is left out.

import { above, badge, bytes, cell, count, el, figures, name, number, rate, seconds, share, shown, table } from "./words.js";

const DAY = 86400;

/** The value of the sample with these labels. */
function valueOf(samples, labels = {}) {
  const matches = ({ labels: own }) => Object.entries(labels).every(([name, value]) => (own[name] ?? "") === value);
  return samples?.find(matches)?.value;
}

const compare = (a, b) => a.localeCompare(b, "en", { numeric: true });
/** The tiers with a kind of service, and then the servers that run elsewhere. */
const serving = ({ tiers, external = [] }, what) => [...tiers, ...external].filter((tier) => tier.runs.includes(what));
const runs = (facts, what) => serving(facts, what).length > 0;

function section(id, title, ...content) {
  return el("section", { id, "aria-labelledby": `${id}-title` }, el("h2", { id: `${id}-title` }, title), content);
}

export function sections(site) {
  const { facts } = site;
  const has = (what, make) => runs(facts, what) && make(site);
  return [
    alerts(site),
    machines(site),
    has("web", web),
    has("streaming", streaming),
    (facts.queues.length > 0 || facts.redis.length > 0) && jobs(site),
    has("postgres", postgres),
    has("pgbouncer", poolers),
    has("redis", redis),
    doors(site),
    disks(site),
    backups(site),
  ].filter(Boolean);
}

/** What the page is headed by: alerts by severity, machines that are missing, and what keeps people from being told. */
export function troubles({ facts, of, alerts: told }) {
  const firing = firingOf(told, of).filter(({ silenced }) => !silenced);
  const critical = firing.filter(({ state }) => state === "critical").length;
  const warning = firing.length - critical;
  const missing = facts.tiers.reduce((sum, tier) => sum + tierOf(tier, of).missing, 0);
  const primaries = wrongPrimaries(of);
  const silent = of.down?.length ?? 0;
  const words = [
    told === undefined && "Alertmanager does not answer",
    critical > 0 && count(critical, "critical alert"),
    warning > 0 && count(warning, "warning"),
    missing > 0 && `${count(missing, "machine")} missing`,
    primaries !== undefined && primaries,
    silent > 0 && `${count(silent, "service")} silent`,
  ].filter(Boolean);
  const now = told === undefined || critical > 0 || missing > 0 || primaries !== undefined;
  const state = now ? "critical" : warning > 0 || silent > 0 ? "warning" : "ok";
  return { state, words: words.length === 0 ? "All is well" : words.join(", ") };
}

/** Alerts, the worst first, then the latest. One without a severity of its own only shows that alerts arrive. */
function firingOf(told, of) {
  const known = told ?? (of.alerts ?? []).map(({ labels }) => ({ labels, annotations: {}, status: {} }));
  return known
    .filter(({ labels }) => labels.severity === "critical" || labels.severity === "warning")
    .map(({ labels, annotations, startsAt, status }) => ({
      labels,
      annotations,
      state: labels.severity,
      since: startsAt === undefined ? 0 : Date.parse(startsAt),
      silenced: status.state === "suppressed",
    }))
    .sort((a, b) => compare(a.state, b.state) || b.since - a.since);
}

function alerts({ of, alerts: told }) {
  const all = firingOf(told, of);
  const firing = all.filter(({ silenced }) => !silenced);
  const silenced = all.filter((alert) => alert.silenced);
  return section(
    "alerts",
    "Alerts",
    told === undefined &&
      el(
        "p",
        { class: "help", "data-state": "critical" },
        badge("critical", "away"),
        " Alertmanager does not answer: nobody is told of alerts. These are Prometheus' own.",
      ),
    firing.length === 0 ? el("p", { class: "none" }, "None is firing.") : el("ul", { class: "alerts" }, firing.map(alert)),
    silenced.length > 0 && details("silenced", `${silenced.length} silenced`, el("ul", { class: "alerts" }, silenced.map(alert))),
  );
}

function alert({ labels, annotations, state, since }) {
  const { alertname, instance, pool, queue, use, host, mountpoint } = labels;
  const where = [instance ?? pool, queue, use, host, mountpoint].filter(Boolean);
  const { summary = alertname, description, runbook_url } = annotations;
  return el(
    "li",
    { "data-state": state },
    el("p", {}, badge(state, state), " ", el("strong", {}, summary)),
    description && el("p", {}, description),
    el(
      "p",
      { class: "small" },
      [alertname, ...where].join(" · "),
      since > 0 && [" · since ", el("time", { datetime: new Date(since).toISOString() }, clock(since))],
      " · ",
      runbook_url ? el("a", { href: runbook_url }, "runbook") : `docs/runbooks.md#${alertname.toLowerCase()}`,
    ),
  );
}

/** The local time, with the day if it is not today. */
function clock(at) {
  const date = new Date(at);
  const time = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return date.toDateString() === new Date().toDateString()
    ? time
    : `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short" })}, ${time}`;
}

function details(id, summary, ...content) {
  return el("details", { id }, el("summary", {}, summary), content);
}

/** A tier's machines with the state of each, and how many are missing of those that the page has. */
function tierOf({ name: tier, machines: names, size }, of) {
  const seen = (of.machines ?? []).filter(({ labels }) => labels.tier === tier || labels.pool === tier);
  const all = names ?? seen.map(({ labels }) => labels.instance).sort(compare);
  const list = all.map((machine) => {
    const up = valueOf(seen, { instance: machine });
    return {
      machine,
      state: up === 1 ? "ok" : "critical",
      word: up === undefined ? "unknown to Prometheus" : up === 1 ? "up" : "down",
    };
  });
  const up = list.filter(({ state }) => state === "ok").length;
  const expected = names?.length ?? size;
  return { list, up, expected, missing: Math.max(0, expected - up) };
}

function machines({ facts, of }) {
  const marks = (machine) => [
    valueOf(of.primary, { instance: machine }) === 1 && "primary",
    masterOf(of, machine).length > 0 && `master: ${masterOf(of, machine).join(", ")}`,
  ];
  const tiers = facts.tiers.map((tier) => ({ ...tierOf(tier, of), tier: tier.name }));
  const rows = tiers.map(({ tier, up, expected, missing }) => [
    tier,
    cell(`${up} of ${expected}`, { state: missing > 0 ? "critical" : "ok", word: `${missing} missing` }),
    busy(valueOf(of.cpu, { tier }), 0.9),
    busy(valueOf(of.memory, { tier }), 0.95),
  ]);
  const one = ({ machine, state, word }) => {
    const words = [
      state !== "ok" && badge(state, word),
      ...marks(machine).map((mark) => mark && el("span", { class: "mark" }, mark)),
    ];
    return el(
      "li",
      {},
      machine,
      words.filter(Boolean).flatMap((node) => [" ", node]),
    );
  };
  const names = tiers.map(({ tier, list }) => {
    const few = list.length <= 8 || list.some(({ state }) => state !== "ok");
    const all = el("ul", { class: "names" }, list.map(one));
    if (list.length === 0) return undefined;
    return few ? all : details(`names-${tier}`, `${list.length} names`, all);
  });
  const down = (of.down ?? []).map(({ labels: { job, instance, process, use, host } }) =>
    el("li", {}, badge("critical", "down"), ` ${[job, use, process, host].filter(Boolean).join(" ")} on ${instance}`),
  );
  return section(
    "machines",
    "Machines",
    table(["Tier", "Up", "CPU", "Memory"], rows, names),
    down.length > 0 && [el("h3", {}, "Services that do not answer"), el("ul", { class: "plain" }, down)],
  );
}

const busy = (value, limit) => shown(value, share, { full: value, state: above(value, limit), word: "high" });
const masterOf = (of, machine) =>
  (of.master ?? [])
    .filter(({ labels }) => labels.instance === machine)
    .map(({ labels }) => labels.use ?? "?")
    .sort();

function web({ facts, of }) {
  const pools = serving(facts, "web");
  const rows = pools.map(({ name: tier }) => {
    const pool = { pool: tier };
    const requests = valueOf(of.webRequests, pool);
    const errors = valueOf(of.webErrors, pool);
    const part = requests > 0 ? errors / requests : 0;
    const [waiting, threads, running] = [valueOf(of.webWaiting, pool), valueOf(of.webThreads, pool), valueOf(of.webBusy, pool)];
    return [
      tier,
      shown(requests, rate),
      shown(errors === undefined ? undefined : part, share, { state: above(part, 0.01, 0.05), word: "errors" }),
      shown(waiting, number, { state: above(waiting, threads / 4, threads), word: "waiting" }),
      shown(running, (value) => `${number(value)} of ${threads === undefined ? "?" : number(threads)}`, {
        full: running / threads,
        state: above(running / threads, 0.85),
        word: "busy",
      }),
    ];
  });
  return section("web", "Web", table(["Pool", "Requests", "Errors", "Waiting", "Busy"], rows));
}

function streaming({ of }) {
  const key = ({ labels }) => `${labels.instance} ${labels.process}`;
  const processes = [...new Map((of.processClients ?? []).map((sample) => [key(sample), sample.labels])).values()].sort((a, b) =>
    compare(key({ labels: a }), key({ labels: b })),
  );
  const rows = processes.map(({ instance, process }) => {
    const value = (samples) => valueOf(samples, { instance, process });
    return [
      [instance, " ", el("span", { class: "small" }, `:${process}`)],
      shown(value(of.processClients), number),
      shown(value(of.processChannels), number),
      shown(value(of.processSent), rate),
      shown(value(of.processReceived), rate),
    ];
  });
  const columns = ["Process", "Clients", "Channels", "Sent", "Received"];
  return section(
    "streaming",
    "Streaming",
    figures(
      ["Clients", shown(valueOf(of.clients), number)],
      ["Channels", shown(valueOf(of.channels), number)],
      ["Sent", shown(valueOf(of.sent), rate)],
      ["Received", shown(valueOf(of.received), rate)],
    ),
    rows.length > 0 &&
      (rows.length <= 4 ? table(columns, rows) : details("processes", `${rows.length} processes`, table(columns, rows))),
  );
}

function jobs({ facts, of }) {
  const queues = [...new Set([...facts.queues, ...(of.queueLatency ?? []).map(({ labels }) => labels.queue)])];
  const rows = queues.map((queue) => {
    const latency = valueOf(of.queueLatency, { queue }) ?? (of.queueLatency?.length > 0 ? 0 : undefined);
    const most = facts.queueSeconds[queue] ?? Infinity;
    return [
      queue,
      shown(latency, seconds, { state: above(latency, most, 5 * most), word: "late" }),
      shown(valueOf(of.queueSize, { queue }) ?? (latency === undefined ? undefined : 0), number),
    ];
  });
  return section(
    "jobs",
    "Sidekiq",
    figures(
      ["Busy", shown(valueOf(of.jobsBusy), number)],
      ["Processes", shown(valueOf(of.jobProcesses), number)],
      ["Retries", shown(valueOf(of.retries), number)],
      ["Dead", shown(valueOf(of.dead), number)],
    ),
    table(["Queue", "Oldest job", "Jobs"], rows),
  );
}

function postgres({ facts, of }) {
  const names = serving(facts, "postgres").flatMap((tier) => tier.machines ?? []);
  const rows = names.map((instance) => {
    const primary = valueOf(of.primary, { instance }) === 1;
    const lag = valueOf(of.lag, { instance });
    const used = valueOf(of.connections, { instance });
    return [
      instance,
      primary
        ? cell("primary")
        : shown(lag ?? used, () => "standby", {
            state: valueOf(of.follows, { instance }) === 0 ? "critical" : "ok",
            word: "cut off",
          }),
      primary ? cell("–") : shown(lag, seconds, { state: above(lag, 10, 300), word: "behind" }),
      shown(used, share, { full: used, state: above(used, 0.85, 0.95), word: "high" }),
    ];
  });
  const wrong = wrongPrimaries(of);
  return section(
    "postgres",
    "PostgreSQL",
    wrong &&
      el(
        "p",
        { class: "help" },
        badge("critical", wrong),
        of.primary?.length > 1 ? " One of them must be stopped at once." : " Nothing can be written.",
      ),
    table(["Machine", "Is", "Lag", "Connections"], rows),
  );
}

/** Words if there is not exactly one primary. Without a sample of any PostgreSQL nothing is known of a primary either. */
function wrongPrimaries(of) {
  const primaries = of.primary?.length ?? 0;
  if (!(of.connections?.length > 0) || primaries === 1) return undefined;
  return primaries === 0 ? "no primary" : `${primaries} primaries`;
}

function poolers({ facts, of }) {
  const own = serving(facts, "pgbouncer");
  const kept = own.flatMap((tier) => (tier.machines ?? []).map((instance) => [instance, tier.name]));
  const seen = (of.poolClients ?? []).map(({ labels }) => [labels.instance, labels.tier]);
  const hosts = [...new Map([...kept, ...seen])].sort(([a], [b]) => compare(a, b));
  const rows = hosts.map(([instance, tier]) => {
    const value = (samples) => valueOf(samples, { instance });
    const [waiting, wait, running] = [value(of.poolWaiting), value(of.poolWait), value(of.poolBusy)];
    const most = facts.serverConnections[tier];
    return [
      instance,
      shown(value(of.poolClients), number),
      shown(waiting, number),
      shown(wait, seconds, { state: above(wait, 1, 5), word: "waiting" }),
      shown(
        running,
        (number_) => (most === undefined ? number(number_) : `${number(number_)} of ${most}`),
        most === undefined ? {} : { full: running / most, state: above(running / most, 0.95), word: "high" },
      ),
    ];
  });
  return section("poolers", "PgBouncer", table(["Machine", "Clients", "Waiting", "Wait", "Busy"], rows));
}

function redis({ of }) {
  const samples = [...(of.redisClients ?? [])].sort(
    (a, b) => compare(a.labels.use ?? "", b.labels.use ?? "") || compare(a.labels.instance, b.labels.instance),
  );
  const rows = samples.map(({ labels: { instance, use = "" } }) => {
    const value = (all) => valueOf(all, { instance, use });
    const [used, limit, link] = [value(of.redisMemory), value(of.redisLimit), value(of.replicaLink)];
    const master = value(of.master) !== undefined;
    // A cache is full on purpose: it drops what was not asked for the longest.
    const state = use === "cache" ? "ok" : above(used / limit, 0.8, 0.95);
    return [
      [use, " ", el("span", { class: "small" }, instance)],
      master ? cell("master") : cell("replica", { state: link === 0 ? "critical" : "ok", word: "cut off" }),
      shown(used, bytes, limit > 0 ? { full: used / limit, state, word: "full" } : {}),
      shown(value(of.redisClients), number),
    ];
  });
  return section(
    "redis",
    "Redis",
    rows.length === 0 ? el("p", { class: "none" }, "no data") : table(["Use", "Is", "Memory", "Clients"], rows),
  );
}

function doors({ facts, of }) {
  const rows = (of.doors ?? []).map(({ labels: { host, path }, value }) => {
    const left = valueOf(of.certificates, { host });
    return [
      [name(host), " ", el("span", { class: "small" }, name(path))],
      cell(value === 1 ? "answers" : "", { state: value === 1 ? "ok" : "critical", word: "no answer" }),
      shown(valueOf(of.doorSeconds, { host, path }), seconds),
      shown(left, (value_) => count(Math.floor(value_ / DAY), "day"), {
        state: above(-left, -facts.certificateDays * DAY, -3 * DAY),
        word: "ends",
      }),
    ];
  });
  return section(
    "doors",
    "From outside",
    rows.length === 0 ? el("p", { class: "none" }, "no data") : table(["Address", "Is", "Takes", "Certificate"], rows),
  );
}

function disks({ of }) {
  const rows = (of.disks ?? []).map(({ labels: { instance, mountpoint }, value }) => [
    [instance, " ", el("span", { class: "small" }, name(mountpoint))],
    cell(share(value), { full: value, state: above(value, 0.9, 0.96), word: "full" }),
    shown(valueOf(of.diskFree, { instance, mountpoint }), bytes),
  ]);
  return section(
    "disks",
    "Fullest disks",
    rows.length === 0 ? el("p", { class: "none" }, "no data") : table(["Disk", "Used", "Free"], rows),
  );
}

function backups({ of }) {
  const [backup, restore] = [valueOf(of.backup), valueOf(of.restore)];
  const ago = (value, warning, critical) =>
    cell(`${seconds(-value)} ago`, { state: above(-value, warning, critical), word: "old" });
  return section(
    "backups",
    "Backups",
    backup === undefined
      ? el("p", { class: "none" }, "No backup is configured.")
      : figures(
          ["Last backup", ago(backup, 1.5 * DAY, 3 * DAY)],
          [
            "Last proven restore",
            restore === undefined ? cell("none", { state: "warning", word: "unproven" }) : ago(restore, 8 * DAY, 31 * DAY),
          ],
        ),
  );
}
