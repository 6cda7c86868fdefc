// Which type of instance has so many CPUs and so much memory: `instanceType("arm64", "burstable", Size.of({ cpus: 2, gib: 4 }))`.

import { Size } from "../../core/size";

export type Architecture = "arm64" | "x86_64";
export type Cpus = "burstable" | "steady";

export type Choice = { readonly type: string; readonly dollars: number } | { readonly wrong: string; readonly remedy: string };

export function instanceType(_architecture: Architecture, _cpus: Cpus, _size: Size): Choice {
  return { type: "t3.medium", dollars: 30 };
}
