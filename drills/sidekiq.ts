// Sidekiq: the machine that distributes posts loses power with jobs in hand, and the scheduler is replaced.

import { InventoryUnit } from "../lib/core/inventory";
import { Drill, pause, UNDISTURBED } from "./drill";
import { schedulersAtOnce } from "./ledger";
import { Host } from "./hosts";
import { Site } from "./site";
import { ticks } from "./evidence";

// More than the threads of a machine of the examples, so that jobs are in hand and others wait; not so many that Puma refuses posts.
const BURST = 25;
const AWAY_SECONDS = 10;

export const sidekiqPower: Drill = {
  name: "sidekiq-power",
  title: `the Sidekiq machine of the queue \`default\` loses power after up to ${BURST} posts at once, for ${AWAY_SECONDS} s`,
  act: async (scene) => {
    const host = await serving(scene.site, "default");
    const inHand = threads(host);
    const posts = scene.load.burst(BURST);
    await pause(0.3);
    await scene.strike(() => scene.kill(host.name));
    await pause(AWAY_SECONDS);
    const waiting = await scene.site.jobs();
    await scene.start(host.name);
    const findings = [
      {
        said: `${posts} posts came at once; ${waiting} jobs waited when the power came back; up to ${inHand} were in hand when it went`,
      },
    ];
    return { findings, limits: { jobsLost: inHand } };
  },
  limits: { ...UNDISTURBED, withoutPostSeconds: 10 },
};

export const schedulerRenewed: Drill = {
  name: "scheduler-renewed",
  title: "the scheduler's machine is replaced",
  impossible: async (site) => ((await site.with("scheduler")).length > 0 ? undefined : "the page has no scheduler"),
  act: async (scene) => {
    const [host] = await scene.site.with("scheduler");
    const fromMs = Date.now();
    scene.later(() => scene.page.apply());
    await scene.strike(() => scene.page.rollOut(host!.pool));
    const [other] = await scene.site.with("scheduler");
    if (other === undefined || other.name === host!.name) {
      return { findings: [{ said: "the scheduler was not replaced", bad: true }] };
    }
    await pause(15);
    const seen = await ticks(scene.site, fromMs - 60_000);
    if (seen === undefined) return { findings: [{ said: "the real Mastodon keeps no record of who kept the schedule" }] };
    const both = schedulersAtOnce(seen);
    const times = seen.map(({ atMs }) => atMs).sort((a, b) => a - b);
    const gap = Math.max(0, ...times.slice(1).map((time, n) => time - times[n]!));
    const count = new Set(seen.map(({ process }) => process)).size;
    const findings = [
      both.length === 0
        ? {
            said: `${count} processes kept the schedule, one after the other; the longest gap between two ticks was ${Math.round(gap / 1000)} s`,
          }
        : { said: `two schedulers at once: ${both.join(", ")}`, bad: true },
      ...(count < 2 ? [{ said: "the new scheduler did not tick", bad: true }] : []),
    ];
    return { findings };
  },
  limits: UNDISTURBED,
};

export async function serving(site: Site, queue: string): Promise<Host> {
  const found = (await site.with("sidekiq")).find(({ units }) => units.some((unit) => works(unit, queue)));
  if (found === undefined) throw new Error(`no machine serves the queue ${queue}`);
  return found;
}

function works({ what, facts }: InventoryUnit, queue: string): boolean {
  const queues = facts["queues"];
  return what === "sidekiq" && Array.isArray(queues) && queues.includes(queue);
}

/** How many jobs all machines together can have in hand. */
export async function jobsInHand(site: Site): Promise<number> {
  return (await site.with("sidekiq")).reduce((sum, host) => sum + threads(host), 0);
}

/**
 * How many jobs Sidekiq may lose when these machines go. It takes a job off its queue when it begins it. One that fails because a Redis is away is
 * noted for another try in Sidekiq's own Redis, and is lost where that is away as well ("an exception that got past the retry subsystem").
 */
export async function jobsAtRisk(site: Site, machines: readonly string[]): Promise<number> {
  const master = await site.master("SIDEKIQ_");
  // What no sentinel watches may be on any of them.
  return master === undefined || machines.includes(master.name) ? jobsInHand(site) : 0;
}

/** How many jobs a machine can have in hand. */
export function threads({ units }: Pick<Host, "units">): number {
  return units.filter(({ what }) => what === "sidekiq").reduce((sum, { facts }) => sum + Number(facts["threads"]), 0);
}
