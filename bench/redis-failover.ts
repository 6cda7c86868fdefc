// How long an app cannot write when the machine of a Redis master loses power: `redisFailover.run(context)`.

import { join } from "node:path";
import { driver, inside, machines } from "../scripts/cluster";
import { Benchmark, Context, Report } from "./benchmark";
import { deployed, packagesOfTheExample, sleep } from "./deployment";
import { median, spread } from "./statistics";

const SITE = "bench-redis";
const DOWN_AFTER_SECONDS = [1, 2, 5, 10] as const;
const RULE_SECONDS = 3;

interface Gap {
  readonly gapSeconds: number;
  readonly acknowledged: number;
  readonly lost: number;
}

export const redisFailover: Benchmark = { name: "redis-failover", run };

async function run(context: Context): Promise<Report> {
  const runs = context.runs(3);
  const environment = {
    DOWN_AFTER_SECONDS: DOWN_AFTER_SECONDS.join(" "),
    PACKAGES: await packagesOfTheExample(),
    INSIDE: join(__dirname, "inside"),
  };
  const found = DOWN_AFTER_SECONDS.map((seconds) => ({ seconds, gaps: [] as Gap[] }));
  await deployed({ path: "bench/pages/redis.ts", site: SITE, environment }, context, async () => {
    for (let n = 1; n <= runs; n++) {
      for (const { seconds, gaps } of found) {
        const gap = await loseTheMaster(seconds);
        context.say(
          `redis-failover: down after ${seconds} s, run ${n} of ${runs}: ${gap.gapSeconds.toFixed(1)} s, ${gap.lost} lost`,
        );
        gaps.push(gap);
      }
    }
  });
  const seconds = (gaps: readonly Gap[]) => gaps.map(({ gapSeconds }) => gapSeconds);
  const sum = (gaps: readonly Gap[], of: (gap: Gap) => number) => gaps.reduce((total, gap) => total + of(gap), 0);
  return {
    title: "Failover of Redis",
    meaning: `When the master's machine loses power an app cannot write until the sentinels have noticed (\`downAfterSeconds\`), agreed, and the app has
found the new master. A small value shortens the gap; it also takes a pause, such as that of a virtual machine that is moved, for a death.`,
    method: `a client that gives up after a second, as Mastodon's does, and so sees gaps in steps of one, writes every 20 ms through the sentinels, the master's machine loses power (\`machine kill\`), and
the gap is the longest time between two acknowledged writes; ${runs} times each.`,
    tables: [
      {
        head: ["downAfterSeconds", "gap", "of all runs", "gap - downAfterSeconds", "acknowledged writes lost"],
        rows: found.map(({ seconds: after, gaps }) => [
          `${after}`,
          `${median(seconds(gaps)).toFixed(1)} s`,
          `${spread(seconds(gaps), 1)} s`,
          `${(median(seconds(gaps)) - after).toFixed(1)} s`,
          `${sum(gaps, ({ lost }) => lost)} of ${sum(gaps, ({ acknowledged }) => acknowledged)}`,
        ]),
      },
    ],
    targets: found.map(({ seconds: after, gaps }) => ({
      what: `gap with ${after} s`,
      measured: `${median(seconds(gaps)).toFixed(1)} s`,
      target: `at most ${after + RULE_SECONDS} s`,
      met: median(seconds(gaps)) <= after + RULE_SECONDS,
      reason:
        "the app asked a sentinel on the dead machine first, or the sentinels needed a second vote; each costs about a second.",
    })),
  };
}

async function loseTheMaster(seconds: number): Promise<Gap> {
  const master = `after-${seconds}`;
  const sentinels = [1, 2, 3].map((n) => `${master}-${n}`);
  const address = inside(SITE, "app", "redis-writer", "who", master, ...sentinels).trim();
  const lost = machines(SITE).find((machine) => machine.address === address);
  if (lost === undefined) throw new Error(`the sentinels of ${master} name ${address}, which is no machine of ${SITE}`);
  const unit = `writer-${Date.now()}`;
  const limit = seconds * 3 + 30;
  const output = `/run/${unit}.json`;
  const property = `StandardOutput=file:${output}`;
  inside(
    SITE,
    "app",
    "systemd-run",
    "-q",
    `--unit=${unit}`,
    "-p",
    property,
    "redis-writer",
    "write",
    master,
    `${limit}`,
    ...sentinels,
  );
  await sleep(2);
  driver(["machine", "kill", SITE, lost.name]);
  const wait = `while systemctl is-active -q ${unit}; do sleep 0.2; done; cat ${output}`;
  const said = inside(SITE, "app", "timeout", `${limit + 15}`, "bash", "-c", wait);
  if (said.trim() === "") throw new Error(`the app that writes to ${master} ended without a word`);
  driver(["machine", "start", SITE, lost.name]);
  driver(["wait", SITE, lost.name]);
  const gap = JSON.parse(said) as Gap;
  if (gap.gapSeconds < 0.5) throw new Error(`the app that writes to ${master} did not notice that ${lost.name} was killed`);
  return gap;
}
