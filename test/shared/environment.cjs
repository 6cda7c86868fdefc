// The environment of tests that only make plans: cdktf is loaded once for all test files of a worker, since loading it for each took half of their
// time. What it keeps, it keeps by app or by stack; tokens have numbers, which no text holds.

const { TestEnvironment } = require("jest-environment-node");

const sharedModules = { cdktf: require("cdktf"), constructs: require("constructs") };

// What cdktf does besides making plans took most of the rest: it asks `terraform version` once for each terraform_data resource, and keeps a whole
// stack trace for each token.
require("cdktf/lib/validations").ValidateBinaryVersion.prototype.validate = () => [];
Object.defineProperty(require("cdktf/lib/tokens/private/stack-trace"), "captureStackTrace", { value: () => [] });

class SharedCdktf extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.global.sharedModules = sharedModules;
    // For the processes that tests start; the environment of a test is a copy.
    this.global.process.env.TERRAFORM_BINARY_NAME = "echo 1.11.4";
  }
}
module.exports = SharedCdktf;
