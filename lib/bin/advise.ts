// `cdktf-mastodon advise [SITE]`: says what to change on the page, from the numbers that Prometheus on the site's monitoring machine has of the last hours.

import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { Inventory, InventoryMachine } from "../core/inventory";
import { wrongNumber } from "../core/whole-number";
import { budgetsIn } from "../mastodon/connections";
import { Advice, advice } from "../mastodon/monitoring/advice";
import { Answered, lastHours, numbersIn, paths, Period } from "../mastodon/monitoring/advice-answers";
import { Numbers } from "../mastodon/monitoring/advice-numbers";
import { STEP_SECONDS } from "../mastodon/monitoring/advice-queries";
import { adviceText } from "../mastodon/monitoring/advice-text";
import { moment, span } from "../mastodon/monitoring/advice-words";
import { PROMETHEUS_WEB_PORT } from "../mastodon/ports";
import { Answer, deployed, NoInventory, outputDirectory, planned } from "./deployed";
import { loginWords } from "./login";

export const ADVISE_USAGE = `usage: cdktf-mastodon advise [SITE] [--hours 24] [--prometheus URL] [--json] [--out DIRECTORY]
  Says what was short or larger than needed in the last hours, which prop of which construct to change, and what that costs. The numbers are those of
  the site's Monitoring, on whose machine it logs in as the inventory says. With --prometheus it asks that Prometheus instead, such as
  http://127.0.0.1:${PROMETHEUS_WEB_PORT} of a forwarded port. SITE is needed only beside other sites. --hours is from 1 to 720. --json prints it for programs, and
  --out is where cdktf synth writes (cdktf.out).`;

/** The side effects of the command; replaced in tests. */
export interface World {
  /** The deployed sites of the page whose plan is in a directory, each with the sums of connections in that plan. */
  readonly sites: (directory: string) => readonly { readonly inventory: Inventory; readonly connections: unknown }[];
  /** Runs a program; returns what it printed. */
  readonly run: (program: string, args: readonly string[]) => Answer;
  /** Unix time in seconds. */
  readonly now: () => number;
}

const MOST_HOURS = 720;
const HERE_URL = `http://127.0.0.1:${PROMETHEUS_WEB_PORT}`;
// Prints what it gets of an error too: Prometheus says there why.
const CURL = ["curl", "-gsS", "--fail-early", "-m", "120", "-w", "\\n"];

