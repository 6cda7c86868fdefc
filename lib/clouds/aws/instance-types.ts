// Which type of instance has so many CPUs and so much memory: `instanceType("arm64", "burstable", Size.of({ cpus: 2, gib: 4 }))`.
// A table, not a data source: a type that AWS withdraws must not stop the plans of machines that have it. All are of the Nitro system, by whose names of
// disks a machine finds its own. t3 and t4g are in all regions for which this library is meant; the others are missing in some younger regions and in
// single zones, so a plan asks whether a type is in each zone (`FoundResources`).
// Dollars an hour, on demand, Linux, in us-east-1: AWS' price list of 2026-01-19 as copied into karpenter-provider-aws,
// pkg/providers/pricing/zz_generated.pricing_aws.go. Other regions cost more, in nearly the same proportions, and only these decide which is the cheaper.

import { Size } from "../../core/size";

export type Architecture = "arm64" | "x86_64";
export type Cpus = "burstable" | "steady";

export interface InstanceType {
  /** Its name, such as `t3.medium`. */
  readonly type: string;
  /** Virtual CPUs, of which an account has a quota. */
  readonly cpus: number;
  readonly gib: number;
  /** A month of 730 hours. */
  readonly dollars: number;
  readonly burstable: boolean;
}

export type Choice = InstanceType | { readonly wrong: string; readonly remedy: string };

const HOURS_A_MONTH = 730;

/** Sizes of burstable types: CPUs, GiB, and the price in that of `small`. */
const BURSTABLE = [
  ["micro", 2, 1, 0.5],
  ["small", 2, 2, 1],
  ["medium", 2, 4, 2],
  ["large", 2, 8, 4],
  ["xlarge", 4, 16, 8],
  ["2xlarge", 8, 32, 16],
] as const;

/** CPUs of the sizes of other types, by which their memory and their price grow. */
const STEADY = [
  ["medium", 1],
  ["large", 2],
  ["xlarge", 4],
  ["2xlarge", 8],
  ["4xlarge", 16],
  ["8xlarge", 32],
  ["12xlarge", 48],
  ["16xlarge", 64],
] as const;

function burstable(family: string, dollarsOfSmall: number): readonly InstanceType[] {
  return sorted(
    BURSTABLE.map(([size, cpus, gib, factor]) => ({
      type: `${family}.${size}`,
      cpus,
      gib,
      dollars: dollarsOfSmall * factor * HOURS_A_MONTH,
      burstable: true,
    })),
  );
}

/** Families by the GiB of a CPU and the price of a CPU; those of Intel have no size with a single one. */
function steady(...families: readonly (readonly [string, number, number])[]): readonly InstanceType[] {
  return sorted(
    families.flatMap(([family, gibOfACpu, dollarsOfACpu]) =>
      STEADY.filter(([, cpus]) => cpus > 1 || family.endsWith("g")).map(([size, cpus]) => ({
        type: `${family}.${size}`,
        cpus,
        gib: cpus * gibOfACpu,
        dollars: dollarsOfACpu * cpus * HOURS_A_MONTH,
        burstable: false,
      })),
    ),
  );
}

const sorted = (types: readonly InstanceType[]) => [...types].sort((a, b) => a.dollars - b.dollars || b.gib - a.gib);

const TYPES: Readonly<Record<Architecture, Readonly<Record<Cpus, readonly InstanceType[]>>>> = {
  arm64: {
    burstable: burstable("t4g", 0.0168),
    steady: steady(["c7g", 2, 0.03625], ["m7g", 4, 0.0408], ["r7g", 8, 0.05355]),
  },
  x86_64: {
    burstable: burstable("t3", 0.0208),
    steady: steady(["c7i", 2, 0.044625], ["m7i", 4, 0.0504], ["r7i", 8, 0.06615]),
  },
};

/** The cheapest type that has both, or why there is none. */
export function instanceType(architecture: Architecture, cpus: Cpus, size: Size): Choice {
  const types = TYPES[architecture][cpus];
  const found = types.find((one) => one.cpus >= size.cpus && one.gib >= size.gib);
  if (found !== undefined) return found;
  const largest = types[types.length - 1]!;
  return {
    wrong: `AWS has no type of instance with ${size.cpus} ${cpus} CPUs of ${architecture} and ${size.gib} GiB`,
    remedy:
      `the largest here is ${largest.type} with ${largest.cpus} and ${largest.gib}: use more and smaller machines` +
      (cpus === "steady" ? "" : ', or cpus: "steady"'),
  };
}
