// The ordered steps that a host performs at its first boot: `host.program.add({ kind: "package", names: ["nginx-light"] })`.
// Each step is data until the boot text is rendered, and a program belongs to exactly one host.

/** A text, or a function that returns it at synth, when the whole page is known. */
export type Text = string | (() => string);

export type Step =
  /** Debian packages, installed before any other step. */
  | { readonly kind: "package"; readonly names: readonly string[] }
  /** Container images that units of the program run. podman pulls an image at first use, unless the cloud has provided it. */
  | { readonly kind: "image"; readonly names: readonly string[] }
  | FileStep
  /** Mounts a disk at a directory. A file system is made only if the disk is blank. */
  | { readonly kind: "mount"; readonly device: Text; readonly at: string }
  /** A bash script. It runs again when a machine is replaced and keeps its disk. `why` is printed before it runs. */
  | { readonly kind: "run"; readonly why: string; readonly script: Text }
  /** systemd units to start now, and at each boot unless `atBoot` is false. */
  | { readonly kind: "start"; readonly units: readonly string[]; readonly atBoot?: boolean };

/** A file. Written before the packages are installed; `owner` is set after that, when the user exists. */
export interface FileStep {
  readonly kind: "file";
  readonly path: string;
  readonly content: Text;
  readonly mode?: FileMode;
  readonly owner?: string;
  /**
   * Whether it is in the block of packed files (`packed-file.ts`).
   * @default false
   */
  readonly packed?: boolean;
  /** The part of the page that it was made from, as in `ca of db.example.net`, for the message that the boot text is too large. */
  readonly from?: Text;
  /**
   * How a changed file is applied to a running kept machine, on a cloud that delivers settings.
   * @default - not at all: a changed file takes effect when the machine is renewed, as the rest of the boot text does
   */
  readonly taken?: Taken;
  /**
   * What the file holds in a boot text, for a file with `taken` whose content is known only when other machines are made. Deliveries bring the content.
   * @default - its content
   */
  readonly atBoot?: string;
  /**
   * An extended regular expression for lines of a file with `taken`. A running machine keeps its own version of these lines until it is renewed: for
   * example passwords, which must change on several machines together.
   * @default - none
   */
  readonly renewedLines?: string;
  /**
   * A shell command on the machine that reads the content and prints what the file holds after the program has run.
   * @default - the file holds the content
   */
  readonly writtenBy?: Text;
}

/** How changed files are applied to a running machine. Files with the same `what` are applied together: all of them or none. */
export interface Taken {
  /** The service whose settings they are, for messages. */
  readonly what: string;
  /** What happens to the service. `set` changes it while it runs; `nothing` is for files that are read at each use. */
  readonly does: "reload" | "restart" | "set" | "nothing";
  /**
   * A command that fails if the new files, which are already in place, are wrong. The old files are then restored.
   * @default - no check
   */
  readonly check?: string;
  /**
   * A shell script that applies the files, with the functions of take-settings.sh: `reload UNIT`, `runs UNIT`, and `before PATH` for the old version
   * of a file. Its output is shown and must not hold a secret. If it fails, the old files are restored and it is run again.
   * @default - nothing has to be done
   */
  readonly script?: string;
}

export type FileMode = "0400" | "0600" | "0640" | "0644" | "0755";

/** Something that several constructs share in one program, such as the configuration of a host's HAProxy; `make` is called at first use. */
export class Part<Shared> {
  constructor(readonly make: (program: Program) => Shared) {}
}

export class Program {
  private readonly added: Step[] = [];
  private readonly checks: string[] = [];
  // A cache: steps are only ever added, so a list is valid while their number is the same. A cloud may read it once for each machine.
  private readonly known = new Map<"package" | "image", { readonly steps: number; readonly names: readonly string[] }>();

  private readonly parts = new Map<Part<unknown>, unknown>();

  /** Appends steps; they run in this order. */
  add(...steps: readonly Step[]): this {
    this.added.push(...steps);
    return this;
  }

  /** Adds a shell command that must succeed before the machine counts as ready (`/usr/local/sbin/ready`). */
  readyWhen(command: string): this {
    this.checks.push(command);
    return this;
  }

  /** The shared object of that key in this program. */
  part<Shared>(part: Part<Shared>): Shared {
    if (!this.parts.has(part)) this.parts.set(part, part.make(this));
    return this.parts.get(part) as Shared;
  }

  get steps(): readonly Step[] {
    return this.added;
  }

  get readiness(): readonly string[] {
    return this.checks;
  }

  /** The Debian packages that the steps name, sorted, each once. */
  get packages(): readonly string[] {
    return this.named("package");
  }

  /** The container images that the steps name, sorted, each once. */
  get images(): readonly string[] {
    return this.named("image");
  }

  /** The texts of all files and scripts. */
  get texts(): readonly string[] {
    return this.added.flatMap((step) => {
      if (step.kind === "file") return [textOf(step.content)];
      return step.kind === "run" ? [textOf(step.script)] : [];
    });
  }

  /** The largest text of all, in bytes as `measured` counts them, for the message that the boot text is too large. */
  largest(measured: (text: string) => number): {
    readonly what: string;
    readonly bytes: number;
    readonly from: string | undefined;
  } {
    const parts = this.added.flatMap((step) => {
      if (step.kind === "file") return [{ what: `the file ${step.path}`, text: textOf(step.content), from: step.from }];
      return step.kind === "run" ? [{ what: `the script "${step.why}"`, text: textOf(step.script), from: undefined }] : [];
    });
    const sized = parts.map(({ what, text, from }) => ({ what, bytes: measured(text), from: from && textOf(from) }));
    return sized.reduce((most, part) => (part.bytes > most.bytes ? part : most), { what: "nothing", bytes: 0, from: undefined });
  }

  private named(kind: "package" | "image"): readonly string[] {
    const found = this.known.get(kind);
    if (found?.steps === this.added.length) return found.names;
    const all = this.added.flatMap((step) => (step.kind === kind ? step.names : []));
    const names = [...new Set(all)].sort();
    this.known.set(kind, { steps: this.added.length, names });
    return names;
  }
}

/** The text, also if it was given as a function. */
export function textOf(text: Text): string {
  return typeof text === "string" ? text : text();
}
