// The ordered steps that a host performs at its first boot: `host.program.add({ kind: "package", names: ["nginx-light"] })`.
// Each step is data until the boot text is rendered, and a program belongs to exactly one host.

/** A text that may depend on the rest of the page; it is asked for once, at synth. */
export type Text = string | (() => string);

export type Step =
  /** Debian packages, installed before any other step. */
  | { readonly kind: "package"; readonly names: readonly string[] }
  /** Container images that units of the program run; podman pulls one when it is first wanted, a cloud may have it ready. */
  | { readonly kind: "image"; readonly names: readonly string[] }
  | FileStep
  /** A disk's file system at a directory; made if the disk is blank, adopted if not. */
  | { readonly kind: "mount"; readonly device: Text; readonly at: string }
  /** A bash script that may be run again on a machine that is made anew over its disk. `why` is printed before it runs. */
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
  /** What of the page it was made of, as in `ca of db.example.net`, for the message that it is too large. */
  readonly from?: Text;
  /**
   * How a running kept machine takes another content, on a cloud that delivers settings.
   * @default - it does not: a changed file comes with a renewal of the machine, as the rest of the boot text does
   */
  readonly taken?: Taken;
  /**
   * An extended regular expression for lines of a file that is `taken`. A running machine keeps its own, and other ones come with a renewal: such
   * as passwords, which must change on several machines together.
   * @default - none
   */
  readonly renewedLines?: string;
  /**
   * A shell command of the machine that reads the content, and prints what the file holds once the program has run.
   * @default - the file holds the content
   */
  readonly writtenBy?: Text;
}

/** How a running machine takes other files. Files of one `what` are taken together: all of them or none. */
export interface Taken {
  /** Whose settings they are, as people read it. */
  readonly what: string;
  /** What that means for it: `set` changes it while it runs, and `nothing` is for files that whoever needs them reads each time. */
  readonly does: "reload" | "restart" | "set" | "nothing";
  /**
   * A command that fails if the files, which are in their places already, are wrong. They then become what they were.
   * @default - no check
   */
  readonly check?: string;
  /**
   * Shell that has it take the files, in functions of take-settings.sh: `reload UNIT`, `runs UNIT`, and `before PATH` for the file as it was. What it
   * prints is shown, and must hold no secret. If it fails the files become what they were, and it is run again.
   * @default - nothing has to be done
   */
  readonly script?: string;
}

export type FileMode = "0400" | "0600" | "0640" | "0644" | "0755";

/** What several parts of one program share, such as the configuration of a host's one HAProxy; `make` runs for the first of them. */
export class Part<Shared> {
  constructor(readonly make: (program: Program) => Shared) {}
}

export class Program {
  private readonly added: Step[] = [];
  private readonly checks: string[] = [];
  // Steps are only ever added, so their number says whether a list is still right; a cloud may ask for it once a machine.
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

  /** What is shared under that key in this program. */
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

  /** All that is written into files or run. */
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

/** The text itself, whichever way it was given. */
export function textOf(text: Text): string {
  return typeof text === "string" ? text : text();
}
