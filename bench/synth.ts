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
  const runs = context.runs(7);
  return inTemporary((directory) => {
    measured(OURS, directory);
    const plan = join(directory, PLAN);
    const ours = readFileSync(plan, "utf8");
    const copy = { PLAN: plan };
    measured(THEIRS, directory, copy);
    const difference = samePlan(ours, readFileSync(plan, "utf8"));
    if (difference !== undefined) throw new Error(`the bare page makes another plan: ${difference}`);
    const inTurns = (what: string, environment: Readonly<Record<string, string>>) =>
      Array.from({ length: runs }, (_, n) => {
        context.say(`synth: ${what}, pair ${n + 1} of ${runs}`);
        const page = {
          ours: () => measured(OURS, directory, environment),
          theirs: () => measured(THEIRS, directory, { ...copy, ...environment }),
        };
        // Who comes first changes, so that neither gains from the order.
        if (n % 2 === 0) return { ours: page.ours(), theirs: page.theirs() };
        const theirs = page.theirs();
        return { ours: page.ours(), theirs };
      });
    const asIs = inTurns("as it is", {});
    const known = inTurns("without questions for Terraform's version", { VERSION_KNOWN: "yes" });
    const row = (what: string, pairs: typeof asIs, of: (measured: Measured) => number) => {
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
    const whole = row("whole process", asIs, ({ wallMs }) => wallMs);
    const compute = row("whole process, Terraform's version known", known, ({ wallMs }) => wallMs);
    const rows = [
      whole,
      row("app.synth() alone", asIs, ({ synthMs }) => synthMs),
      compute,
      row("its CPU time", known, ({ cpuMs }) => cpuMs),
      row("its app.synth() alone", known, ({ synthMs }) => synthMs),
    ];
    const resources = Object.keys((JSON.parse(ours) as { resource: { terraform_data: object } }).resource.terraform_data).length;
    return {
      title: "From the page to the plan",
      meaning: `What the library costs each time a page is run: \`${OURS}\` against a page that makes the very same ${resources} resources, with the
same values, of nothing but cdktf's constructs, and that knows all names and boot texts beforehand. cdktf starts \`terraform version\` for each
\`terraform_data\` of its own; the library does so once. So it is also compared with those questions left out on both sides, which leaves loading
and computing.`,
      method: `${runs} pairs of each kind in turns, whose plans are compared first and must be equal but for cdktf's own metadata; ratios are medians of the pairs.`,
      tables: [
        {
          head: ["", "cdktf-mastodon", "bare cdktf", "ratio", "of the pairs"],
          rows: rows.map(({ cells }) => cells),
        },
      ],
      targets: [
        { what: "synth against bare cdktf", ratio: whole.ratio },
        { what: "synth, Terraform's version known", ratio: compute.ratio },
      ].map(({ what, ratio }) => ({
        what,
        measured: `${ratio.toFixed(2)}x`,
        target: `at most ${LIMIT}x`,
        met: ratio <= LIMIT,
        reason:
          "loading the library and putting boot texts together is not small against the little that cdktf does for so few resources.",
      })),
    };
  });
}
