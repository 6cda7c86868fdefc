// Counts the connections that clients may open to a database server: `database.expects(web, { processes: 6, each: 5, reads: true, doubles: true })`.
// Synth fails if the sum exceeds the server's limit; `cdktf-mastodon connections` prints the sums.

import { Lazy, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { hostName } from "../core/names";
import { Site } from "./site";

/** Processes of one tier that connect to a database. */
export interface Clients {
  /** Processes on all machines of the tier; on the most that there may be if their number follows the load. */
  readonly processes: number;
  /** Connections that each process may open. */
  readonly each: number;
  /** `true`: each opens as many again to a replica, since Rails keeps a second pool for it. `only`: it connects to the replica alone. */
  readonly reads: boolean | "only";
  /** Whether old and new machines run at the same time during a roll-out, which doubles the connections. */
  readonly doubles: boolean;
  /**
   * A name for these clients, where a tier has several kinds.
   * @default - the tier's processes
   */
  readonly what?: string;
}

export interface ServerProps {
  /** The machine's name; of an external server its name and port, since a pooler may share its host with the database. */
  readonly name: string;
  /** The maximum of connections for all clients together. */
  readonly most: number;
  /** The source of that maximum, as in `maxClients is 5000`; used in the error message. */
  readonly limit: string;
  /** The remedy in the error message, given the number of connections that are needed. */
  readonly remedy: (needed: number) => string;
}

interface Row {
  readonly tier: string;
  readonly processes: number;
  readonly each: number;
  readonly doubles: boolean;
}

/** Sums up the connections to one server. */
export class Connections {
  private readonly rows: Row[] = [];

  constructor(
    by: Construct,
    private readonly props: ServerProps,
  ) {
    const site = Site.of(by);
    serversOf(site).push(this);
    site.problems.atSynth(() => {
      if (!(this.surge > props.most)) return;
      const rows = Object.entries(this.tiers).map(([tier, row]) => `${tier}: ${row}`);
      site.problems.add(by, {
        wrong: `its clients may open ${this.surge} connections to ${props.name} in a roll-out (${rows.join("; ")}), and ${props.limit}`,
        remedy: props.remedy(this.surge),
      });
    });
  }

  get name(): string {
    return this.props.name;
  }

  /** Counts the clients of `by`, each with `pools` connection pools to this server. */
  count(by: Construct, { processes, each, doubles, what }: Clients, pools = 1): void {
    const tier = hostName(by.node.id) + (what === undefined ? "" : `, ${what}`);
    this.rows.push({ tier, processes, each: each * pools, doubles });
  }

  /** Connections outside a roll-out. */
  get steady(): number {
    return this.rows.reduce((sum, { processes, each }) => sum + processes * each, 0);
  }

  /** Connections while every tier rolls out at the same time, as with a new version of Mastodon. */
  get surge(): number {
    return surgeOf(this.rows);
  }

  /** One row per tier. */
  get tiers(): Readonly<Record<string, string>> {
    const rows = this.rows.map(({ tier, processes, each, doubles }) => {
      return [tier, `${processes} x ${each}${doubles ? ", twice in a roll-out" : ""}`] as const;
    });
    return Object.fromEntries(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** The data that `cdktf-mastodon connections` prints. */
  get summary(): Readonly<Record<string, unknown>> {
    return { limit: this.props.limit, steady: this.steady, surge: this.surge, tiers: this.tiers };
  }
}

/** The servers of a site. The first call also adds the local value with the sums of all of them to the plan. */
function serversOf(site: Site): Connections[] {
  const known = site.shared;
  const all = known.databaseServers;
  known.once("sums of connections", () => {
    const sums = Lazy.anyValue({ produce: () => summaries(all) });
    const local = new TerraformLocal(site, "DatabaseConnections", sums);
    local.overrideLogicalId(`${site.name.replaceAll("-", "_")}_database_connections`);
  });
  return all;
}

/** By name. Several descriptions of one server are told apart by a number: Terraform refuses a key that is there twice. */
function summaries(all: readonly Connections[]): Readonly<Record<string, unknown>> {
  const byName = new Map<string, unknown>();
  for (const { name, summary } of [...all].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    let key = name;
    for (let n = 2; byName.has(key); n += 1) key = `${name}, ${n}`;
    byName.set(key, summary);
  }
  return Object.fromEntries(byName);
}

/** The sums of one server, as a plan has them. */
export interface Budget {
  readonly server: string;
  /** The maximum of connections for all clients together. */
  readonly most: number;
  /** The source of that maximum. */
  readonly limit: string;
  readonly rows: readonly BudgetRow[];
}

export interface BudgetRow {
  /** The tier's name, as in host names. */
  readonly tier: string;
  /** Which of the tier's clients, where it has several kinds. */
  readonly what?: string;
  readonly processes: number;
  readonly each: number;
  readonly doubles: boolean;
}

/** Reads the local value of a plan that `Connections` has written. */
export function budgetsIn(local: unknown): readonly Budget[] {
  const servers = Object.entries(
    (local ?? {}) as Readonly<Record<string, { readonly limit: string; readonly tiers: Connections["tiers"] }>>,
  );
  return servers.map(([server, { limit, tiers }]) => ({
    server,
    // Every text ends in the number, and that of a machine of its own in what is left of it.
    most: Number(/\d+$/.exec(limit)?.[0]),
    limit,
    rows: Object.entries(tiers).map(([name, row]) => {
      const [, tier, what] = /^([^,]+)(?:, (.+))?$/.exec(name)!;
      const [, processes, each, doubles] = /^(\d+) x (\d+)(, twice in a roll-out)?$/.exec(row)!;
      const numbers = { processes: Number(processes), each: Number(each), doubles: doubles !== undefined };
      return { tier: tier!, ...(what !== undefined && { what }), ...numbers };
    }),
  }));
}

/** Connections while every tier rolls out at the same time. */
export function surgeOf(rows: readonly Pick<BudgetRow, "processes" | "each" | "doubles">[]): number {
  return rows.reduce((sum, { processes, each, doubles }) => sum + processes * each * (doubles ? 2 : 1), 0);
}
