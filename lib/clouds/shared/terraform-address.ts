// Where Terraform has a resource, for expressions: `${addressOf(droplet)}.ipv4_address`.

import { TerraformResource } from "cdktf";

export function addressOf(resource: TerraformResource): string {
  return `${resource.terraformResourceType}.${resource.friendlyUniqueId}`;
}
