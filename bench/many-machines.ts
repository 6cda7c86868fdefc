// How synth grows with the page: `manyMachines.run(context)` writes the plans of sites with 10, 100 and 1,000 machines.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Benchmark, Context, Report } from "./benchmark";
import { build, Measured, measured } from "./measured";
import { growth, median } from "./statistics";
import { inTemporary } from "./temporary";

const COUNTS = [10, 100, 1000] as const;
const GROWTH_LIMIT = 1.1;
const RSS_LIMIT_MIB = 300;

export const manyMachines: Benchmark = { name: "many-machines", run };

async function run(context: Context): Promise<Report> {
  build(context);
  const runs = context.runs(5);
  return inTemporary((directory) => {
    const nothing: Measured[] = [];
    const pages = COUNTS.map((count) => ({ count, all: [] as Measured[], resources: 0 }));
    // Round by round, so that a slow minute is shared by all.
    for (let n = 1; n <= runs; n++) {
      context.say(`many machines: round ${n} of ${runs}`);
      nothing.push(measured("bench/pages/nothing.ts", directory));
      for (const page of pages) {
        page.all.push(measured("bench/pages/many.ts", directory, { MACHINES: String(page.count) }));
        page.resources = checked(join(directory, "cdktf.out/stacks/many/cdk.tf.json"), page.count);
      }
    }
    const middle = (all: readonly Measured[], of: (one: Measured) => number) => median(all.map(of));
    const fixed = middle(nothing, wall);
    const [, hundred, thousand] = pages.map(({ count, all }) => ({ amount: count, cost: middle(all, wall) }));
    const grown = growth(hundred!, thousand!, fixed);
    const rss = Math.max(...pages[2]!.all.map(({ maxRssMib }) => maxRssMib));
    const row = (what: string, resources: string, all: readonly Measured[]) => [
      what,
      resources,
      `${middle(all, wall).toFixed(0)} ms`,
      `${middle(all, ({ synthMs }) => synthMs).toFixed(0)} ms`,
      `${middle(all, ({ cpuMs }) => cpuMs).toFixed(0)} ms`,
      `${Math.max(...all.map(({ maxRssMib }) => maxRssMib)).toFixed(0)} MiB`,
    ];
    return {
      title: "Pages of many machines",
      meaning: `Running the page of the largest server is a matter of seconds, and needs no more memory than any machine has. Growth compares 1,000
machines with 100, after subtracting the ${fixed.toFixed(0)} ms in which a process starts and loads the library but makes nothing.`,
      method: `${runs} rounds, each page in a process of its own; memory is the most of all rounds.`,
      tables: [
        {
          head: ["machines", "resources", "whole process", "app.synth()", "CPU", "memory"],
          rows: [
            row("none, only loaded", "0", nothing),
            ...pages.map(({ count, all, resources }) => row(String(count), String(resources), all)),
          ],
        },
      ],
      targets: [
        {
          what: "growth from 100 to 1,000 machines",
          measured: `${grown.toFixed(2)}x linear`,
          target: `at most ${GROWTH_LIMIT}x linear`,
          met: grown <= GROWTH_LIMIT,
        },
        {
          what: "memory for 1,000 machines",
          measured: `${rss.toFixed(0)} MiB`,
          target: `under ${RSS_LIMIT_MIB} MiB`,
          met: rss < RSS_LIMIT_MIB,
        },
      ],
    };
  });
}

const wall = ({ wallMs }: Measured): number => wallMs;

/** How many resources a plan has, once its machines have been counted. */
function checked(path: string, count: number): number {
  const plan = JSON.parse(readFileSync(path, "utf8")) as {
    readonly resource: { readonly terraform_data: Record<string, { readonly provisioner?: readonly unknown[] }> };
  };
  const resources = Object.values(plan.resource.terraform_data);
  const machines = resources.filter(({ provisioner }) =>
    JSON.stringify(provisioner ?? []).includes("local.sh machine create"),
  ).length;
  if (machines !== count) throw new Error(`the page of ${count} machines makes ${machines}`);
  return resources.length;
}
