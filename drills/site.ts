// The deployed site for drills: `const site = await Site.of("social", () => page.inventory())`. It finds hosts by role and runs commands on them.

import { ChildProcessWithoutNullStreams } from "node:child_process";
import { Inventory } from "../lib/core/inventory";
import { drive, machinesNow, spawnDriver } from "../scripts/cluster";
import { door, Door } from "../scripts/journey";
import { Host, hostsOf, namesOf, Role } from "./hosts";
import { NotReady } from "./page";
import { Use, QUEUES, REDIS, STARTED } from "./questions";
import { watchers } from "./sentinels";

export class Site {
  private constructor(
    readonly name: string,
    readonly door: Door,
    /** The domain of the accounts, which need not be the web's. */
    readonly domain: string,
    /** What the last deploy has described. */
    readonly inventory: () => Promise<Inventory>,
  ) {}

  static async of(name: string, inventory: () => Promise<Inventory>): Promise<Site> {
    const described = await inventory();
    const hosts = hostsOf(described, await machinesNow(name));
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
    const { host, streaming, domain } = namesOf(described);
    return new Site(name, door(name, host, streaming), domain, inventory);
  }

  /** The machines now: pools get others. */
  async hosts(): Promise<readonly Host[]> {
    return hostsOf(await this.inventory(), await machinesNow(this.name));
  }

  /** The machines with this role that run, and are not cut off from all others. */
  async with(role: Role): Promise<readonly Host[]> {
    return (await this.hosts()).filter(({ roles, state }) => roles.has(role) && (state === "running" || state === "partly-cut"));
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
    const { name, sentinels } = watchers(await this.inventory(), use);
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
