// Advice about streaming, by how busy the busiest process is.

import { withEach } from "./advice-budgets";
import { TOO_HIGH } from "./advice-limits";
import { Point, seriesOf, timeFrom, worst } from "./advice-numbers";
import { moreMachines, poolsWith, replaces, told, Watch, WatchedPool } from "./advice-page";
import { moment, percent, rounded, span } from "./advice-words";
import { longer } from "./advice-web";
import { Advice, Change } from "./advised";

export function streamingAdvice(watch: Watch): readonly Advice[] {
  return poolsWith(watch, "streaming").map((of) => one(watch, of));
}

function one(watch: Watch, of: WatchedPool): Advice {
  const about = of.tier.kind === "WebTier" ? `${of.pool.name}, streaming` : of.pool.name;
  const series = (query: "streamingClients" | "streamingCpu" | "streamingLag") =>
    seriesOf(watch.numbers, query, { pool: of.pool.name });
  const [clients, cpu, lag] = [series("streamingClients"), series("streamingCpu"), series("streamingLag")];
  if (clients === undefined || cpu === undefined)
    return told({ kind: "unmeasured", about, seen: "there are no numbers of its processes" });
  const long = { cpu: timeFrom(cpu, TOO_HIGH.streamingCpu), lag: timeFrom(lag, TOO_HIGH.streamingLag) };
  const seen = [
    `a process had ${rounded(worst(clients).value)} WebSockets at most (${moment(worst(clients).at)})`,
    `one took ${percent(worst(cpu).value)} of a processor (${moment(worst(cpu).at)})${longer(long.cpu, percent(TOO_HIGH.streamingCpu))}`,
    ...lagWords(lag, long.lag),
  ].join("; ");
  if (long.cpu + long.lag === 0) return told({ kind: "fine", about, seen });
  return told({ kind: "raise", about, seen, ...way(watch, of, worst(cpu)) });
}

function lagWords(lag: readonly Point[] | undefined, long: number): readonly string[] {
  if (lag === undefined) return [];
  const { value, at } = worst(lag);
  return [
    `its event loop was ${Math.round(value * 1000)} ms late (${moment(at)})${long === 0 ? "" : `, ${TOO_HIGH.streamingLag * 1000} ms or more for ${span(long)}`}`,
  ];
}

/** A process for each processor first, then machines. */
function way(watch: Watch, of: WatchedPool, cpu: { readonly value: number; readonly at: number }): Partial<Advice> {
  const { tier, pool, units, name } = of;
  const onWeb = tier.kind === "WebTier";
  const from = units.length;
  if (from < pool.cpus && !onWeb) {
    const to = Math.min(pool.cpus, from * 2);
    const change: Change = {
      ...{ kind: tier.kind, path: tier.path, prop: "processes", from: String(from), to: String(to) },
      cost: `${replaces(pool)}. WebSockets connect again`,
    };
    return { changes: [change], connections: withEach(watch, name, undefined, to / from) };
  }
  const more = moreMachines(watch, of, cpu.value, cpu.at);
  const note = onWeb
    ? "Or give streaming a StreamingPool, on machines of its own"
    : "If the page gives `clients`, raise it too if there are to be more WebSockets than it says";
  return { ...more, notes: [note] };
}
