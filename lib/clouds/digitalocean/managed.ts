// What the databases that DigitalOcean runs have in common: a cluster in the site's VPC, and who may come in, by the tags of the callers' roles.

import { DatabaseCluster, DatabaseClusterConfig } from "@cdktf/provider-digitalocean/lib/database-cluster";
import { DatabaseFirewall } from "@cdktf/provider-digitalocean/lib/database-firewall";
import { DataDigitaloceanDatabaseCa } from "@cdktf/provider-digitalocean/lib/data-digitalocean-database-ca";
import { Lazy } from "cdktf";
import { Construct } from "constructs";
import { Role } from "../../core/address-plan";
import { Caller } from "../../core/flow";
import { Installation } from "../../core/installation";
import { Managed } from "../../core/managed";
import { hostName, shortened } from "../../core/names";
import { PageError } from "../../core/problems";
import { Secret } from "../../core/secret";
import { wrongNumber } from "../../core/whole-number";

/** What a managed service needs of its site at DigitalOcean. */
export interface ManagedPlace {
  readonly site: string;
  readonly region: string;
  /** The VPC's id. */
  readonly vpc: string;
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
   * @throws at synth if it is not 1, 2 or 3
   */
  readonly nodes?: number;
  /**
   * When DigitalOcean may bring new versions, in UTC, as in `{ day: "monday", hour: "04:00" }`.
   * @default - DigitalOcean chooses
   */
  readonly maintenance?: { readonly day: string; readonly hour: string };
  /**
   * Whether it refuses to be destroyed. Set it to false and deploy before you destroy it: data and backups go with it.
   * @default true
   */
  readonly protect?: boolean;
}

export interface Cluster {
  readonly resource: DatabaseCluster;
  readonly password: Secret;
  /** The certificate of the cluster's own authority, asked for when it is there. */
  ca(): string;
  readonly managed: Managed;
  /** Lets the same callers into another service, such as a replica. */
  admitTo(id: string, service: string): void;
}

/** The longest name that a cluster may have. */
const NAME_LENGTH = 63;
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
  engine: Pick<DatabaseClusterConfig, "engine" | "version" | "evictionPolicy" | "storageSizeMib">,
): Cluster {
  const { nodes = 2, maintenance } = props;
  const { problems } = Installation.of(scope);
  const name = shortened(`${place.site}-${hostName(scope.node.id)}`, NAME_LENGTH);
  problems.add(scope, wrongNumber("nodes", nodes, { least: 1, most: 3 }));
  if (gibOf(props.size) === undefined)
    problems.add(scope, { wrong: `size is "${props.size}"`, remedy: "give one of DigitalOcean's plans, such as db-s-2vcpu-4gb" });
  const resource = new DatabaseCluster(scope, "Cluster", {
    ...engine,
    name,
    size: props.size,
    nodeCount: nodes,
    region: place.region,
    privateNetworkUuid: place.vpc,
    ...(maintenance !== undefined && { maintenanceWindow: [{ ...maintenance }] }),
    lifecycle: { preventDestroy: props.protect ?? true },
  });
  const callers = new Callers(place);
  callers.admitTo(scope, "Callers", resource.id);
  problems.atSynth(() => {
    if (callers.none) problems.add(scope, NOBODY);
  });
  return {
    resource,
    password: new Secret(scope, `${hostName(scope.node.id).replaceAll("-", "_")}_password`, {
      length: PASSWORD_LENGTH,
      description: `The password of ${name} at DigitalOcean.`,
      value: resource.password,
    }),
    ca: () => new DataDigitaloceanDatabaseCa(scope, "Ca", { clusterId: resource.id }).certificate,
    managed: { name, admit: (from) => callers.admit(from) },
    admitTo: (id, service) => callers.admitTo(scope, id, service),
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
