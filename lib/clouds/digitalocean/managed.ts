// What the databases that DigitalOcean runs have in common: a cluster in the site's VPC, and who may come in, by the tags of the callers' roles.

import { DatabaseFirewall } from "@cdktf/provider-digitalocean/lib/database-firewall";
import { DataDigitaloceanDatabaseCa } from "@cdktf/provider-digitalocean/lib/data-digitalocean-database-ca";
import { Lazy, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { Role } from "../../core/address-plan";
import { Caller } from "../../core/flow";
import { Installation } from "../../core/installation";
import { Managed } from "../../core/managed";
import { hostName, shortened } from "../../core/names";
import { PageError } from "../../core/problems";
import { Secret } from "../../core/secret";
import { wrongNumber } from "../../core/whole-number";
import { ClusterSettings, MadeCluster, ManagedClusters } from "./managed-clusters";

/** What a managed service needs of its site at DigitalOcean. */
export interface ManagedPlace {
  readonly site: string;
  readonly region: string;
  /** The VPC's id. */
  readonly vpc: string;
  readonly clusters: ManagedClusters;
  /** The tag of all hosts of a role. */
  roleTag(role: Role): { readonly name: string };
}

export interface ManagedProps {
  /**
   * DigitalOcean's plan, as in `db-s-2vcpu-4gb`. A larger one is taken in place, with a short pause; there is no way to a smaller one.
   * @throws at synth if it does not end with its memory, as all plans do
   */
  readonly size: string;
  /**
   * Machines: one, or with standbys that take over by themselves at the same address. A change adds or takes them away in place.
   * @default 2
   * @throws at synth if it is not a whole number from 1 to 3, or to 2 for Valkey; or if a plan of less than 2 GiB has more than one
   */
  readonly nodes?: number;
  /**
   * When DigitalOcean may bring new versions, in UTC, as in `{ day: "monday", hour: "04:00" }`.
   * @default - DigitalOcean chooses
   */
  readonly maintenance?: { readonly day: string; readonly hour: string };
}

export interface Cluster {
  readonly made: MadeCluster;
  readonly password: Secret;
  /** The certificate of the cluster's own authority, asked for when it is there. */
  ca(): string;
  readonly managed: Managed;
  /** Lets the same callers into another service, such as a replica. */
  admitTo(id: string, service: string): void;
}

/** The longest name that a cluster may have. */
const NAME_LENGTH = 63;
/** Limits of docs.digitalocean.com under PostgreSQL and Valkey: the machines of a cluster, and the memory that a plan with standbys has at least. */
const MOST_NODES = { pg: 3, valkey: 2 } as const;
const STANDBY_GIB = 2;
/** As DigitalOcean makes them, with room. */
const PASSWORD_LENGTH = 64;

/** The site's place, which the session of DigitalOcean's cloud has. */
export function placeOf(scope: Construct): ManagedPlace {
  const { session, cloud } = Installation.of(scope);
  const { managedPlace } = session as { readonly managedPlace?: ManagedPlace };
  if (managedPlace === undefined) {
    throw new PageError([
      `${scope.node.path}: its databases are DigitalOcean's, and its cloud is ${cloud.name} / use digitalocean({ … }) as its cloud`,
    ]);
  }
  return managedPlace;
}

export function cluster(
  scope: Construct,
  place: ManagedPlace,
  props: ManagedProps,
  engine: Pick<ClusterSettings, "engine" | "version" | "evictionPolicy" | "storageSizeMib">,
): Cluster {
  const { size, nodes = 2, maintenance } = props;
  const { problems } = Installation.of(scope);
  const name = shortened(`${place.site}-${hostName(scope.node.id)}`, NAME_LENGTH);
  problems.add(scope, wrongNumber("nodes", nodes, { least: 1, most: MOST_NODES[engine.engine] }) ?? wrongStandbys(size, nodes));
  if (gibOf(size) === undefined)
    problems.add(scope, { wrong: `size is "${size}"`, remedy: "give one of DigitalOcean's plans, such as db-s-2vcpu-4gb" });
  const made = place.clusters.add(scope, name, { ...engine, size, nodes, ...(maintenance !== undefined && { maintenance }) });
  const callers = new Callers(place);
  callers.admitTo(scope, "Callers", made.id);
  problems.atSynth(() => {
    if (callers.none) problems.add(scope, NOBODY);
  });
  return {
    made,
    password: new Secret(scope, `${hostName(scope.node.id).replaceAll("-", "_")}_password`, {
      length: PASSWORD_LENGTH,
      description: `The password of ${name} at DigitalOcean.`,
      value: made.password,
    }),
    ca: () => authorityOf(scope, made),
    managed: { name, admit: (from) => callers.admit(from) },
    admitTo: (id, service) => callers.admitTo(scope, id, service),
  };
}

// By way of a local value. Terraform puts off reading what names a resource itself while anything of that resource changes, here any database of the
// site; certificates and so boot texts would be unknown, and a larger plan of one database would replace all application machines.
function authorityOf(scope: Construct, made: MadeCluster): string {
  const id = new TerraformLocal(scope, "Id", made.id);
  return new DataDigitaloceanDatabaseCa(scope, "Ca", { clusterId: id.asString }).certificate;
}

function wrongStandbys(size: string, nodes: number) {
  const gib = gibOf(size);
  if (nodes === 1 || gib === undefined || gib >= STANDBY_GIB) return undefined;
  return {
    wrong: `nodes is ${nodes}, and ${size} has ${gib} GiB, with which DigitalOcean runs no standby`,
    remedy: `use nodes: 1, or a plan of ${STANDBY_GIB} GiB or more`,
  };
}

const NOBODY = {
  wrong: "nobody calls it, and DigitalOcean opens a database that names no caller to the world",
  remedy: "give it to a tier, or leave it out",
};

/** Whom a cluster and its replicas let in. */
class Callers {
  private readonly roles = new Set<Role>();

  constructor(private readonly place: ManagedPlace) {}

  get none(): boolean {
    return this.roles.size === 0;
  }

  admit(from: Caller): void {
    // By its private name nobody reaches it from elsewhere.
    if (from.kind !== "role") return;
    // The tag has to be there before the rule that names it.
    this.place.roleTag(from.role);
    this.roles.add(from.role);
  }

  admitTo(scope: Construct, id: string, clusterId: string): void {
    const produce = () => [...this.roles].sort().map((role) => ({ type: "tag", value: this.place.roleTag(role).name }));
    new DatabaseFirewall(scope, id, { clusterId, rule: Lazy.anyValue({ produce }) });
  }
}

/** The memory of a plan in GiB, which its name ends with. */
export function gibOf(size: string): number | undefined {
  const gib = /^[a-z0-9_-]+-(\d+)gb$/.exec(size)?.[1];
  return gib === undefined ? undefined : Number(gib);
}
