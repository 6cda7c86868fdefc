// The deployed site as a drill sees it: `const site = await Site.of("social")`, then its hosts by what they do, and questions to them.

import { ChildProcessWithoutNullStreams } from "node:child_process";
import { drive, Machine, machinesNow, spawnDriver } from "../scripts/cluster";
import { door, Door } from "../scripts/journey";
import { NotReady } from "./page";
import { Use, QUEUES, REDIS, ROLES, STARTED } from "./questions";
import { Watchers, watchers } from "./sentinels";

export type Role = "web" | "streaming" | "sidekiq" | "scheduler" | "redis" | "pgbouncer" | "postgres" | "front-door";

/** A machine, and what it does. */
export interface Host extends Machine {
  readonly roles: ReadonlySet<Role>;
}

export class Site {
  private readonly watched = new Map<Use, Promise<Watchers>>();

  private constructor(
    readonly name: string,
    readonly door: Door,
    /** The domain of the accounts, which need not be the web's. */
    readonly domain: string,
    private known: readonly Host[],
  ) {}

  static async of(name: string): Promise<Site> {
    const hosts = await hostsOf(name, []);
    const down = hosts.filter(({ state }) => state !== "running").map((host) => `${host.name} is ${host.state}`);
    if (down.length > 0) {
      throw new NotReady(`${down.join(", ")}: bring it back by \`local machine start\`, \`partition heal\` or \`machine thaw\``);
    }
    const web = hosts.find(({ roles }) => roles.has("web"));
    if (web === undefined || !hosts.some(({ roles }) => roles.has("front-door"))) {
      throw new NotReady(
        `the site ${name} has no ${web === undefined ? "web machine" : "front door"}: the load comes in by both`,
      );
    }
    const env = await drive(["run", name, web.name, "--", "cat", "/etc/mastodon/web.env"]);
    const value = (variable: string) => new RegExp(`^${variable}=(.*)$`, "m").exec(env)?.[1];
    const domain = value("LOCAL_DOMAIN")!;
    const host = value("WEB_DOMAIN") ?? domain;
    const streaming = value("STREAMING_API_BASE_URL");
    return new Site(name, door(name, host, streaming === undefined ? host : new URL(streaming).hostname), domain, hosts);
  }

  /** The machines now: pools get others. */
  async hosts(): Promise<readonly Host[]> {
    this.known = await hostsOf(this.name, this.known);
    return this.known;
  }

  async with(role: Role): Promise<readonly Host[]> {
    return (await this.hosts()).filter(({ roles, state }) => roles.has(role) && state === "running");
  }

  /** A web machine that runs, and is none of those. */
  async web(...not: readonly string[]): Promise<Host> {
    const host = (await this.with("web")).find(({ name }) => !not.includes(name));
    if (host === undefined) throw new Error("no web machine is left to ask from");
    return host;
  }

  async on(machine: string, script: string, ...args: readonly string[]): Promise<string> {
    return drive(["run", this.name, machine, "--", "timeout", "60", "bash", "-c", script, "drill", ...args]);
  }

  /** Rows of the database, by columns. */
  async sql(query: string): Promise<readonly (readonly string[])[]> {
    const lines = await drive([
      "run",
      this.name,
      (await this.web()).name,
      "--",
      "timeout",
      "60",
      "mastodon-psql",
      "-AtF",
      "\t",
      "-c",
      query,
    ]);
    return lines
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split("\t"));
  }

  /** A script's beginning that finds a Redis; it is run on a web machine with the use as its first word. */
  async redis(use: Use): Promise<string> {
    const known = this.watched.get(use) ?? watchers(this, use);
    this.watched.set(use, known);
    const { name, sentinels } = await known.catch((error) => {
      this.watched.delete(use);
      throw error;
    });
    return `name='${name}'\nsentinels='${sentinels}'\n${REDIS}`;
  }

  /** The machine of a Redis' master, as most sentinels say; nothing if no sentinel watches it. */
  async master(use: Use): Promise<Host | undefined> {
    const web = await this.web();
    const address = (
      await this.on(web.name, `${await this.redis(use)}\nwatched || exit 0\nmaster | cut -d ' ' -f 1`, use)
    ).trim();
    if (address === "") return undefined;
    const host = (await this.hosts()).find((one) => one.address === address || one.name === address);
    if (host === undefined) throw new Error(`the sentinels say that the master is ${address}, which is no machine of the site`);
    return host;
  }

  /** Jobs that wait, are in hand or will be tried again. */
  async jobs(): Promise<number> {
    return Number(await this.on((await this.web()).name, `${await this.redis("SIDEKIQ_")}\n${QUEUES}`, "SIDEKIQ_"));
  }

  /** When the processes of these hosts were started, by host: unchanged as long as none was started anew. */
  async started(hosts: readonly Host[]): Promise<Readonly<Record<string, string>>> {
    const all = await Promise.all(hosts.map(async ({ name }) => [name, await this.on(name, STARTED)] as const));
    return Object.fromEntries(all);
  }

  /** Starts a script on a machine that reads nothing and goes on until its input ends. */
  start(machine: string, script: string, ...args: readonly string[]): Going {
    return new Going(this.name, machine, script, args);
  }
}

/** A script that goes on inside a machine. */
export class Going {
  private readonly child: ChildProcessWithoutNullStreams;
  private printed = "";
  private readonly closed: Promise<void>;

  constructor(site: string, machine: string, script: string, args: readonly string[]) {
    this.child = spawnDriver(["run", site, machine, "--", "bash", "-c", script, "drill", ...args]);
    this.child.stdout.on("data", (part: Buffer) => (this.printed += part.toString()));
    this.child.stdin.on("error", () => undefined);
    this.closed = new Promise((done) => this.child.on("close", () => done()));
  }

  get lines(): readonly string[] {
    return this.printed.split("\n").filter((line) => line !== "");
  }

  async end(): Promise<readonly string[]> {
    this.child.stdin.end();
    await this.closed;
    return this.lines;
  }
}

async function hostsOf(site: string, known: readonly Host[]): Promise<readonly Host[]> {
  const machines = await machinesNow(site);
  return Promise.all(
    machines.map(async (machine) => {
      // What a machine is for does not change, and one that is away cannot be asked.
      const before = known.find(({ name, address }) => name === machine.name && address === machine.address);
      if (before !== undefined) return { ...machine, roles: before.roles };
      if (machine.state !== "running") return { ...machine, roles: new Set<Role>() };
      const said = await drive(["run", site, machine.name, "--", "bash", "-c", ROLES]);
      return { ...machine, roles: new Set(said.split("\n").filter((line) => line !== "") as Role[]) };
    }),
  );
}
