// Which droplet has so many CPUs and so much memory: `dropletSize("shared", Size.of({ cpus: 2, gib: 4 }))`.
// A table, not a data source: a size that DigitalOcean withdraws must not stop the plans of machines that have it.
// Dollars a month, which decide which of two droplets is the cheaper: the price list of July 2022 (gist colinwilson/cd31bde012f6727b24b2fc4ebee749c0)
// and the later list with the names of sizes (gist banagale/56d1464ebc0035ae08d9710cadf87f6a); where both have a price, they agree. Those of dedicated
// CPUs above the smallest are its smallest by the number of CPUs. Read in November 2026; the valid prices are at digitalocean.com/pricing/droplets.

import { Size } from "../../core/size";

export type Region = "ams3" | "blr1" | "fra1" | "lon1" | "nyc1" | "nyc3" | "sfo2" | "sfo3" | "sgp1" | "syd1" | "tor1";

/**
 * Where these sizes, volumes and sizable load balancers are. Without the oldest (nyc2, ams2, sfo1), and without atl1, ric1, mkc1 and mem1, for which
 * DigitalOcean announced droplets of other sizes in August 2026.
 */
export const REGIONS: readonly Region[] = [
  "ams3",
  "blr1",
  "fra1",
  "lon1",
  "nyc1",
  "nyc3",
  "sfo2",
  "sfo3",
  "sgp1",
  "syd1",
  "tor1",
];

/**
 * What a machine computes with: CPUs shared with others (`s-…`), newer and faster ones that are shared as well (`s-…-amd`), or CPUs of its own, in the
 * proportion to memory that costs least (`c-…`, `g-…`, `m-…`).
 */
export type Cpus = "shared" | "premium" | "dedicated";

interface DropletSize {
  readonly slug: string;
  readonly cpus: number;
  readonly gib: number;
  readonly dollars: number;
}

const sizes = (...rows: readonly (readonly [string, number, number, number])[]): readonly DropletSize[] =>
  rows.map(([slug, cpus, gib, dollars]) => ({ slug, cpus, gib, dollars })).sort((a, b) => a.dollars - b.dollars || b.gib - a.gib);

const SIZES: Readonly<Record<Cpus, readonly DropletSize[]>> = {
  shared: sizes(
    ["s-1vcpu-1gb", 1, 1, 6],
    ["s-1vcpu-2gb", 1, 2, 12],
    ["s-2vcpu-2gb", 2, 2, 18],
    ["s-2vcpu-4gb", 2, 4, 24],
    ["s-4vcpu-8gb", 4, 8, 48],
    ["s-8vcpu-16gb", 8, 16, 96],
  ),
  premium: sizes(
    ["s-1vcpu-1gb-amd", 1, 1, 7],
    ["s-1vcpu-2gb-amd", 1, 2, 14],
    ["s-2vcpu-2gb-amd", 2, 2, 21],
    ["s-2vcpu-4gb-amd", 2, 4, 28],
    ["s-2vcpu-8gb-amd", 2, 8, 42],
    ["s-4vcpu-8gb-amd", 4, 8, 56],
    ["s-4vcpu-16gb-amd", 4, 16, 84],
    ["s-8vcpu-16gb-amd", 8, 16, 112],
    ["s-8vcpu-32gb-amd", 8, 32, 168],
  ),
  dedicated: sizes(
    ["c-2", 2, 4, 42],
    ["c-4", 4, 8, 84],
    ["c-8", 8, 16, 168],
    ["c-16", 16, 32, 336],
    ["c-32", 32, 64, 672],
    ["g-2vcpu-8gb", 2, 8, 63],
    ["g-4vcpu-16gb", 4, 16, 126],
    ["g-8vcpu-32gb", 8, 32, 252],
    ["g-16vcpu-64gb", 16, 64, 504],
    ["g-32vcpu-128gb", 32, 128, 1008],
    ["m-2vcpu-16gb", 2, 16, 84],
    ["m-4vcpu-32gb", 4, 32, 168],
    ["m-8vcpu-64gb", 8, 64, 336],
    ["m-16vcpu-128gb", 16, 128, 672],
    ["m-24vcpu-192gb", 24, 192, 1008],
    ["m-32vcpu-256gb", 32, 256, 1344],
  ),
};

export type Choice = { readonly slug: string; readonly dollars: number } | { readonly wrong: string; readonly remedy: string };

/** The cheapest droplet that has both, or why there is none. */
export function dropletSize(cpus: Cpus, size: Size): Choice {
  const family = SIZES[cpus];
  const found = family.find((one) => one.cpus >= size.cpus && one.gib >= size.gib);
  if (found !== undefined) return found;
  const largest = family[family.length - 1]!;
  return {
    wrong: `DigitalOcean has no droplet with ${size.cpus} ${cpus} CPUs and ${size.gib} GiB`,
    remedy:
      `the largest is ${largest.slug} with ${largest.cpus} and ${largest.gib}: use more and smaller machines` +
      (cpus === "dedicated" ? "" : ", or dedicated CPUs"),
  };
}
