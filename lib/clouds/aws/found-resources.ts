// What the account has when a plan is made, and what the plan refuses for it: zones, the image, types of instances, quotas of CPUs.
// Each question costs a request or two a plan. Conditions are data sources' own, so they fail before anything is changed.

import { DataAwsAmi } from "@cdktf/provider-aws/lib/data-aws-ami";
import { DataAwsAvailabilityZones } from "@cdktf/provider-aws/lib/data-aws-availability-zones";
import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { DataAwsEc2InstanceTypeOfferings } from "@cdktf/provider-aws/lib/data-aws-ec2-instance-type-offerings";
import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import { TerraformDataSource } from "cdktf";
import { addressOf } from "../shared/terraform-address";
import { TerraformData } from "../shared/terraform-data";
import { Architecture } from "./instance-types";
import type { AwsNetwork } from "./network";
import { CpuQuotas, UsedCpus } from "./quotas";

export interface FoundImage {
  /** The id of the AMI, which stays until the page asks for another. */
  readonly id: string;
  /** The name of its root device. */
  readonly rootDevice: string;
}

/** Debian's words for processors in the names of its images. */
const DEBIAN: Readonly<Record<Architecture, string>> = { arm64: "arm64", x86_64: "amd64" };

export class FoundResources {
  private readonly images = new Map<Architecture, FoundImage>();
  private readonly types = new Set<string>();
  private readonly quotas: CpuQuotas;
  private identity: DataAwsCallerIdentity | undefined;
  private isolation: DataAwsPartition | undefined;

  constructor(private readonly network: AwsNetwork) {
    this.zones();
    this.quotas = new CpuQuotas(network.scope);
    network.atEnd(() => {
      this.offerings();
      this.quotas.end();
    });
  }

  /** The number of the account, as an expression. */
  get account(): string {
    this.identity ??= new DataAwsCallerIdentity(this.network.scope, "Account", {});
    return `\${${dataAddressOf(this.identity)}.account_id}`;
  }

  /** `aws` in commercial regions, as an expression. */
  get partition(): string {
    this.isolation ??= new DataAwsPartition(this.network.scope, "Partition", {});
    return `\${${dataAddressOf(this.isolation)}.partition}`;
  }

  /** The image for machines with such processors; looked for once. */
  image(architecture: Architecture): FoundImage {
    const found = this.images.get(architecture) ?? this.find(architecture);
    this.images.set(architecture, found);
    return found;
  }

  /** Tells of a type of instance, which must be had in all zones: a kept machine of another would be found out when its predecessor has gone. */
  runs(type: string): void {
    this.types.add(type);
  }

  /** Counts CPUs against the account's quota: those that stand, and those that stand besides them during a roll-out. */
  uses(cpus: UsedCpus): void {
    this.quotas.add(cpus);
  }

  private find(architecture: Architecture): FoundImage {
    const { scope, settings } = this.network;
    const { image, imageOwner: owner } = settings;
    // It fails by itself if there is none.
    const newest = new DataAwsAmi(scope, `Image-${architecture}`, {
      owners: [owner],
      filter: [
        { name: "name", values: [image.replaceAll("{arch}", DEBIAN[architecture])] },
        { name: "architecture", values: [architecture] },
        { name: "virtualization-type", values: ["hvm"] },
      ],
      mostRecent: true,
      // One that the page names exactly may be two years old.
      includeDeprecated: true,
    });
    // Debian publishes another every few weeks. Without this, each would make new members of all pools in whatever deploy comes next.
    const fixed = new TerraformData(scope, `FixedImage-${architecture}`, {
      input: { id: newest.id, rootDevice: newest.rootDeviceName },
      triggersReplace: { image, owner },
      lifecycle: { ignoreChanges: ["input"] },
    });
    const output = `${addressOf(fixed)}.output`;
    return { id: `\${${output}.id}`, rootDevice: `\${${output}.rootDevice}` };
  }

  private zones(): void {
    const { scope, settings } = this.network;
    const wanted = list(settings.zones.map((_, zone) => this.network.zone(zone)));
    const missing = `[for zone in ${wanted} : zone if !contains(self.names, zone)]`;
    new DataAwsAvailabilityZones(scope, "Zones", {
      state: "available",
      lifecycle: {
        postcondition: [
          {
            condition: `\${length(${missing}) == 0}`,
            errorMessage:
              `${scope.node.path}: zones of AWS names what this account has not: \${join(", ", ${missing})} / ` +
              'name the letters of those that it has: ${join(", ", self.names)}',
          },
        ],
      },
    });
  }

  private offerings(): void {
    if (this.types.size === 0) return;
    const { scope, settings } = this.network;
    const types = [...this.types].sort();
    const zones = settings.zones.map((_, zone) => this.network.zone(zone));
    const offered = 'formatlist("%s in %s", self.instance_types, self.locations)';
    const wanted = list(types.flatMap((type) => zones.map((zone) => `${type} in ${zone}`)));
    const missing = `[for one in ${wanted} : one if !contains(${offered}, one)]`;
    new DataAwsEc2InstanceTypeOfferings(scope, "Types", {
      locationType: "availability-zone",
      filter: [
        { name: "instance-type", values: types },
        { name: "location", values: zones },
      ],
      lifecycle: {
        postcondition: [
          {
            condition: `\${length(${missing}) == 0}`,
            errorMessage:
              `${scope.node.path}: AWS does not have these types of instances in all zones of the page: \${join(", ", ${missing})} / ` +
              "choose other cpus or another architecture, or other zones if nothing is deployed yet",
          },
        ],
      },
    });
  }
}

/** Where Terraform has a data source, for expressions. */
export function dataAddressOf(source: TerraformDataSource): string {
  return `data.${source.terraformResourceType}.${source.friendlyUniqueId}`;
}

/** Names of AWS, which hold nothing that Terraform would read, as a list in an expression. */
function list(names: readonly string[]): string {
  return `[${names.map((name) => `"${name}"`).join(", ")}]`;
}
