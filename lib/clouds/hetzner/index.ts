// Hetzner Cloud: `new Site(stack, "Social", { cloud: hetzner({ location: "fsn1", dns: hetznerDns({ zone: "social.example" }) }), … })`.
// Terraform and the gate program take the project's API token from HCLOUD_TOKEN.

import { LoadBalancer } from "@cdktf/provider-hcloud/lib/load-balancer";
import { Server } from "@cdktf/provider-hcloud/lib/server";
import { Volume } from "@cdktf/provider-hcloud/lib/volume";
import { Construct } from "constructs";
import {
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
import { Role } from "../../core/address-plan";
import { Flow } from "../../core/flow";
import { READINESS_PORT } from "../../core/ports";
import { PageError } from "../../core/problems";
import { formerly } from "./former";
import { HetznerFrontDoor, IDLE_SECONDS } from "./front-door";
import { keptMachine } from "./machine";
import { HetznerNetwork } from "./network";
import { pool } from "./pool";
import { HetznerProps, Settings } from "./settings";
import { internalBalancer } from "./internal-balancer";

export { hetznerDns, type HetznerDnsProps } from "./dns";
export { hetznerObjects, type HetznerObjectsProps } from "./objects";
export { type HetznerProps, type PublicAddresses, type Ssh, type Tune } from "./settings";
export { type Cpus, type Location } from "./sizes";

/** One Hetzner project. It can hold several sites, each with its own network. */
export function hetzner(props: HetznerProps): HetznerCloud {
  return new HetznerCloud(new Settings(props));
}

export class HetznerCloud implements Cloud {
  readonly name = "Hetzner";
  readonly can: CloudCan;
  private readonly networks: HetznerNetwork[] = [];

  /** @internal */
  constructor(private readonly settings: Settings) {
    const { settings: delivers = false } = settings.ssh;
    this.can = {
      bootText: { bytes: 32 * 1024, counts: "base64 of gzip" },
      frontDoorIdleSeconds: IDLE_SECONDS,
      readinessPort: READINESS_PORT,
      delivers,
    };
  }

  open(scope: Construct, spec: SiteSpec): CloudSession {
    const network = new HetznerNetwork(scope, spec, this.settings);
    this.networks.push(network);
    network.atEnd(() => internalBalancer(network));
    return new HetznerSession(network, this.settings.ssh.from);
  }

  /**
   * Declares that a tier, or a construct around tiers, had another id when it was deployed, so that its resources are kept: volumes keep their ids
   * and data. Volumes, kept servers and the route are renamed in place; a pool is rolled as after any change. A renamed kept tier needs the `slot`
   * that it had. Remove the call after a successful deploy.
   * @param of the tier with its new id
   * @param was its old id
   * @throws at synth if the page still has something under the old id, or gives the tier's machines other addresses
   */
  formerly(of: Construct, was: string): void {
    const network = this.networks.find(({ scope }) => of.node.scopes.includes(scope));
    if (network === undefined)
      throw new PageError([`${of.node.path}: it is not inside a Site of this cloud / call formerly for a tier in such a Site`]);
    formerly(network, of, was);
  }

  /** The resources of a machine, pool, tier, front door or site, for cdktf's overrides. A pool's servers are one resource with `count`. */
  resourcesOf(of: Construct): {
    readonly servers: readonly Server[];
    readonly volumes: readonly Volume[];
    readonly loadBalancers: readonly LoadBalancer[];
  } {
    const all = of.node.findAll();
    return {
      servers: all.filter((one): one is Server => one instanceof Server),
      volumes: all.filter((one): one is Volume => one instanceof Volume),
      loadBalancers: all.filter((one): one is LoadBalancer => one instanceof LoadBalancer),
    };
  }
}

class HetznerSession implements CloudSession {
  constructor(
    private readonly network: HetznerNetwork,
    /** The administrators' address ranges. */
    private readonly from: readonly string[],
  ) {}

  machine(scope: Construct, id: string, spec: MachineSpec): MadeMachine {
    return keptMachine(scope, id, this.network, spec);
  }

  pool(scope: Construct, id: string, spec: PoolSpec): MadePool {
    return pool(scope, id, this.network, spec);
  }

  frontDoor(scope: Construct, id: string, spec: FrontDoorSpec): MadeFrontDoor {
    return new HetznerFrontDoor(new Construct(scope, id), this.network, spec);
  }

  sourcesOf(role: Role): readonly string[] {
    return [this.network.rangeOf(role)];
  }

  openings(): readonly Omit<Flow, "to">[] {
    if (this.from.length === 0) return [];
    return [{ from: { kind: "external", name: "administrators" }, sources: this.from, port: 22, why: "SSH" }];
  }

  nextSteps(): readonly string[] {
    return [];
  }

  finish(): void {
    this.network.end();
  }
}
