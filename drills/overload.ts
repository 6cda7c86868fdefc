// The drill `overload`: two and four times as many requests as the machine can serve.

import { Capacity, measureCapacity, part, stepOf } from "./capacity";
import { Drill, Finding, pause, Scene, UNDISTURBED } from "./drill";
import { Flood, flood } from "./flood";
import { Generator, MOST_PER_SECOND } from "./generator";
import { visitorPaths } from "./load";
import { markedDead, members } from "./members";

const TIMES: readonly number[] = [2, 4];
const FLOOD_SECONDS = 60;
const CALM_AGAIN_SECONDS = 5;
const PROBE_SECONDS = 5;
const SERVED = 0.85;
const SERVED_IN_TEN_SECONDS = 0.75;
const MEDIAN_MS = 2000;
const REFUSED_MS = 1500;
const SLOW_MS = 1000;

export const overload: Drill = {
  name: "overload",
  title: `twice and four times as many visitors as the machine can carry, for ${FLOOD_SECONDS} s each`,
  // The visitors of the drill itself are the load; these few say that the site still takes posts.
  rates: { pagesPerSecond: 1, postsPerSecond: 0.2 },
  act: async (scene) => {
    const paths = (await visitorPaths(scene.site.door, "drill1")).slice(0, 1);
    const capacity = await measureCapacity(scene.site.door, paths);
    scene.say(`it carries ${capacity.said}`);
    const said = { said: `right before it carried ${capacity.said}`, numbers: { "capacity, pages/s": capacity.pagesPerSecond } };
    if (!capacity.reached) {
      return {
        findings: [said, { said: "not reached: the machine carries more than the load can send, so nothing was overloaded" }],
      };
    }
    await pause(CALM_AGAIN_SECONDS);
    const before = await members(scene.site);
    const findings: Finding[] = [said];
    await scene.strike(async () => undefined);
    for (const times of TIMES) findings.push(...(await flooded(scene, capacity, times, paths)));
    const endSeconds = scene.seconds;
    findings.push(markedDead(before, await members(scene.site)));
    return { findings, limits: { failuresWithinSeconds: endSeconds, withoutPostSeconds: endSeconds } };
  },
  limits: UNDISTURBED,
};

async function flooded(scene: Scene, capacity: Capacity, times: number, paths: readonly string[]): Promise<readonly Finding[]> {
  const wanted = capacity.pagesPerSecond * times;
  const perSecond = Math.min(wanted, MOST_PER_SECOND);
  scene.say(`${Math.round(perSecond)} pages a second for ${FLOOD_SECONDS} s`);
  const generator = new Generator(scene.site.door, paths, MOST_PER_SECOND * FLOOD_SECONDS);
  const probe = new Generator(scene.site.door, paths, MOST_PER_SECOND * PROBE_SECONDS);
  try {
    const window = await generator.send(perSecond, FLOOD_SECONDS);
    await pause(CALM_AGAIN_SECONDS);
    const calm = stepOf(probe.shots, await probe.send(capacity.pagesPerSecond / 3, PROBE_SECONDS));
    await Promise.all([generator.drain(), probe.drain()]);
    const spent = probe.shots.map(({ sentAtMs, endedAtMs }) => endedAtMs - sentAtMs).sort((a, b) => a - b);
    const failed = probe.shots.filter(({ status }) => status !== 200).length;
    return [
      ...floodFindings(flood(generator.shots, window), capacity, times),
      ...(perSecond < wanted
        ? [{ said: `${times} times: not reached, ${perSecond} pages a second are the most that are sent` }]
        : []),
      {
        said: `${CALM_AGAIN_SECONDS} s later ${failed} of ${probe.shots.length} failed, median ${calm.medianMs} ms, 95th percentile ${part(spent, 0.95)} ms`,
        bad: failed > 0 || part(spent, 0.95) > SLOW_MS,
      },
    ];
  } finally {
    generator.close();
    probe.close();
  }
}

/** What a flood is held against: how much of the capacity was served, how quickly, and how the rest was refused. */
export function floodFindings(seen: Flood, { pagesPerSecond }: Capacity, times: number): readonly Finding[] {
  const percent = (served: number) => Math.round((served / pagesPerSecond) * 100);
  const key = (what: string) => `${times} times, ${what}`;
  return [
    {
      said: `${times} times: ${seen.served} of ${seen.offered} pages a second were served, ${percent(seen.served)} % of the capacity, and in the worst ten seconds ${percent(seen.leastServed)} %`,
      bad: seen.served < pagesPerSecond * SERVED || seen.leastServed < pagesPerSecond * SERVED_IN_TEN_SECONDS,
      numbers: { [key("served, %")]: percent(seen.served), [key("worst 10 s, %")]: percent(seen.leastServed) },
    },
    {
      said: `median ${seen.medianMs} ms, 99th percentile ${seen.p99Ms} ms`,
      bad: seen.medianMs >= MEDIAN_MS,
      numbers: { [key("median, ms")]: seen.medianMs, [key("p99, ms")]: seen.p99Ms },
    },
    {
      said: `${seen.refused} were refused with 503 and Retry-After, 99 % of them within ${seen.refusedP99Ms} ms, the slowest after ${seen.slowestRefusalMs} ms`,
      bad: seen.refusedP99Ms > REFUSED_MS,
      numbers: { [key("refusal p99, ms")]: seen.refusedP99Ms },
    },
    { said: `${seen.failed} failed in another way`, bad: seen.failed > 0 },
  ];
}
