// The interface of a drill: `const drill: Drill = { name, title, act: async (scene) => { await scene.kill("web-1"); … }, limits }`.

import { drive } from "../scripts/cluster";
import { Load, Rates } from "./load";
import { Page } from "./page";
import { Host } from "./hosts";
import { Site } from "./site";

/** A drill's own findings; `bad` if they exceed its limits. */
export interface Finding {
  readonly said: string;
  readonly bad?: boolean;
  /** Measurements, by name and unit; a run that repeats drills makes a table of them. */
  readonly numbers?: Readonly<Record<string, number>>;
}

/** The limits of a drill. No post may be stored twice in any drill. */
export interface Limits {
  /** Requests sent later than this after the act must succeed; 0 if none may fail. */
  readonly failuresWithinSeconds: number;
  /** The time limit until posts can be written again. */
  readonly withoutPostSeconds: number;
  /** Posts sent later than this after the act must reach every connected WebSocket. */
  readonly eventsMissedWithinSeconds: number;
  /** How long a WebSocket may be disconnected. */
  readonly reconnectSeconds: number;
  /** Jobs that may be lost; when a machine loses power, so are all running jobs of its processes. */
  readonly jobsLost: number;
  readonly jobsTwice: number;
  /** Posts that were acknowledged and may be gone; they are counted all the same. */
  readonly postsLost: number;
  /** How many of the pages that strangers see may fail; as many as may be of all requests, unless it is said here. */
  readonly pagesFailed?: number;
  /** How long one of those may take. */
  readonly slowestPageSeconds?: number;
}

export interface Outcome {
  readonly findings?: readonly Finding[];
  /** Limits that only the deployed site knows, such as how many jobs its processes have in hand. */
  readonly limits?: Partial<Limits>;
}

export const UNDISTURBED: Limits = {
  failuresWithinSeconds: 0,
  // As long as a client waits: what takes longer has failed.
  withoutPostSeconds: 10,
  eventsMissedWithinSeconds: 0,
  reconnectSeconds: 0,
  jobsLost: 0,
  jobsTwice: 0,
  postsLost: 0,
};

export interface Drill {
  readonly name: string;
  /** What is done, in a few words. */
  readonly title: string;
  /** Breaks something, waits until the site has recovered, and returns its findings. The runner repairs what it broke. */
  readonly act: (scene: Scene) => Promise<Outcome>;
  readonly limits: Limits;
  /** Why it cannot run on this site; it is then reported as not run. */
  readonly impossible?: (site: Site, options: Options) => Promise<string | undefined>;
  /**
   * It breaks connections to the database. A job whose last write was done, but whose answer never came, is done once more: as many
   * as Sidekiq can have in hand. Mastodon's own jobs bear that.
   */
  readonly breaksQueries?: true;
  /** Another PostgreSQL may be primary afterwards, or the same one anew. After all other drills it is the same one, and was all the time. */
  readonly movesPrimary?: true;
  /** Other rates than a third of what the machine carries. */
  readonly rates?: Partial<Rates>;
}

export interface Options {
  /** The command for the page with more machines, if there is one. */
  readonly grown?: string;
  /** Added to every limit in seconds, on a machine that is busy otherwise. */
  readonly slackSeconds?: number;
  /** Whether the failure lasts until the cause's alert fires. What users notice has no limits then. */
  readonly alerts?: boolean;
}

/** Limits on a machine that needs longer; what may not happen at all may not happen there either. */
export function slack(limits: Limits, seconds: number): Limits {
  const longer = (limit: number) => (limit === 0 ? 0 : limit + seconds);
  return {
    ...limits,
    failuresWithinSeconds: longer(limits.failuresWithinSeconds),
    withoutPostSeconds: longer(limits.withoutPostSeconds),
    eventsMissedWithinSeconds: longer(limits.eventsMissedWithinSeconds),
    reconnectSeconds: longer(limits.reconnectSeconds),
    ...(limits.slowestPageSeconds !== undefined && { slowestPageSeconds: longer(limits.slowestPageSeconds) }),
  };
}

