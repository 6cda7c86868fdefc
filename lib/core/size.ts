// How big a machine or a disk is, in no cloud's terms: `Size.of({ cpus: 2, gib: 4 })`, `Disk.gib(200)`.

export class Size {
  private constructor(
    /** Virtual CPUs. */
    readonly cpus: number,
    /** Memory in GiB. */
    readonly gib: number,
  ) {}

  /**
   * A machine of so many CPUs and so much memory; each cloud takes its smallest type that has both.
   * @throws if either is not positive, or `cpus` is not whole
   */
  static of(props: { readonly cpus: number; readonly gib: number }): Size {
    if (!Number.isInteger(props.cpus) || props.cpus < 1) {
      throw new Error(`Size.of: cpus is ${props.cpus}, but must be a whole number from 1`);
    }
    if (!(props.gib > 0)) throw new Error(`Size.of: gib is ${props.gib}, but must be above 0`);
    return new Size(props.cpus, props.gib);
  }
}

export class Disk {
  private constructor(
    /** Capacity in GiB. */
    readonly gib: number,
  ) {}

  /**
   * A disk that outlives the machine it is attached to.
   * @throws if `gib` is not a whole number from 1
   */
  static gib(gib: number): Disk {
    if (!Number.isInteger(gib) || gib < 1) throw new Error(`Disk.gib: ${gib} is not a whole number from 1`);
    return new Disk(gib);
  }
}

/** What a plan says of a disk that is larger than the page wants it; `has` may be an expression of Terraform's. */
export function shrinks(where: string, disk: { readonly name: string; readonly gib: number }, has: string): string {
  const wrong = `the page gives the disk ${disk.name} ${disk.gib} GiB, and it has ${has}`;
  return `${where}: ${wrong} / disks never shrink: say at least ${has} GiB, or make a new tier and move the data`;
}
