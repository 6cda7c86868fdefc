// cdktf asks `terraform version` once for each terraform_data resource, which took most of the time of the tests that only read plans.
process.env["TERRAFORM_BINARY_NAME"] = "echo 1.11.4";