export class Scene {
  /** When it was broken. */
  actMs = Date.now();
  private readonly frozen = new Set<string>();
  private undoing = Promise.resolve();
  /** What is waited for before anything is repaired, if anything is. */
  beforeRepair: (() => Promise<void>) | undefined;
  private readonly undone: (() => Promise<void>)[] = [];

  constructor(
    readonly site: Site,
    readonly page: Page,
    readonly load: Load,
    readonly options: Options,
    readonly say: (line: string) => void,
  ) {}

  /** Does it, and counts everything from now on. */
  async strike<T>(act: () => Promise<T>): Promise<T> {
    this.actMs = Date.now();
    return act();
  }

  /** Seconds since it was broken. */
  get seconds(): number {
    return Math.round((Date.now() - this.actMs) / 100) / 10;
  }

  async kill(...machines: readonly string[]): Promise<void> {
    this.say(`${machines.join(", ")}: power off`);
    await Promise.all(machines.map((name) => this.machine("kill", name)));
  }

  async start(...machines: readonly string[]): Promise<void> {
    await this.beforeRepair?.();
    this.say(`${machines.join(", ")}: power on`);
    await Promise.all(machines.map((name) => this.machine("start", name)));
  }

  async freeze(machine: string): Promise<void> {
    this.say(`${machine}: stands still`);
    this.frozen.add(machine);
    await this.machine("freeze", machine);
  }

  async thaw(machine: string): Promise<void> {
    await this.beforeRepair?.();
    this.say(`${machine}: goes on`);
    await this.machine("thaw", machine);
    this.frozen.delete(machine);
  }

  /** From all others, or from these alone. */
  async cut(machine: string, ...from: readonly string[]): Promise<void> {
    this.say(`${machine}: cut off${from.length === 0 ? "" : ` from ${from.join(", ")}`}`);
    await drive(["partition", "cut", this.site.name, machine, ...(from.length === 0 ? [] : ["from", ...from])]);
  }

  /** From whomever it was cut off. */
  async mend(machine: string): Promise<void> {
    await this.beforeRepair?.();
    this.say(`${machine}: reached again`);
    await drive(["partition", "heal", this.site.name, machine]);
  }

  /** Done once the verdict is there, or when the drill fails. */
  later(undo: () => Promise<void>): void {
    this.undone.push(undo);
  }

  /** Waits until `done` or the time limit; returns whether it was done. */
  async until(done: () => boolean | Promise<boolean>, limitSeconds: number): Promise<boolean> {
    const end = Date.now() + limitSeconds * 1000;
    for (;;) {
      if (await done()) return true;
      if (Date.now() > end) return false;
      await pause(0.5);
    }
  }

  /** Restores every machine that is down or cut off, also after an interrupted drill. */
  async heal(): Promise<void> {
    const hosts = await this.site.hosts();
    for (const { name } of hosts.filter(({ name, state }) => state === "frozen" || this.frozen.has(name))) await this.thaw(name);
    for (const { name } of hosts.filter(({ state }) => state === "cut" || state === "partly-cut")) await this.mend(name);
    // One that is cut may be off as well.
    const off = (await this.site.hosts()).filter(({ state }) => state === "stopped").map(({ name }) => name);
    if (off.length > 0) await this.start(...off);
  }

  /** Once: whoever comes second waits for the first. */
  undo(): Promise<void> {
    const all = this.undone.splice(0).reverse();
    this.undoing = this.undoing.then(async () => {
      for (const undo of all) await undo();
    });
    return this.undoing;
  }

  private async machine(command: string, name: string): Promise<void> {
    await drive(["machine", command, this.site.name, name]);
  }
}

export async function pause(seconds: number): Promise<void> {
  await new Promise((next) => setTimeout(next, seconds * 1000));
}

export const named = (hosts: readonly Host[]): readonly string[] => hosts.map(({ name }) => name);
