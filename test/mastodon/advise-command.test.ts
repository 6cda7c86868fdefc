// `cdktf-mastodon advise`, without the machines that it logs in on.

import { advise, ADVISE_USAGE, World } from "../../lib/bin/advise";
import { DRIVER } from "../../lib/bin/login";
import { Answer, NoInventory } from "../../lib/bin/deployed";
import { Inventory, InventoryMachine } from "../../lib/core/inventory";
import { QUERIES } from "../../lib/mastodon/monitoring/advice-queries";
import { said } from "../said";
import { answers, day, FROM, page, QUIET, quietBut } from "./advice-page";

const { inventory, connections } = page();
const UNTIL = FROM + 24 * 3600;
const MONITORING: InventoryMachine = {
  ...inventory.machines[0]!,
  ...{ name: "monitoring-1", role: "monitoring", units: [], login: "ssh root@203.0.113.7" },
};
const SOCIAL: Inventory = { ...inventory, machines: [...inventory.machines, MONITORING] };
const machine = (more: Partial<InventoryMachine>): Inventory => ({ ...inventory, machines: [{ ...MONITORING, ...more }] });

const good: Answer = { status: 0, stdout: answers(QUIET), stderr: "" };

/** A page with these sites, where each command that is run gives one of these answers. */
function computer(sites: readonly Inventory[] | NoInventory, ...gives: readonly Answer[]) {
  const ran: (readonly string[])[] = [];
  const world: World = {
    sites: () => {
      if (sites instanceof NoInventory) throw sites;
      return sites.map((one) => ({ inventory: one, connections }));
    },
    run: (program, args) => gives[ran.push([program, ...args]) - 1] ?? good,
    now: () => UNTIL + 130,
  };
  return { run: (...args: readonly string[]) => said(() => advise(args, world)), ran };
}

test("it logs in on the monitoring machine once, and asks for all numbers of the last day there", () => {
  const { run, ran } = computer([SOCIAL]);
  const { status, said } = run();
  expect(status).toBe(0);
  expect(said.split("\n").slice(0, 4)).toEqual([
    "social, the 24 h until 2026-11-29 08:00 UTC. Each number is of five minutes.",
    "",
    "Nothing to do.",
    "",
  ]);
  expect(ran).toHaveLength(1);
  const [program, host, command, ...more] = ran[0]!;
  expect([program, host, more]).toEqual(["ssh", "root@203.0.113.7", []]);
  // A shell there takes it apart: every word is in quotes, and has none itself.
  const words = command!.split(" ").map((word) => /^'([^']*)'$/.exec(word)?.[1]);
  expect(words.slice(0, 7)).toEqual(["curl", "-gsS", "--fail-early", "-m", "120", "-w", "\\n"]);
  expect(words).toHaveLength(7 + 1 + Object.keys(QUERIES).length);
  const asked = words.slice(7).map((url) => new URL(url!));
  for (const { origin, pathname } of asked) expect(`${origin}${pathname}`).toBe("http://127.0.0.1:9090/api/v1/query_range");
  const of = (url: URL) => Object.fromEntries(url.searchParams);
  expect(asked.map(of)).toEqual(
    ["count(up)", ...Object.values(QUERIES)].map((query) => ({
      query,
      start: String(FROM),
      end: String(UNTIL),
      step: "300",
    })),
  );
});

test("a machine of the local cloud is reached by this package's own driver, another by its words, and nobody gets a terminal", () => {
  const local = computer([machine({ login: "npx cdktf-mastodon local run social monitoring-1 --" })]);
  local.run();
  expect(local.ran[0]!.slice(0, 8)).toEqual(["bash", DRIVER, ..."run social monitoring-1 -- curl -gsS".split(" ")]);
  const other = computer([machine({ login: "vendor exec monitoring-1 --" })]);
  other.run();
  expect(other.ran[0]!.slice(0, 6)).toEqual("vendor exec monitoring-1 -- curl -gsS".split(" "));
  const tunnel = computer([machine({ login: 'ssh -t -o ProxyCommand="aws ssm %h" admin@i-0 sudo -i' })]);
  tunnel.run();
  expect(tunnel.ran[0]!.slice(0, 6)).toEqual(["ssh", "-o", "ProxyCommand=aws ssm %h", "admin@i-0", "sudo", "-i"]);
});

test("a Prometheus of one's own is asked from here", () => {
  const { run, ran } = computer([inventory]);
  expect(run("--prometheus", "http://127.0.0.1:9099/", "--hours", "168").status).toBe(0);
  expect(ran[0]!.slice(0, 7)).toEqual(["curl", "-gsS", "--fail-early", "-m", "120", "-w", "\\n"]);
  expect(ran[0]![7]).toBe(
    `http://127.0.0.1:9099/api/v1/query_range?query=count%28up%29&start=${UNTIL - 7 * 86_400}&end=${UNTIL}&step=300`,
  );
});

test("what is to be done, for programs", () => {
  const stdout = answers(quietBut({ poolerClients: day({ tier: "pool" }, 4600) }));
  const { status, said } = computer([SOCIAL], { ...good, stdout }).run("--json");
  expect(status).toBe(0);
  const { advice, ...rest } = JSON.parse(said) as { readonly advice: readonly object[] };
  expect(rest).toEqual({ site: "social", from: FROM, until: UNTIL });
  expect(advice[0]).toEqual({
    kind: "raise",
    about: "pool",
    seen: "4600 of 5000 client connections of a process were in use (2026-11-28 08:00 UTC), 85 % or more for 24 h",
    changes: [
      {
        ...{ kind: "PgBouncer", path: "stack/Social/Pool", prop: "maxClients", from: "5000", to: "8000" },
        cost: "is delivered without cutting a client",
      },
    ],
    connections: [],
    notes: [],
  });
});

