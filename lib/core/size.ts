// Sizes of machines and disks, independent of the cloud: `Size.of({ cpus: 2, gib: 4 })`, `Disk.gib(200)`.

import { Problem } from "./problems";
import { wrongNumber } from "./whole-number";

// A size is made before it belongs to a page, so the construct that gets it reports what is wrong with it.
const wrong = new WeakMap<Size | Disk, Problem>();

/** What is wrong with the numbers of a size or a disk. */
export function wrongSize(of: Size | Disk): Problem | undefined {
  return wrong.get(of);
}

/** A placeholder for a size that could not be made; the first construct that gets it reports the problem. */
export function brokenSize(problem: Problem): Size {
  return told(Size.of({ cpus: 1, gib: 1 }), problem);
}

function told<Of extends Size | Disk>(of: Of, problem: Problem): Of {
  wrong.set(of, problem);
  return of;
}

export class Size {
  private constructor(
    /** Virtual CPUs. */
    readonly cpus: number,
    /** Memory in GiB. */
    readonly gib: number,
  ) {}

  /**
   * The minimum of CPUs and memory of a machine; each cloud uses its smallest type that has both.
   * @throws at synth if either is not positive, or `cpus` is not whole
   */
  static of(props: { readonly cpus: number; readonly gib: number }): Size {
    const wrongCpus = wrongNumber("cpus of its size", props.cpus, { least: 1 });
    const gib = props.gib > 0 && Number.isFinite(props.gib);
    const size = new Size(wrongCpus === undefined ? props.cpus : 1, gib ? props.gib : 1);
    if (wrongCpus !== undefined) return told(size, wrongCpus);
    if (!gib) return told(size, { wrong: `gib of its size is ${props.gib}`, remedy: "use a number above 0" });
    return size;
  }
}

export class Disk {
  private constructor(
    /** Capacity in GiB. */
    readonly gib: number,
  ) {}

  /**
   * A disk that outlives the machine it is attached to.
   * @throws at synth if `gib` is not a whole number from 1
   */
  static gib(gib: number): Disk {
    const wrong = wrongNumber("gib of its disk", gib, { least: 1 });
    return wrong === undefined ? new Disk(gib) : told(new Disk(1), wrong);
  }
}

/** The message for a disk that is larger than on the page; all but `where` may be Terraform expressions. */
export function shrinks(where: string, disk: { readonly name: string; readonly gib: number | string }, has: string): string {
  const wrong = `the page gives the disk ${disk.name} ${disk.gib} GiB, and it has ${has}`;
  return `${where}: ${wrong} / disks cannot shrink: give at least ${has} GiB, or make a new tier and move the data`;
}
