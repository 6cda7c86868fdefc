// The time of `terraform apply` until a site is healthy, compared with the same number of idle machines: `apply.run(context)`.

import { machines } from "../scripts/cluster";
import { Benchmark, Context, Report } from "./benchmark";
import { deployed, EXAMPLE, example, packagesOfTheExample, Page } from "./deployment";
import { median, Pair, ratioOfPairs, spread } from "./statistics";

const LIMIT = 3;

export const apply: Benchmark = { name: "apply", run };

async function run(context: Context): Promise<Report> {
  const runs = context.runs(3);
  const packages = await packagesOfTheExample();
  const pairs: Pair[] = [];
  let count = 0;
  for (let n = 1; n <= runs; n++) {
    const theirs = await seconds({ path: "bench/pages/empty.ts", site: "bench-empty", environment: { PACKAGES: packages } });
    const ours = await seconds({ text: example("Bench-Whole"), site: "bench-whole" });
    if (ours.count !== theirs.count)
      throw new Error(`the example has ${ours.count} machines, and the empty page ${theirs.count}`);
    pairs.push({ ours: ours.applySeconds, theirs: theirs.applySeconds });
    count = ours.count;
    context.say(`apply: round ${n} of ${runs}: ${ours.applySeconds.toFixed(0)} s, empty ${theirs.applySeconds.toFixed(0)} s`);
  }
  const ratio = ratioOfPairs(pairs);
  const column = (what: string, of: (pair: Pair) => number) => [
    what,
    `${median(pairs.map(of)).toFixed(0)} s`,
    `${spread(pairs.map(of), 0)} s`,
  ];
  return {
    title: "From nothing to a whole server",
    meaning: `\`${EXAMPLE}\` until every machine says that it serves: PostgreSQL with its replica, nine instances of Redis under their sentinels,
the pooler, the database task, web, streaming and Sidekiq behind the front door. Beside it as many machines that only boot.`,
    method: `\`terraform init\` and \`apply\` with Debian and images in place, ${count} machines each, ${runs} rounds in turns; the ratio is the median of the rounds.`,
    tables: [
      {
        head: ["", "time", "of all rounds"],
        rows: [
          column(EXAMPLE, ({ ours }) => ours),
          column(`${count} empty machines`, ({ theirs }) => theirs),
          [
            "ratio",
            ratio.toFixed(2),
            spread(
              pairs.map(({ ours, theirs }) => ours / theirs),
              2,
            ),
          ],
        ],
      },
    ],
    targets: [
      {
        what: "apply against empty machines",
        measured: `${ratio.toFixed(2)}x`,
        target: `at most ${LIMIT}x`,
        met: ratio <= LIMIT,
        reason:
          "tiers wait for each other: the database task for PostgreSQL, web for the task, the front door for web; two cores start all of it.",
      },
    ],
  };

  function seconds(page: Page): Promise<{ readonly applySeconds: number; readonly count: number }> {
    return deployed(page, context, async ({ site, applySeconds }) => ({ applySeconds, count: machines(site).length }));
  }
}
