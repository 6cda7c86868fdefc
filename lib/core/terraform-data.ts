// Terraform's built-in `terraform_data`: `new TerraformData(scope, "Network", { triggersReplace: { cidr }, provisioners: [ … ] })`.
// cdktf's own class runs `terraform version` for each resource at synth, which took longer than the rest of synth.

import { anyToHclTerraform, anyToTerraform, DataConfig, hashMapper, hashMapperHcl, TerraformResource } from "cdktf";
import { Construct } from "constructs";

export class TerraformData extends TerraformResource {
  constructor(
    scope: Construct,
    id: string,
    private readonly config: DataConfig,
  ) {
    super(scope, id, {
      terraformResourceType: "terraform_data",
      terraformGeneratorMetadata: { providerName: "terraform" },
      ...config,
    });
  }

  get id(): string {
    return this.getStringAttribute("id");
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    const map = hashMapper(anyToTerraform);
    return { input: map(this.config.input), triggers_replace: map(this.config.triggersReplace) };
  }

  protected override synthesizeHclAttributes(): Record<string, unknown> {
    const map = hashMapperHcl(anyToHclTerraform);
    return { input: map(this.config.input), triggers_replace: map(this.config.triggersReplace) };
  }
}
