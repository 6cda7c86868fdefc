// Where the machines of a group that votes stand: `spreadVoters(tier, machines, "sentinels")` refuses a page with the majority of them in one zone.

import { Construct } from "constructs";
import { Installation } from "./installation";
import type { Machine } from "./machine";

/**
 * On a cloud with several zones, refuses voters of which one zone has the majority, unless the page accepts that (`CloudCan.quorumInTwoZones`).
 * @param what what votes, in the plural
 */
export function spreadVoters(tier: Construct, voters: readonly Machine[], what: string): void {
  const { cloud, problems } = Installation.of(tier);
  const { zones = 1, quorumInTwoZones = false } = cloud.can;
  if (zones === 1 || quorumInTwoZones) return;
  const most = Math.max(...voters.map(({ zone }) => voters.filter((other) => other.zone === zone).length));
  if (most * 2 <= voters.length) return;
  problems.add(tier, {
    wrong: `with ${zones} zones, ${most} of its ${voters.length} ${what} are in one of them: while that zone is away, nothing fails over`,
    remedy:
      zones > 2
        ? "use machines of one tier, which are spread over all zones: the first machines of two tiers are in the same one"
        : "give the cloud three zones, or say quorumInTwoZones: true if that may be",
    cause: `voters ${voters.map(({ name }) => name).join(" ")}`,
  });
}
