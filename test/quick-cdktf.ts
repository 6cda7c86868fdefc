// What cdktf does besides making plans took most of the time of the tests that only read them: it asks `terraform version` once for each
// terraform_data resource, and keeps a whole stack trace for each token.
process.env["TERRAFORM_BINARY_NAME"] = "echo 1.11.4";
jest.mock("cdktf/lib/tokens/private/stack-trace", () => ({ captureStackTrace: () => [] }));
