// All disks of a site as one resource: in a resource for each, the protection of a disk would be gone with the tier that has it.
// `network.volumes.add("social-database-1-data", { gib: 50, zone: 0 })`.

import { DataAwsEbsVolume } from "@cdktf/provider-aws/lib/data-aws-ebs-volume";
import { DataAwsEbsVolumes } from "@cdktf/provider-aws/lib/data-aws-ebs-volumes";
import { EbsVolume } from "@cdktf/provider-aws/lib/ebs-volume";
import { Lazy, Token } from "cdktf";
import { shrinks } from "../../core/size";
import { addressOf } from "../shared/terraform-address";
import { dataAddressOf } from "./found-resources";
import { SITE_TAG } from "./tags";
import type { AwsNetwork } from "./network";

/** The tag with the name of a disk, which root disks of machines do not have. */
const DISK_TAG = "cdktf-mastodon:disk";

export class Volumes {
  private readonly disks = new Map<string, { readonly gib: number; readonly zone: string }>();
  private readonly made: EbsVolume;

  constructor(private readonly network: AwsNetwork) {
    const { scope, settings } = network;
    const { kmsKeyArn } = settings.props;
    const gib = "${each.value.gib}";
    const has = this.sizeOf("each.key");
    this.made = new EbsVolume(scope, "Volumes", {
      availabilityZone: "${each.value.zone}",
      size: Token.asNumber(gib),
      // Its 3000 operations and 125 MiB a second are more than the types of small machines can use.
      type: "gp3",
      encrypted: true,
      ...(kmsKeyArn !== undefined && { kmsKeyId: kmsKeyArn }),
      tags: { ...network.tags(""), Name: "${each.key}", [DISK_TAG]: "${each.key}" },
      lifecycle: {
        preventDestroy: settings.protectDisks,
        // The provider would ask AWS to shrink it, which refuses in the middle of an apply.
        precondition: [
          {
            condition: `\${${has} <= each.value.gib}`,
            errorMessage: shrinks(scope.node.path, { name: "${each.key}", gib }, `\${${has}}`),
          },
        ],
      },
      // No `final_snapshot`: whoever takes the protection away wants the data gone, and a large one would take longer than the provider waits.
    });
    this.made.addOverride("for_each", Lazy.anyValue({ produce: () => Object.fromEntries([...this.disks].sort()) }));
  }

  /** Tells of a disk in a zone; returns the expression of its volume's id. */
  add(name: string, disk: { readonly gib: number; readonly zone: number }): string {
    this.disks.set(name, { gib: disk.gib, zone: this.network.zone(disk.zone) });
    return `\${${addressOf(this.made)}["${name}"].id}`;
  }

  /** The present size of a disk in GiB, 0 if there is none yet, as a part of an expression. */
  private sizeOf(name: string): string {
    const { scope, site } = this.network;
    const all = new DataAwsEbsVolumes(scope, "Disks", {
      tags: { [SITE_TAG]: site },
      filter: [{ name: "tag-key", values: [DISK_TAG] }],
    });
    const each = new DataAwsEbsVolume(scope, "Disk", { filter: [{ name: "volume-id", values: ["${each.key}"] }] });
    each.addOverride("for_each", `\${toset(${dataAddressOf(all)}.ids)}`);
    return `max(0, [for one in values(${dataAddressOf(each)}) : one.size if one.tags["${DISK_TAG}"] == ${name}]...)`;
  }
}
