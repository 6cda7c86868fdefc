// DigitalOcean: `new Site(stack, "Social", { cloud: digitalocean({ region: "fra1", dns: digitalOceanDns({ zone: "social.example" }) }), … })`.
// Terraform and the gate take the token from DIGITALOCEAN_TOKEN.

import { Droplet } from "@cdktf/provider-digitalocean/lib/droplet";
import { Loadbalancer } from "@cdktf/provider-digitalocean/lib/loadbalancer";
import { Construct } from "constructs";
import { Role } from "../../core/address-plan";
import {
  AddedSteps,
  Cloud,
  CloudCan,
  CloudSession,
  FrontDoorSpec,
  MachineSpec,
  MadeFrontDoor,
  MadeMachine,
  MadePool,
  PoolSpec,
  SiteSpec,
} from "../../core/cloud";
import { Flow } from "../../core/flow";
import { HostSpec } from "../../core/host-spec";
import { READINESS_PORT } from "../../core/ports";
import { IDLE_SECONDS } from "./balancer";
import { DigitalOceanFrontDoor } from "./front-door";
import { hostSteps } from "./host-steps";
import { internalBalancer } from "./internal-balancer";
import { keptMachine } from "./machine";
import { ManagedPlace } from "./managed";
import { ManagedClusters } from "./managed-clusters";
import { DigitalOceanNetwork } from "./network";
import { pool } from "./pool";
import { USER_DATA_BYTES } from "./limits";
import { DigitalOceanProps, Settings } from "./settings";
import { MESSAGE_BYTES } from "./user-data";

export { digitalOceanDns, type DigitalOceanDnsProps } from "./dns";
export { type ManagedProps } from "./managed";
export { managedPostgres, type ManagedPostgres, type ManagedPostgresProps } from "./managed-postgres";
export { managedValkey, type ManagedValkey, type ManagedValkeyProps, type ValkeyUse } from "./managed-valkey";
export { type NamesZone } from "./names";
export { spaces, SpacesBucket, type SpacesBucketProps, type SpacesKeys, type SpacesProps, type SpacesRegion } from "./spaces";
export { secretsInState, STATE_SECRETS } from "./state-secrets";
export { type DigitalOceanProps, type Ssh, type Tune } from "./settings";
export { type Cpus, type Region } from "./sizes";

/** A cloud of one DigitalOcean account or team; one may carry several sites, each with a network of its own. */
export function digitalocean(props: DigitalOceanProps): DigitalOceanCloud {
  return new DigitalOceanCloud(new Settings(props));
}

export class DigitalOceanCloud implements Cloud {
  readonly name = "DigitalOcean";
  readonly can: CloudCan;

  /** @internal */
  constructor(private readonly settings: Settings) {
    this.can = {
      bootText: { bytes: USER_DATA_BYTES - MESSAGE_BYTES, counts: "base64 of gzip" },
      frontDoorIdleSeconds: IDLE_SECONDS,
      addresses: "computed",
      readinessPort: READINESS_PORT,
      delivers: settings.ssh.settings ?? false,
    };
  }

  open(scope: Construct, spec: SiteSpec): CloudSession {
    const network = new DigitalOceanNetwork(scope, spec, this.settings);
    network.atEnd(() => internalBalancer(network));
    return new DigitalOceanSession(network);
  }

  /** The real resources that a machine, pool, front door or site has been given, for cdktf's own overrides. A pool's droplets are one, with a count. */
  resourcesOf(of: Construct): { readonly droplets: readonly Droplet[]; readonly loadBalancers: readonly Loadbalancer[] } {
    const all = of.node.findAll();
    return {
      droplets: all.filter((one): one is Droplet => one instanceof Droplet),
      loadBalancers: all.filter((one): one is Loadbalancer => one instanceof Loadbalancer),
    };
  }
}

class DigitalOceanSession implements CloudSession {
  private readonly clusters: ManagedClusters;

  constructor(private readonly network: DigitalOceanNetwork) {
    const { scope, vpc, settings } = network;
    this.clusters = new ManagedClusters(scope, { region: settings.region, vpc, protect: settings.protectDatabases });
  }

  /** For databases that DigitalOcean runs. */
  get managedPlace(): ManagedPlace {
    const { site, vpc, settings } = this.network;
    return { site, vpc, region: settings.region, clusters: this.clusters, roleTag: (role) => this.network.roleTag(role) };
  }

  machine(scope: Construct, id: string, spec: MachineSpec): MadeMachine {
    return keptMachine(scope, id, this.network, spec);
  }

  pool(scope: Construct, id: string, spec: PoolSpec): MadePool {
    return pool(scope, id, this.network, spec);
  }

  frontDoor(scope: Construct, id: string, spec: FrontDoorSpec): MadeFrontDoor {
    return new DigitalOceanFrontDoor(new Construct(scope, id), this.network, spec);
  }

  /** All of the network: which address of it a machine gets is known when it is there. The firewall at DigitalOcean knows the roles. */
  sourcesOf(_role: Role): readonly string[] {
    return [this.network.cidr];
  }

  openings(): readonly Omit<Flow, "to">[] {
    const { from } = this.network.settings.ssh;
    if (from.length === 0) return [];
    return [{ from: { kind: "external", name: "administrators" }, sources: from, port: 22, why: "SSH" }];
  }

  steps(host: HostSpec): AddedSteps {
    return hostSteps(this.network, host);
  }

  nextSteps(): readonly string[] {
    return [];
  }

  finish(): void {
    this.network.end();
  }
}
