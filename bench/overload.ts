// Throughput above a server's capacity: `overload.run(context)`. Offered load against served load, with pages that take Mastodon's processor time.

import { measureCapacity, stepOf } from "../drills/capacity";
import { Flood, flood } from "../drills/flood";
import { Generator, MOST_PER_SECOND } from "../drills/generator";
import { visitorPaths } from "../drills/load";
import { door, signIn } from "../scripts/journey";
import { Benchmark, Context, Report, Target } from "./benchmark";
import { deployed, example, sleep } from "./deployment";
import { MASTODONS_WORK_MS, standingIn } from "./stand-in";
import { median } from "./statistics";

const SITE = "bench-overload";
const DOMAIN = "social.example";
const VISITED = "visited";
const TIMES = [0.5, 1, 1.5, 2, 3, 4] as const;
const SECONDS = 15;
const CALM_SECONDS = 5;
const SERVED = 0.85;
const MEDIAN_MS = 2000;

export const overload: Benchmark = { name: "overload", run };

interface Point {
  readonly times: number;
  readonly seen: Flood;
}

async function run(context: Context): Promise<Report> {
  const runs = context.runs(3);
  const rounds: { readonly capacity: number; readonly points: readonly Point[] }[] = [];
  await standingIn({ STANDIN_WORK_MS: MASTODONS_WORK_MS }, () =>
    deployed({ text: example("Bench-Overload"), site: SITE }, context, async () => {
      signIn(SITE, DOMAIN, VISITED);
      for (let n = 1; n <= runs; n++) rounds.push(await curve(context, `round ${n} of ${runs}`));
    }),
  );
  return report(rounds, runs);
}

async function curve({ say }: Context, round: string) {
  const front = door(SITE, DOMAIN);
  // The costliest first.
  const paths = (await visitorPaths(front, VISITED)).slice(0, 1);
  const capacity = await measureCapacity(front, paths);
  say(`overload: ${round}: it carries ${capacity.said}`);
  if (!capacity.reached) throw new Error(`the machine carries ${capacity.said}: nothing can be overloaded`);
  const points: Point[] = [];
  for (const times of TIMES) {
    await sleep(CALM_SECONDS);
    const generator = new Generator(front, paths, MOST_PER_SECOND * SECONDS);
    try {
      const window = await generator.send(capacity.pagesPerSecond * times, SECONDS);
      await generator.drain();
      const seen = flood(generator.shots, window);
      const { offered } = stepOf(generator.shots, window);
      say(`overload: ${round}: ${offered} offered, ${seen.served} served, ${seen.refused} refused, median ${seen.medianMs} ms`);
      points.push({ times, seen });
    } finally {
      generator.close();
    }
  }
  return { capacity: capacity.pagesPerSecond, points };
}

/** Medians of the rounds; what is served is also held against the capacity that was measured in the same round. */
export function report(
  rounds: readonly { readonly capacity: number; readonly points: readonly Point[] }[],
  runs: number,
): Report {
  const of = (times: number, what: (seen: Flood, capacity: number) => number) =>
    median(
      rounds.flatMap(({ capacity, points }) =>
        points.filter((point) => point.times === times).map(({ seen }) => what(seen, capacity)),
      ),
    );
  const share = (times: number) => of(times, ({ served }, capacity) => served / capacity);
  const floods = TIMES.filter((times) => times > 1);
  const targets: readonly Target[] = [
    ...floods.map((times) => ({
      what: `served at ${times} times the capacity`,
      measured: `${Math.round(share(times) * 100)} %`,
      target: `at least ${SERVED * 100} %`,
      met: share(times) >= SERVED,
      reason: "to refuse a page costs something as well, and the load itself runs on the same machine.",
    })),
    ...floods.map((times) => ({
      what: `median at ${times} times the capacity`,
      measured: `${of(times, ({ medianMs }) => medianMs)} ms`,
      target: `below ${MEDIAN_MS} ms`,
      met: of(times, ({ medianMs }) => medianMs) < MEDIAN_MS,
    })),
  ];
  return {
    title: "More visitors than it can carry",
    meaning: `\`examples/local/main.ts\` on one machine, which carries ${median(rounds.map(({ capacity }) => capacity)).toFixed(0)} pages a second. Whoever comes above that is refused with 503 and \`Retry-After\`, so that those
who are let in are served as before, and no machine is taken out because it is busy.`,
    method: `the stand-in works ${MASTODONS_WORK_MS} ms of processor for each profile page, as Mastodon does (\`STANDIN_WORK_MS\`). The capacity is
measured right before with the same generator; each rate is held for ${SECONDS} s; ${runs} rounds, whose medians these are. The load runs on the same machine.`,
    tables: [
      {
        head: [
          "offered",
          "pages/s offered",
          "pages/s served",
          "of the capacity",
          "refused (503)",
          "failed otherwise",
          "median",
          "99th percentile",
        ],
        rows: TIMES.map((times) => [
          `${times}x`,
          of(times, ({ offered }) => offered).toFixed(1),
          of(times, ({ served }) => served).toFixed(1),
          `${Math.round(share(times) * 100)} %`,
          `${of(times, ({ refused }) => refused)}`,
          `${of(times, ({ failed }) => failed)}`,
          `${of(times, ({ medianMs }) => medianMs)} ms`,
          `${of(times, ({ p99Ms }) => p99Ms)} ms`,
        ]),
      },
    ],
    targets,
  };
}