test("where Prometheus has fewer hours, it says so", () => {
  const since = { labels: {}, points: day({}, 9).points.slice(-61) };
  const young = computer([SOCIAL], { ...good, stdout: answers(QUIET, since) });
  expect(young.run().said.split("\n").slice(0, 4)).toEqual([
    "social, the 24 h until 2026-11-29 08:00 UTC. Each number is of five minutes.",
    "Prometheus has numbers of the last 5 h only: they may lack the busiest hours of a day.",
    "",
    "Nothing to do.",
  ]);
  const empty = computer([SOCIAL], { ...good, stdout: answers({}, { labels: {}, points: [] }) });
  expect(empty.run()).toEqual({
    status: 1,
    said: "Prometheus has no numbers of the last 24 h / wait for some hours after the deploy, or give more --hours\n",
  });
});

test("machines of the local cloud see the processors and the memory of the computer, which are left out", () => {
  const stdout = answers(quietBut({ cpuOfBusiest: day({ tier: "database" }, 1), memory: day({ tier: "web" }, 1) }));
  const run = (cloud: string) =>
    computer([{ ...SOCIAL, cloud }], { ...good, stdout })
      .run()
      .said.split("\n")
      .slice(1, 4);
  expect(run("local")).toEqual([
    "Processors and memory are left out: machines of the local cloud share those of the computer.",
    "",
    "Nothing to do.",
  ]);
  expect(run("hetzner").slice(0, 2)).toEqual(["", "Do, the first one first:"]);
});

test("of two monitoring machines the second is asked if the first cannot be reached", () => {
  const both = { ...SOCIAL, machines: [MONITORING, { ...MONITORING, name: "monitoring-2", login: "ssh root@203.0.113.8" }] };
  const lost: Answer = { status: 255, stdout: "", stderr: "ssh: connect to host 203.0.113.7 port 22: Connection timed out\n" };
  const second = computer([both], lost, good);
  expect(second.run().status).toBe(0);
  expect(second.ran.map(([, host]) => host)).toEqual(["root@203.0.113.7", "root@203.0.113.8"]);
  const refused: Answer = { status: 7, stdout: "", stderr: "curl: (7) Failed to connect to 127.0.0.1 port 9090" };
  expect(computer([both], lost, refused).run()).toEqual({
    status: 1,
    said: [
      "Prometheus cannot be asked at monitoring-1: ssh: connect to host 203.0.113.7 port 22: Connection timed out",
      "Prometheus cannot be asked at monitoring-2: curl: (7) Failed to connect to 127.0.0.1 port 9090",
      "it logs in by: ssh root@203.0.113.7\n",
    ].join("\n"),
  });
});

test("what is missing is said, with what to do", () => {
  expect(computer([inventory]).run()).toEqual({
    status: 1,
    said: "the site social has no Monitoring / add one to the page and deploy it, or name a Prometheus by --prometheus URL\n",
  });
  expect(computer([machine({ login: undefined })]).run()).toEqual({
    status: 1,
    said: "the inventory has no way to log in on monitoring-1 / forward its port 9090 to this computer and name it by --prometheus http://127.0.0.1:9090\n",
  });
  expect(computer([]).run()).toEqual({ status: 1, said: "no site of this page is deployed / npx cdktf deploy\n" });
  expect(computer(new NoInventory("no plan / synth")).run()).toEqual({ status: 1, said: "no plan / synth\n" });
  const two = computer([SOCIAL, { ...SOCIAL, site: "other" }]);
  expect(two.run()).toEqual({ status: 1, said: "there are social, other / name one\n" });
  expect(two.run("othr").said).toBe('there is no deployed site "othr" / name one that is: social, other\n');
  expect(two.run("other").said).toContain("other, the 24 h until");
  expect(two.run("--site", "other").said).toContain("other, the 24 h until");
});

test("answers that are none of Prometheus, or not all", () => {
  const run = (stdout: string) => computer([SOCIAL], { ...good, stdout }).run().said;
  const failed = answers(QUIET).replace(/^.*\n/, '{"status":"error","errorType":"timeout","error":"query timed out"}\n');
  expect(run(failed)).toBe(
    "Prometheus at monitoring-1 does not say what it was asked: query timed out\nit logs in by: ssh root@203.0.113.7\n",
  );
  expect(run(answers(QUIET).replace(/^.*\n/, "<html>\n"))).toBe(
    "Prometheus at monitoring-1 does not say what it was asked: it did not answer as Prometheus does: <html>\nit logs in by: ssh root@203.0.113.7\n",
  );
  const count = Object.keys(QUERIES).length + 1;
  expect(run("404 page not found\n")).toBe(
    `Prometheus at monitoring-1 does not say what it was asked: it gave 1 answers to ${count} questions: 404 page not found\nit logs in by: ssh root@203.0.113.7\n`,
  );
});

test("wrong words", () => {
  const { run, ran } = computer([SOCIAL]);
  for (const [words, why] of [
    [["--hours", "0"], '--hours is "0": use a whole number from 1 to 720'],
    [["--hours", "1.5"], '--hours is "1.5": use a whole number from 1 to 720'],
    [["--prometheus", "monitoring-1"], '--prometheus is "monitoring-1": give a URL such as http://127.0.0.1:9090'],
  ] as const)
    expect(run(...words)).toEqual({ status: 2, said: `${ADVISE_USAGE}\n${why}\n` });
  expect(run("social", "more")).toEqual({ status: 2, said: `${ADVISE_USAGE}\n"more" is one word too many\n` });
  expect(run("--what").status).toBe(2);
  expect(ran).toEqual([]);
});
