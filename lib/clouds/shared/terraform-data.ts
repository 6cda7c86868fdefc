// `terraform_data`, which several clouds make things of that Terraform has no resource for.
export { TerraformData } from "../../core/terraform-data";
