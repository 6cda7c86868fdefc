// All disks of a site as one resource: in a resource for each, the protection of a disk would be gone with the tier that has it.

import type { AwsNetwork } from "./network";

export class Volumes {
  constructor(protected readonly network: AwsNetwork) {}

  /** Tells of a disk in a zone; returns the expression of its volume's id. */
  add(_name: string, _disk: { readonly gib: number; readonly zone: number }): string {
    return "vol-0";
  }
}
