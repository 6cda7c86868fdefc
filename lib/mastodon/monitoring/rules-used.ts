// How much of what a pool can carry is used, of 1: of pools whose number of machines follows it. It is an average over the members that serve, so it halves
// when they are twice as many, as a cloud expects that follows a target. What members of two generations serve in a roll-out counts as one pool.

import { UsedPool } from "../pools-used";
import { PUMA } from "./rules-recording";
import { RecordingRule, RuleGroup } from "./rule";
import { Watched } from "./watched";

const USED = "pool:mastodon_used:ratio";

/**
 * Requests that wait count at most as much as the threads that there are. A full queue has twenty for each thread, since each waits for a second and takes
 * a twentieth of one: as many machines would be far too many.
 */
const MOST = 2;

/**
 * The mean of the last minute for each pool, in percent. There is none without members that serve, nor if Prometheus has not evaluated its rules in that
 * minute: what is older tells nothing of now.
 */
export const USED_PERCENT = `100 * max by (pool) (avg_over_time(${USED}[1m]))`;

export function usedSeries({ used }: Watched): RuleGroup {
  return { name: "used series", rules: used.flatMap(rulesOf) };
}

// Each names its pool: a member says itself of which pool it is.
function rulesOf({ pool, threads, webSockets }: UsedPool): readonly RecordingRule[] {
  return [
    ...(threads ? [{ record: USED, expr: ofThreads(`,pool="${pool}"`), labels: { of: "threads" } }] : []),
    ...(webSockets === undefined
      ? []
      : [{ record: USED, expr: ofWebSockets(`pool="${pool}"`, webSockets), labels: { of: "web_sockets" } }]),
  ];
}

// HAProxy runs long before Puma answers on a new member, and its threads would count as free. The front door asks each member every few seconds.
const serves = (of: string) => `rate(haproxy_backend_http_responses_total{proxy="puma-health",code="2xx"${of}}[1m]) > 0`;

function ofThreads(of: string): string {
  const wanted = `sum by (pool) (${PUMA.busy(of)} + on (pool, instance) ${PUMA.waiting(of)} and on (instance) ${serves(of)})`;
  return `clamp_max(${wanted} / sum by (pool) (${PUMA.threads(of)} and on (instance) ${serves(of)}), ${MOST})`;
}

function ofWebSockets(of: string, each: number): string {
  return `sum by (pool) (mastodon_streaming_connected_clients{${of}}) / (${each} * count by (pool) (up{job="streaming",${of}} == 1))`;
}
