// Advice about web machines, by how busy Puma's threads and the processors are, and whether requests waited.

import { gibOfPuma } from "../process-count";
import { AIM, TOO_HIGH } from "./advice-limits";
import { Point, seriesOf, timeFrom, worst } from "./advice-numbers";
import { fact, moreEach, moreMachines, poolsWith, replaces, told, Watch, WatchedPool } from "./advice-page";
import { moment, percent, rounded, several, span } from "./advice-words";
import { Advice } from "./advised";

/** With less, busy threads wait for something other than the processor. */
const WAITING_CPU = 0.5;
/** Debian, nginx, HAProxy and podman. */
const GIB_OF_OTHERS = 0.5;
const MOST_THREADS = 64;
const SHORT = "It was over in less than a quarter of an hour: more machines help against a rush, and not against a fault";

export function webAdvice(watch: Watch): readonly Advice[] {
  return poolsWith(watch, "web").map((of) => one(watch, of));
}

function one(watch: Watch, of: WatchedPool): Advice {
  const { pool } = of;
  const about = pool.name;
  const busy = seriesOf(watch.numbers, "webBusy", { pool: pool.name });
  const cpu = seriesOf(watch.numbers, "cpu", { tier: pool.name });
  if (busy === undefined) return told({ kind: "unmeasured", about, seen: "there are no numbers of Puma's threads" });
  const waiting = seriesOf(watch.numbers, "webWaiting", { pool: pool.name });
  const refused = seriesOf(watch.numbers, "webRefused", { pool: pool.name }) ?? [];
  const long = { busy: timeFrom(busy, TOO_HIGH.threads), cpu: timeFrom(cpu, TOO_HIGH.cpuOfPool), waiting: timeFrom(waiting, 1) };
  const lost = refused.filter(([, value]) => value > 0);
  const threads = worst(busy);
  const seen = [
    `${percent(threads.value)} of Puma's threads were busy at worst (${moment(threads.at)})${longer(long.busy, percent(TOO_HIGH.threads))}`,
    ...cpuWords(cpu, long.cpu),
    waitingWords(waiting, long.waiting),
    ...(lost.length === 0 ? [] : [`${rounded(worst(lost).value)} requests a second were refused (${moment(worst(lost).at)})`]),
  ].join("; ");
  if (long.busy + long.cpu + long.waiting === 0 && lost.length === 0) return told({ kind: "fine", about, seen });
  const processor = cpu === undefined ? undefined : worst(cpu);
  const way =
    processor !== undefined && processor.value < WAITING_CPU && long.busy > 0 ? moreThreads(watch, of, threads.value) : undefined;
  const load = processor !== undefined && processor.value > threads.value ? processor : threads;
  const waits = watch.numbers.poolerWaiting?.some(({ points }) => timeFrom(points, TOO_HIGH.waitingClients) > 0) === true;
  const notes = [
    ...(waits ? ["Clients wait in PgBouncer too: see there first, since busy threads may only wait for the database"] : []),
    ...(long.busy + long.cpu + long.waiting === 0 ? [SHORT] : []),
  ];
  return told({ kind: "raise", about, seen, ...(way ?? moreMachines(watch, of, load.value, load.at)), notes });
}

/** More threads, if the machine's memory has room for them. */
function moreThreads(watch: Watch, of: WatchedPool, load: number): Pick<Advice, "changes" | "connections"> | undefined {
  const { tier, pool, units } = of;
  const [processes, from] = [fact(units[0]!, "processes"), fact(units[0]!, "threads")];
  const to = Math.min(MOST_THREADS, Math.ceil((from * load) / AIM - 1e-9));
  if (to <= from || gibOfPuma({ processes, threads: to }) > pool.gib - GIB_OF_OTHERS) return undefined;
  return {
    changes: [{ kind: tier.kind, path: tier.path, prop: "threads", from: String(from), to: String(to), cost: replaces(pool) }],
    connections: moreEach(watch, of, to / from),
  };
}

export function cpuWords(cpu: readonly Point[] | undefined, long: number): readonly string[] {
  if (cpu === undefined) return [];
  const { value, at } = worst(cpu);
  return [`the processors were ${percent(value)} busy (${moment(at)})${longer(long, percent(TOO_HIGH.cpuOfPool))}`];
}

/** How long it was above its limit, if it was. */
export function longer(seconds: number, limit: string): string {
  return seconds === 0 ? "" : `, ${limit} or more for ${span(seconds)}`;
}

function waitingWords(waiting: readonly Point[] | undefined, long: number): string {
  const most = waiting === undefined ? { value: 0, at: 0 } : worst(waiting);
  if (most.value === 0) return "no request waited";
  return `${several(most.value, "request")} waited for a thread (${moment(most.at)})${long === 0 ? ", never for long" : `, some for ${span(long)}`}`;
}
