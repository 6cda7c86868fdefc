// The server type for a size at a location: `serverType("fsn1", "shared", Size.of({ cpus: 2, gib: 4 }))`.
// A table, not a data source: if Hetzner withdraws a type, plans for machines of that type must still work. Types as of November 2026.

import { Size } from "../../core/size";

export type Location = "fsn1" | "nbg1" | "hel1" | "ash" | "hil" | "sin";

/**
 * The kind of CPUs: shared (`cpx`), dedicated (`ccx`), older shared ones at a third of the price that are often sold out (`cx`), or shared ARM CPUs
 * that are often sold out too (`cax`). The last two exist in Europe only.
 */
export type Cpus = "shared" | "dedicated" | "cost-optimized" | "arm";

export type NetworkZone = "eu-central" | "us-east" | "us-west" | "ap-southeast";

interface Type {
  readonly name: string;
  readonly cpus: number;
  readonly gib: number;
}

const types = (...rows: readonly (readonly [string, number, number])[]): readonly Type[] =>
  rows.map(([name, cpus, gib]) => ({ name, cpus, gib }));

// Smallest first.
const CPX = types(["cpx12", 1, 2], ["cpx22", 2, 4], ["cpx32", 4, 8], ["cpx42", 8, 16], ["cpx52", 12, 24], ["cpx62", 16, 32]);
const CPX_US = types(["cpx11", 2, 2], ["cpx21", 3, 4], ["cpx31", 4, 8], ["cpx41", 8, 16], ["cpx51", 16, 32]);
const CX = types(["cx23", 2, 4], ["cx33", 4, 8], ["cx43", 8, 16], ["cx53", 16, 32]);
const CAX = types(["cax11", 2, 4], ["cax21", 4, 8], ["cax31", 8, 16], ["cax41", 16, 32]);
const CCX = types(["ccx13", 2, 8], ["ccx23", 4, 16], ["ccx33", 8, 32], ["ccx43", 16, 64], ["ccx53", 32, 128], ["ccx63", 48, 192]);

interface Place {
  readonly zone: NetworkZone;
  readonly types: Readonly<Partial<Record<Cpus, readonly Type[]>>>;
}

const EUROPE: Place = { zone: "eu-central", types: { shared: CPX, dedicated: CCX, "cost-optimized": CX, arm: CAX } };

export const LOCATIONS: Readonly<Record<Location, Place>> = {
  fsn1: EUROPE,
  nbg1: EUROPE,
  hel1: EUROPE,
  ash: { zone: "us-east", types: { shared: CPX_US, dedicated: CCX } },
  hil: { zone: "us-west", types: { shared: CPX_US, dedicated: CCX } },
  sin: { zone: "ap-southeast", types: { shared: CPX, dedicated: CCX } },
};

export type Choice = { readonly type: string } | { readonly wrong: string; readonly remedy: string };

/** The smallest type with enough CPUs and memory, or why there is none. */
export function serverType(location: Location, cpus: Cpus, size: Size): Choice {
  const here = LOCATIONS[location].types;
  const family = here[cpus];
  if (family === undefined) {
    const elsewhere = (Object.keys(LOCATIONS) as Location[]).filter((place) => LOCATIONS[place].types[cpus] !== undefined);
    return {
      wrong: `its CPUs are to be ${cpus}, which Hetzner does not offer in ${location}`,
      remedy: `use ${Object.keys(here).join(" or ")} there, or one of the locations ${elsewhere.join(", ")}`,
    };
  }
  const found = family.find((type) => type.cpus >= size.cpus && type.gib >= size.gib);
  if (found !== undefined) return { type: found.name };
  const largest = family[family.length - 1]!;
  return {
    wrong: `Hetzner has no server in ${location} with ${size.cpus} ${cpus} CPUs and ${size.gib} GiB`,
    remedy: `the largest is ${largest.name} with ${largest.cpus} and ${largest.gib}: use more and smaller machines${cpus === "dedicated" ? "" : ", or dedicated CPUs"}`,
  };
}
