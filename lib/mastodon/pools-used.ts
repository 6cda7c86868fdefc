// What is measured of pools whose number of machines follows how much of them is used: `measuresUse(tier, pool, props.scale, { threads: true })`.

import { Construct } from "constructs";
import { Pool } from "../core/pool";
import { Scale } from "../core/scale";
import { measuresStreaming } from "./monitoring/exporters";
import { Site } from "./site";
import { versionOf } from "./version";

/** A pool that is measured, and what of it. If it has both, what is used more of the two counts. */
export interface UsedPool {
  readonly pool: string;
  /** Whether Puma's threads are counted. */
  readonly threads: boolean;
  /** For how many WebSockets each streaming process is meant; `undefined` if they are not counted. */
  readonly webSockets: number | undefined;
}

/** Registers what is to be measured of a tier's pool, if its scale says so. Adds a problem of `tier` if that is not possible. */
export function measuresUse(tier: Construct, pool: Pool, scale: Scale | undefined, of: Omit<UsedPool, "pool">): void {
  const site = Site.of(tier);
  const percent = scale?.usedPercent;
  if (percent === undefined || site.cloud.can.scalesByUse !== true) return;
  pool.isMeasured();
  const counted = measuresStreaming(versionOf(site)) ? of.webSockets : undefined;
  if (!of.threads && counted === undefined) {
    site.problems.add(tier, {
      wrong: `usedPercent of scale is ${percent}, and streaming of Mastodon ${site.version} tells nobody how many WebSockets it has`,
      remedy: "leave it out, or use Mastodon 4.2 or later",
    });
    return;
  }
  site.shared.usedPools.push({ pool: pool.name, threads: of.threads, webSockets: counted });
  site.problems.atSynth(() => {
    if (site.shared.monitoring !== undefined) return;
    site.problems.add(tier, {
      wrong: `usedPercent of scale is ${percent}, and nothing on the page measures how much of its machines is used`,
      remedy: "add a Monitoring to the site, or leave usedPercent out: the number of machines then follows the processors alone",
      cause: `usedPercent without Monitoring: ${site.node.path}`,
    });
  });
}
