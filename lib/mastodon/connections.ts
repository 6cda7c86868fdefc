// Who may hold how many connections to a database server at once: `database.expects(web, { processes: 6, each: 5, reads: true, doubles: true })`.
// What does not fit is refused before the first deploy; `cdktf-mastodon connections` shows every sum.

import { Lazy, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { hostName } from "../core/names";
import { Site } from "./site";

/** Processes of one tier that connect to a database. */
export interface Clients {
  /** Processes of all its machines. */
  readonly processes: number;
  /** Connections that each may open. */
  readonly each: number;
  /** Whether each may open as many again for reads, since Ruby keeps a second pool when there is a replica; `only`: it connects nowhere else. */
  readonly reads: boolean | "only";
  /** Whether old and new machines stand side by side during a roll-out. */
  readonly doubles: boolean;
  /**
   * What connects, where a tier has several kinds of clients.
   * @default - the tier's processes
   */
  readonly what?: string;
}

export interface ServerProps {
  /** The machine's name; of a server outside the page its name and port, since a pooler may share its host with the database. */
  readonly name: string;
  /** The most connections that all clients together may hold. */
  readonly most: number;
  /** Where that number comes from, as in `maxClients is 5000`. */
  readonly limit: string;
  /** What to do when so many are needed. */
  readonly remedy: (needed: number) => string;
}

interface Row {
  readonly tier: string;
  readonly processes: number;
  readonly each: number;
  readonly doubles: boolean;
}

/** The connections to one server. */
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
        wrong: `its clients may hold ${this.surge} connections to ${props.name} in a roll-out (${rows.join("; ")}), and ${props.limit}`,
        remedy: props.remedy(this.surge),
      });
    });
  }

  get name(): string {
    return this.props.name;
  }

  /** Counts the clients of `by`, each with `pools` pools at this server. */
  count(by: Construct, { processes, each, doubles, what }: Clients, pools = 1): void {
    const tier = hostName(by.node.id) + (what === undefined ? "" : `, ${what}`);
    this.rows.push({ tier, processes, each: each * pools, doubles });
  }

  /** Connections on an ordinary day. */
  get steady(): number {
    return this.rows.reduce((sum, { processes, each }) => sum + processes * each, 0);
  }

  /** Connections while every tier rolls at once, as when Mastodon's version changes. */
  get surge(): number {
    return this.rows.reduce((sum, { processes, each, doubles }) => sum + processes * each * (doubles ? 2 : 1), 0);
  }

  /** One row a tier. */
  get tiers(): Readonly<Record<string, string>> {
    const rows = this.rows.map(({ tier, processes, each, doubles }) => {
      return [tier, `${processes} x ${each}${doubles ? ", twice in a roll-out" : ""}`] as const;
    });
    return Object.fromEntries(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** What `cdktf-mastodon connections` shows. */
  get summary(): Readonly<Record<string, unknown>> {
    return { limit: this.props.limit, steady: this.steady, surge: this.surge, tiers: this.tiers };
  }
}

/** The servers of a site; the first one has the plan hold all of them. */
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
