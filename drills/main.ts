// `cdktf-mastodon drill`: causes failures on a deployed local site under load, and reports their effect on users. The exit status is 0, 1 if a drill
// failed, or 2 if there was nothing to drill.

import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { NoInventory } from "../lib/bin/deployed";
import { signInAll } from "../scripts/journey";
import { Capacity, measureCapacity, thirdOf } from "./capacity";
import { Drill, pause, Scene } from "./drill";
import { errors } from "./errors";
import { DRILLS } from "./list";
import { Rates, USUAL, visitorPaths } from "./load";
import { commandOf, NotReady, openPage } from "./page";
import { repeated } from "./repeat";
import { Load, lost, markdown, Report, Result, saw } from "./report";
import { runDrill, well } from "./runner";
import { kept, logs } from "./secrets";
import { Site } from "./site";
import { Uploads } from "./uploads";

// Enough that all drills in a row stay below what Mastodon lets one account post.
const ACCOUNTS = 16;
const SETTLE_SECONDS = 5;
/** Uploaded before the first drill; one more follows each. */
const FILES = 3;

const USAGE = `usage: cdktf-mastodon drill [NAME…] [options]
  Breaks the deployed local site of the page in this directory on purpose, one drill after the other or
  those that are named, while users read, post and listen. It heals what it broke.
  --list                 the drills and what each does
  --site SITE            if the page makes several; in lower case
  --var-file FILE        Terraform's secrets (secrets.tfvars.json)
  --out DIRECTORY        where drills.md and drills.json are written (this directory)
  --pages-per-second N   how much is read; without it a third of what the machine carries, which is measured first, and at most 10
  --posts-per-second N   how much is written; without it a fifth of the pages. Mastodon lets each of the ${ACCOUNTS} accounts post
                         300 times in three hours
  --repeat N             does each drill so many times; the report then has the least, the median and the most of each number
  --alerts               whether Monitoring tells of it: each failure lasts until its alert fires, and what users notice has no
                         limits then
  --slack-seconds N      added to every limit in seconds, on a machine that is busy otherwise
  --grown PAGE|COMMAND   a second version of the page, with more machines, for the drill \`growth\``;

export async function main(args: readonly string[]): Promise<number> {
  let given;
  try {
    given = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        list: { type: "boolean" },
        help: { type: "boolean" },
        site: { type: "string" },
        "var-file": { type: "string" },
        out: { type: "string", default: "." },
        "posts-per-second": { type: "string" },
        "pages-per-second": { type: "string" },
        repeat: { type: "string", default: "1" },
        grown: { type: "string" },
        alerts: { type: "boolean" },
        "slack-seconds": { type: "string", default: "0" },
      },
    });
  } catch (error) {
    return refuse(`${(error as Error).message}\n${USAGE}`);
  }
  const { values, positionals } = given;
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  if (values.list === true) {
    for (const { name, title } of DRILLS) console.log(`${name.padEnd(26)}${title}`);
    return 0;
  }
  const wanted = { pages: numberOf(values["pages-per-second"]), posts: numberOf(values["posts-per-second"]) };
  if (!(within(wanted.pages, 100) && within(wanted.posts, 50)))
    return refuse("use up to 100 pages and up to 50 posts per second");
  const repeat = Number(values.repeat);
  if (!(Number.isInteger(repeat) && repeat >= 1 && repeat <= 100)) return refuse("--repeat takes a whole number from 1 to 100");
  const slackSeconds = Number(values["slack-seconds"]);
  if (!(slackSeconds >= 0 && slackSeconds <= 60)) return refuse("--slack-seconds takes a number from 0 to 60");
  const unknown = positionals.filter((name) => !DRILLS.some((drill) => drill.name === name));
  if (unknown.length > 0) return refuse(`there is no drill ${unknown.join(", ")}; --list shows all`);
  const chosen = DRILLS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void stop());
  const directory = process.cwd();
  const say = (line: string) => console.log(`  ${line}`);
  try {
    const page = await openPage({
      place: { directory, say, ...(values["var-file"] !== undefined && { secrets: resolve(values["var-file"]) }) },
      ...(values.site !== undefined && { site: values.site }),
    });
    const site = await Site.of(page.site, page.inventory);
    console.log(`Signing ${ACCOUNTS} accounts in at ${site.door.domain}`);
    const web = await site.web();
    const accounts = Array.from({ length: ACCOUNTS }, (_, n) => `drill${n + 1}`);
    const tokens = signInAll(site.name, web.name, site.domain, accounts);
    await well({ site, tokens }).catch((error: Error) => {
      throw new NotReady(`the site ${site.name} is not well, so nothing was broken: ${error.message}`);
    });
    const paths = await visitorPaths(site.door, accounts[0]!);
    const { rates, load } = await loadOf(site, paths, wanted);
    console.log(load.said);
    const files = new Uploads(site.door, tokens);
    for (let n = 0; n < FILES; n++) await files.upload();
    const drills = Array.from({ length: repeat }, () => chosen).flat();
    // After each drill, since a run of hours that is stopped has still seen something.
    const write = (results: readonly Result[]) => {
      mkdirSync(values.out, { recursive: true });
      writeFileSync(join(values.out, "drills.md"), repeat === 1 ? markdown(results, load.said) : repeated(results, load.said));
      writeFileSync(join(values.out, "drills.json"), JSON.stringify({ load, results } satisfies Report, null, 2) + "\n");
    };
    const results = await runAll(drills, files, write, (drill) =>
      runDrill(drill, {
        site,
        page,
        tokens,
        rates,
        paths,
        options: {
          slackSeconds,
          alerts: values.alerts === true,
          ...(values.grown !== undefined && { grown: commandOf(values.grown, directory) }),
        },
        say,
        entered,
      }),
    );
    const secrets = kept(page.place, tokens);
    for (const row of [await files.check(), await logs(site, secrets), await errors(site, "drilled", secrets)]) {
      report(row);
      results.push(row);
    }
    write(results);
    console.log(`\nwrote ${join(values.out, "drills.md")} and ${join(values.out, "drills.json")}`);
    return results.some(({ passed }) => passed === false) ? 1 : 0;
  } catch (error) {
    if (error instanceof NotReady || error instanceof NoInventory) return refuse(error.message);
    throw error;
  }
}

