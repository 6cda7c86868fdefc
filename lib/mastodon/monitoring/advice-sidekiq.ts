// Advice about Sidekiq, by how long the oldest job of each queue waited.

import { AIM, TOO_HIGH } from "./advice-limits";
import { limitsIn } from "./limit-facts";
import { seriesOf, timeFrom, worst } from "./advice-numbers";
import { fact, moreEach, moreMachines, poolsWith, replaces, told, Watch, WatchedPool } from "./advice-page";
import { moment, percent, span } from "./advice-words";
import { cpuWords } from "./advice-web";
import { Advice, Change } from "./advised";

/** Operators report no benefit above 25 to 30 of a process. */
const MOST_THREADS = 25;
/** With less, the threads wait for other servers and for the database, and more of them help. */
const WAITING_CPU = 0.5;

interface QueueSeen {
  readonly queue: string;
  readonly words: string;
  readonly late: boolean;
  /** The longest wait, of the limit. */
  readonly share: number;
}

export function sidekiqAdvice(watch: Watch): readonly Advice[] {
  const groups = poolsWith(watch, "sidekiq");
  return groups.map((of) => one(watch, of, groups));
}

const ALONE =
  "The queue scheduler has one machine and one process: look at /sidekiq which of its jobs takes long, and at the database for what it waits";
const schedules = ({ units }: WatchedPool) => units[0]!.facts["scheduler"] === true;
const queuesOf = ({ units }: WatchedPool) => units[0]!.facts["queues"] as readonly string[];

function one(watch: Watch, of: WatchedPool, groups: readonly WatchedPool[]): Advice {
  const about = of.pool.name;
  const seen = queuesOf(of).flatMap((queue) => queueSeen(watch, queue));
  if (seen.length === 0) return told({ kind: "unmeasured", about, seen: `there are no numbers of ${queuesOf(of).join(", ")}` });
  // A queue of several groups is late for the first of them.
  const late = seen.filter((one) => one.late && groups.find((group) => queuesOf(group).includes(one.queue)) === of);
  const cpu = seriesOf(watch.numbers, "cpu", { tier: of.pool.name });
  const busy = seriesOf(watch.numbers, "sidekiqBusy", { pool: of.pool.name });
  const words = [
    ...(late.length === 0 ? [nearest(seen)] : late.map(({ words }) => words)),
    ...(busy === undefined ? [] : [`${percent(worst(busy).value)} of its threads were busy (${moment(worst(busy).at)})`]),
    ...cpuWords(cpu, timeFrom(cpu, TOO_HIGH.cpuOfPool)),
  ].join("; ");
  if (late.length === 0) return told({ kind: "fine", about, seen: words });
  const inTime = queuesOf(of).filter((queue) => !late.some((one) => one.queue === queue));
  const waits = watch.numbers.poolerWaiting?.some(({ points }) => timeFrom(points, TOO_HIGH.waitingClients) > 0) === true;
  return told({
    kind: "raise",
    about,
    seen: words,
    ...way(watch, of),
    notes: [
      ...(waits ? ["Clients wait in PgBouncer too: see there first, since jobs may only wait for the database"] : []),
      ...(inTime.length === 0 ? (schedules(of) ? [ALONE] : []) : [ownGroup(of, late, inTime)]),
    ],
  });
}

function queueSeen(watch: Watch, queue: string): readonly QueueSeen[] {
  const latency = seriesOf(watch.numbers, "queueLatency", { queue });
  if (latency === undefined) return [];
  const limits: Readonly<Record<string, number>> = limitsIn(watch.inventory).queueSeconds;
  const limit = limits[queue] ?? 600;
  const { value, at } = worst(latency);
  const long = timeFrom(latency, limit);
  const above = long === 0 ? "" : `, ${span(limit)} or more for ${span(long)}`;
  const words = `jobs of ${queue} waited up to ${span(value)} (${moment(at)})${above}`;
  return [{ queue, late: long > 0, words, share: value / limit }];
}

function nearest(seen: readonly QueueSeen[]): string {
  const { words } = seen.reduce((most, one) => (one.share > most.share ? one : most));
  return seen.length === 1 ? words : `of its queues the one nearest to its limit: ${words}`;
}

/** Threads while the processors are idle, then machines. */
function way(watch: Watch, of: WatchedPool): Pick<Advice, "changes" | "connections"> {
  const { tier, pool, units } = of;
  const cpu = seriesOf(watch.numbers, "cpu", { tier: pool.name });
  const processor = cpu === undefined ? { value: 0, at: 0 } : worst(cpu);
  const threads = fact(units[0]!, "threads");
  const change = (prop: string, from: number, to: number): Change => ({
    ...{ kind: tier.kind, path: tier.path, prop, from: String(from), to: String(to) },
    cost: replaces(pool),
  });
  if (cpu !== undefined && processor.value < WAITING_CPU && threads < MOST_THREADS) {
    const to = Math.min(MOST_THREADS, 2 * threads);
    return { changes: [change("threads", threads, to)], connections: moreEach(watch, of, to / threads) };
  }
  // The scheduler has one machine and one process.
  if (schedules(of)) return { changes: [], connections: [] };
  const busy = seriesOf(watch.numbers, "sidekiqBusy", { pool: pool.name });
  const load = Math.max(processor.value, busy === undefined ? 0 : worst(busy).value, AIM);
  return moreMachines(watch, of, load, processor.at);
}

function ownGroup(of: WatchedPool, late: readonly QueueSeen[], inTime: readonly string[]): string {
  const names = late.map(({ queue }) => queue);
  const quoted = names.map((queue) => `"${queue}"`).join(", ");
  const must = schedules(of) ? "The group of the scheduler has one machine: give" : "Or give";
  return `${must} ${names.join(" and ")} a SidekiqGroup of ${names.length === 1 ? "its" : "their"} own, queues: [${quoted}]; ${inTime.join(", ")} did not wait`;
}
