// `terraform_data`, for things that Terraform has no resource for.
export { TerraformData } from "../../core/terraform-data";