/** What the drills load, and why: what somebody wants, or a third of what the machine carries. */
async function loadOf(
  site: Site,
  paths: readonly string[],
  wanted: Wanted,
): Promise<{ readonly rates: Rates; readonly load: Load }> {
  let measured: Capacity | undefined;
  if (wanted.pages === undefined) {
    console.log("Measuring what the machine carries");
    measured = await measureCapacity(site.door, paths.slice(0, 1));
    await pause(SETTLE_SECONDS);
  }
  const third = measured === undefined ? USUAL : thirdOf(measured, USUAL);
  const pagesPerSecond = wanted.pages ?? third.pagesPerSecond;
  const rates = {
    ...third,
    pagesPerSecond,
    postsPerSecond: wanted.posts ?? (pagesPerSecond * USUAL.postsPerSecond) / USUAL.pagesPerSecond,
  };
  const why =
    measured === undefined
      ? "as was asked for; what the machine carries was not measured"
      : `a third of what it carries and at most ${USUAL.pagesPerSecond}; it carries ${measured.said}`;
  const { postsPerSecond } = rates;
  const said = `Load: ${pagesPerSecond} pages and ${Math.round(postsPerSecond * 100) / 100} posts a second: ${why}.`;
  return { rates, load: { pagesPerSecond, postsPerSecond, said, ...(measured !== undefined && { capacity: measured }) } };
}

interface Wanted {
  readonly pages: number | undefined;
  readonly posts: number | undefined;
}

const numberOf = (said: string | undefined) => (said === undefined ? undefined : Number(said));
const within = (rate: number | undefined, most: number) => rate === undefined || (rate > 0 && rate <= most);

async function runAll(
  drills: readonly Drill[],
  files: Uploads,
  write: (results: readonly Result[]) => void,
  run: (drill: Drill) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const from = Date.now();
  for (const [n, drill] of drills.entries()) {
    const minutes = Math.round((Date.now() - from) / 60_000);
    console.log(`\n${n + 1} of ${drills.length}, after ${minutes} min: ${drill.name}: ${drill.title}`);
    const result = await run(drill);
    results.push(result);
    report(result);
    write(results);
    await files.upload();
  }
  return results;
}

function report(result: Result): void {
  if (result.view !== undefined) console.log(`  seen: ${saw(result.view)}`);
  if (result.verdict !== undefined) console.log(`  lost: ${lost(result.verdict)}`);
  for (const finding of result.findings) console.log(`  ${finding}`);
  const word = result.passed === undefined ? "not run" : result.passed ? "passed" : "FAILED";
  const name = result.view === undefined ? `${result.name}: ` : "";
  console.log(
    `  ${[`${name}${word}${result.seconds === undefined ? "" : ` after ${result.seconds} s`}`, ...result.reasons].join("\n    ")}`,
  );
}

let scene: Scene | undefined;
let stopping = false;

function entered(current: Scene | undefined): void {
  scene = current;
}

// What is cut or off must not stay so because somebody has seen enough.
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  console.error("\nstopping: what is away is brought back first");
  scene?.load.close();
  await scene?.heal();
  await scene?.undo();
  process.exit(130);
}

function refuse(why: string): number {
  console.error(why);
  return 2;
}

if (require.main === module) {
  void main(process.argv.slice(2)).then((status) => (process.exitCode = status));
}