/** Prints it; returns the exit status: 0 also if there is something to do. */
export function advise(args: readonly string[], world: World = HERE): number {
  let given, positionals;
  try {
    const text = { type: "string" } as const;
    // `--site` is how `owner` and `secrets` name one, whose word is another.
    const options = { site: text, hours: text, prometheus: text, json: { type: "boolean" }, out: text } as const;
    ({ values: given, positionals } = parseArgs({ args: [...args], allowPositionals: true, options }));
  } catch (error) {
    return wrong(`${ADVISE_USAGE}\n${(error as Error).message}`, 2);
  }
  const [site = given.site, more] = positionals;
  if (more !== undefined) return wrong(`${ADVISE_USAGE}\n"${more}" is one word too many`, 2);
  const hours = Number(given.hours ?? "24");
  const wrongHours = wrongNumber("--hours", hours, { least: 1, most: MOST_HOURS });
  if (wrongHours !== undefined) return wrong(`${ADVISE_USAGE}\n--hours is "${given.hours}": ${wrongHours.remedy}`, 2);
  if (given.prometheus !== undefined && !/^https?:\/\/[^\s'"]+$/.test(given.prometheus))
    return wrong(`${ADVISE_USAGE}\n--prometheus is "${given.prometheus}": give a URL such as ${HERE_URL}`, 2);
  try {
    const { inventory, connections } = chosen(world.sites(outputDirectory(given.out)), site);
    const period = lastHours(hours, world.now());
    const { numbers, since } = ask(inventory, period, given.prometheus, world);
    if (since === undefined)
      return wrong(
        `Prometheus has no numbers of the last ${span(hours * 3600)} / wait for some hours after the deploy, or give more --hours`,
        1,
      );
    const late = since - period.from > 2 * STEP_SECONDS ? since : undefined;
    const own = inventory.cloud === "local" ? withoutComputers(numbers) : numbers;
    const all = advice({ inventory, numbers: own, budgets: budgetsIn(connections) });
    if (given.json === true)
      console.log(JSON.stringify({ site: inventory.site, from: late ?? period.from, until: period.until, advice: all }, null, 2));
    else console.log(readable(inventory, period, late, all).join("\n"));
    return 0;
  } catch (error) {
    if (error instanceof NoInventory || error instanceof NoNumbers) return wrong(error.message, 1);
    throw error;
  }
}

/** Prometheus cannot be asked; the message says why and what to do. */
class NoNumbers extends Error {}

type Site = ReturnType<World["sites"]>[number];

function chosen(sites: readonly Site[], site: string | undefined): Site {
  const found = sites.length === 1 && site === undefined ? sites[0] : sites.find(({ inventory }) => inventory.site === site);
  if (found !== undefined) return found;
  if (sites.length === 0) throw new NoInventory("no site of this page is deployed / npx cdktf deploy");
  const there = sites.map(({ inventory }) => inventory.site).join(", ");
  throw new NoInventory(
    site === undefined ? `there are ${there} / name one` : `there is no deployed site "${site}" / name one that is: ${there}`,
  );
}

/** On the local cloud, machines share the computer's processors, memory and disk, and see those of all as their own. */
function withoutComputers(numbers: Numbers): Numbers {
  return { ...numbers, cpu: [], cpuOfBusiest: [], memory: [], diskWait: [] };
}

/** From the first machine that answers; both have the same numbers. */
function ask(inventory: Inventory, period: Period, url: string | undefined, world: World): Answered {
  if (url !== undefined) {
    const base = url.replace(/\/+$/, "");
    return answered(url, world.run(CURL[0]!, [...CURL.slice(1), ...paths(period).map((path) => `${base}${path}`)]));
  }
  const machines = inventory.machines.filter(({ role }) => role === "monitoring");
  if (machines.length === 0)
    throw new NoNumbers(
      `the site ${inventory.site} has no Monitoring / add one to the page and deploy it, or name a Prometheus by --prometheus URL`,
    );
  const reached = machines.filter(({ login }) => login !== undefined);
  if (reached.length === 0)
    throw new NoNumbers(
      `the inventory has no way to log in on ${names(machines)} / forward its port ${PROMETHEUS_WEB_PORT} to this computer and name it by --prometheus ${HERE_URL}`,
    );
  const failures: string[] = [];
  for (const { name, login } of reached) {
    const [program, ...words] = loginWords(login!);
    const command = [...CURL, ...paths(period).map((path) => `${HERE_URL}${path}`)];
    // A shell reads it on the other side of ssh.
    const remote = program === "ssh" ? [command.map((word) => `'${word}'`).join(" ")] : command;
    try {
      return answered(name, world.run(program!, [...words.filter((word) => program !== "ssh" || word !== "-t"), ...remote]));
    } catch (error) {
      if (!(error instanceof NoNumbers)) throw error;
      failures.push(error.message);
    }
  }
  throw new NoNumbers(`${failures.join("\n")}\nit logs in by: ${reached[0]!.login}`);
}

const names = (machines: readonly InventoryMachine[]) => machines.map(({ name }) => name).join(" and ");

function answered(whom: string, { status, stdout, stderr }: Answer): Answered {
  if (status !== 0) {
    const why = stderr.trim() === "" ? `the command ended with status ${status}` : stderr.trim();
    throw new NoNumbers(`Prometheus cannot be asked at ${whom}: ${why}`);
  }
  try {
    return numbersIn(stdout);
  } catch (error) {
    throw new NoNumbers(`Prometheus at ${whom} does not say what it was asked: ${(error as Error).message}`);
  }
}

/** As a person reads it. */
function readable(
  { site, cloud }: Inventory,
  period: Period,
  since: number | undefined,
  all: readonly Advice[],
): readonly string[] {
  const { from, until } = period;
  const short =
    since === undefined
      ? []
      : [`Prometheus has numbers of the last ${span(until - since)} only: they may lack the busiest hours of a day.`];
  const shared =
    cloud === "local" ? ["Processors and memory are left out: machines of the local cloud share those of the computer."] : [];
  return [
    `${site}, the ${span(until - from)} until ${moment(until)}. Each number is of five minutes.`,
    ...short,
    ...shared,
    "",
    ...adviceText(all),
  ];
}

function wrong(words: string, status: number): number {
  console.error(words);
  return status;
}

const HERE: World = {
  sites: (directory) => {
    const plans = planned(directory);
    return deployed(directory).map(({ stack, inventory }) => {
      const plan = plans.find((one) => one.stack === stack && one.inventory.site === inventory.site);
      return { inventory, connections: plan?.locals[`${inventory.site.replaceAll("-", "_")}_database_connections`] };
    });
  },
  run: (program, args) =>
    spawnSync(program, args, { encoding: "utf8", maxBuffer: 512 * 1024 * 1024, stdio: ["ignore", "pipe", "pipe"] }),
  now: () => Date.now() / 1000,
};
