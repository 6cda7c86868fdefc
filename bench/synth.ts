// How long a page takes to become a plan, against the same resources written out with nothing but cdktf: `synth.run(context)`.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Benchmark, Context, Report } from "./benchmark";
import { build, Measured, measured } from "./measured";
import { samePlan } from "./plan";
import { median, ratioOfPairs, spread } from "./statistics";
import { inTemporary } from "./temporary";

const OURS = "examples/local/main.ts";
const THEIRS = "bench/pages/bare.ts";
const PLAN = "cdktf.out/stacks/local/cdk.tf.json";
const LIMIT = 1.3;

export const synth: Benchmark = { name: "synth", run };

async function run(context: Context): Promise<Report> {
  build(context);
  const runs = context.runs(9);
  return inTemporary((directory) => {
    measured(OURS, directory);
    const plan = join(directory, PLAN);
    const ours = readFileSync(plan, "utf8");
    const copy = { PLAN: plan };
    const bare = () => measured(THEIRS, directory, copy);
    bare();
    const difference = samePlan(ours, readFileSync(plan, "utf8"));
    if (difference !== undefined) throw new Error(`the bare page makes another plan: ${difference}`);
    const pairs = Array.from({ length: runs }, (_, n) => {
      context.say(`synth: pair ${n + 1} of ${runs}`);
      // Who comes first changes, so that neither gains from the order.
      const first = n % 2 === 0 ? measured(OURS, directory) : bare();
      const second = n % 2 === 0 ? bare() : measured(OURS, directory);
      return n % 2 === 0 ? { ours: first, theirs: second } : { ours: second, theirs: first };
    });
    const row = (what: string, of: (measured: Measured) => number) => {
      const numbers = pairs.map((pair) => ({ ours: of(pair.ours), theirs: of(pair.theirs) }));
      const ratio = ratioOfPairs(numbers);
      const cells = [
        what,
        `${median(numbers.map((pair) => pair.ours)).toFixed(0)} ms`,
        `${median(numbers.map((pair) => pair.theirs)).toFixed(0)} ms`,
        ratio.toFixed(2),
        spread(
          numbers.map((pair) => pair.ours / pair.theirs),
          2,
        ),
      ];
      return { ratio, cells };
    };
    const whole = row("whole process", ({ wallMs }) => wallMs);
    const rows = [whole, row("CPU of the process", ({ cpuMs }) => cpuMs), row("app.synth() alone", ({ synthMs }) => synthMs)];
    const resources = Object.keys((JSON.parse(ours) as { resource: { terraform_data: object } }).resource.terraform_data).length;
    return {
      title: "From the page to the plan",
      meaning: `What the library costs each time a page is run: \`${OURS}\` against a page that makes the very same ${resources} resources, with the
same values, of nothing but cdktf's constructs, and that knows all names and boot texts beforehand.`,
      method: `${runs} pairs in turns, whose plans are compared first and must be equal but for cdktf's own metadata; ratios are medians of the pairs.`,
      tables: [
        {
          head: ["", "cdktf-mastodon", "bare cdktf", "ratio", "of the pairs"],
          rows: rows.map(({ cells }) => cells),
        },
      ],
      targets: [
        {
          what: "synth against bare cdktf",
          measured: `${whole.ratio.toFixed(2)}x`,
          target: `at most ${LIMIT}x`,
          met: whole.ratio <= LIMIT,
          reason: "what the library loads and computes is not small against what cdktf does.",
        },
      ],
    };
  });
}
