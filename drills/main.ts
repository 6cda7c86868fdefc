// `cdktf-mastodon drill`: breaks a deployed local site on purpose while users go on, and reports what they saw. Ends with 0, with 1 if a
// drill failed, with 2 if there was nothing to drill.

import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { signInAll } from "../scripts/journey";
import { Drill, Scene } from "./drill";
import { DRILLS } from "./list";
import { commandOf, NotReady, openPage } from "./page";
import { lost, markdown, Result, saw } from "./report";
import { runDrill, well } from "./runner";
import { Site } from "./site";

const USAGE = `usage: cdktf-mastodon drill [NAME…] [options]
  Breaks the deployed local site of the page in this directory on purpose, one drill after the other or
  those that are named, while users read, post and listen. It heals what it broke.
  --list                 the drills and what each does
  --site SITE            if the page makes several; in lower case
  --var-file FILE        Terraform's secrets (secrets.tfvars.json)
  --out DIRECTORY        where drills.md and drills.json are written (this directory)
  --posts-per-second N   how much is written (2); Mastodon lets each of the eight accounts post 300 times in three hours
  --pages-per-second N   how much is read (10)
  --slack-seconds N      added to every limit in seconds, on a machine that is busy otherwise
  --grown PAGE|COMMAND   a second version of the page, with more machines, for the drill \`growth\``;

// Enough that all drills in a row stay below what Mastodon lets one account post.
const ACCOUNTS = 8;
const SOCKETS = 6;

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
        "posts-per-second": { type: "string", default: "2" },
        "pages-per-second": { type: "string", default: "10" },
        grown: { type: "string" },
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
    for (const { name, title } of DRILLS) console.log(`${name.padEnd(22)}${title}`);
    return 0;
  }
  const rates = {
    pagesPerSecond: Number(values["pages-per-second"]),
    postsPerSecond: Number(values["posts-per-second"]),
    sockets: SOCKETS,
  };
  if (!(rates.pagesPerSecond > 0 && rates.pagesPerSecond <= 100 && rates.postsPerSecond > 0 && rates.postsPerSecond <= 50)) {
    return refuse("use up to 100 pages and up to 50 posts per second");
  }
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
    const site = await Site.of(page.site);
    console.log(`Signing ${ACCOUNTS} accounts in at ${site.door.domain}`);
    const web = await site.web();
    const accounts = Array.from({ length: ACCOUNTS }, (_, n) => `drill${n + 1}`);
    const tokens = signInAll(site.name, web.name, site.domain, accounts);
    await well({ site, tokens }).catch((error: Error) => {
      throw new NotReady(`the site ${site.name} is not well, so nothing was broken: ${error.message}`);
    });
    const results = await runAll(chosen, (drill) =>
      runDrill(drill, {
        site,
        page,
        tokens,
        rates,
        options: {
          slackSeconds,
          ...(values.grown !== undefined && { grown: commandOf(values.grown, directory) }),
        },
        say,
        entered,
      }),
    );
    writeFileSync(join(values.out, "drills.md"), markdown(results));
    writeFileSync(join(values.out, "drills.json"), JSON.stringify(results, null, 2) + "\n");
    console.log(`\nwrote ${join(values.out, "drills.md")} and ${join(values.out, "drills.json")}`);
    return results.some(({ passed }) => passed === false) ? 1 : 0;
  } catch (error) {
    if (error instanceof NotReady) return refuse(error.message);
    throw error;
  }
}

async function runAll(drills: readonly Drill[], run: (drill: Drill) => Promise<Result>): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const drill of drills) {
    console.log(`\n${drill.name}: ${drill.title}`);
    const result = await run(drill);
    results.push(result);
    if (result.view !== undefined) console.log(`  seen: ${saw(result.view)}`);
    if (result.verdict !== undefined) console.log(`  lost: ${lost(result.verdict)}`);
    for (const finding of result.findings) console.log(`  ${finding}`);
    const word = result.passed === undefined ? "not run" : result.passed ? "passed" : "FAILED";
    console.log(
      `  ${[`${word}${result.seconds === undefined ? "" : ` after ${result.seconds} s`}`, ...result.reasons].join("\n    ")}`,
    );
  }
  return results;
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
