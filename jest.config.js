// Each suite is a file of its own here, so that `npx jest PATH` runs one. The scripts of package.json run jest.gathered.config.js.

// Sets the PATH of all tests.
require("./test/machine-tools.cjs");

const { GATHERED, ALONE, PROCESSES } = require("./test/suites.cjs");

const matching = (all) => all.map((suite) => `<rootDir>/${suite}`);

const shared = {
  transform: {
    "^.+\\.ts$": ["@swc/jest", { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } }],
  },
  // A build and a synthesized stack have the same packages once more.
  modulePathIgnorePatterns: ["<rootDir>/dist", "<rootDir>/cdktf.out"],
  moduleNameMapper: {
    "^cdktf-mastodon$": "<rootDir>/lib/index.ts",
    "^cdktf-mastodon/cloud$": "<rootDir>/lib/cloud.ts",
    "^cdktf-mastodon/testing$": "<rootDir>/lib/testing/index.ts",
    "^cdktf-mastodon/(.*)$": "<rootDir>/lib/clouds/$1/index.ts",
  },
};
const plans = {
  ...shared,
  testEnvironment: "<rootDir>/test/shared/environment.cjs",
  moduleNameMapper: {
    ...shared.moduleNameMapper,
    "^(cdktf|constructs)$": "<rootDir>/test/shared/$1.cjs",
  },
};
module.exports = {
  // By itself jest leaves one CPU free, which is half of two.
  maxWorkers: 2,
  // A computer that is busy otherwise takes more than the usual 5 s for a test that starts a dozen processes.
  testTimeout: 20_000,
  projects: [
    { ...plans, displayName: "unit", testMatch: matching([...GATHERED, ...ALONE]) },
    { ...plans, displayName: "processes", testMatch: matching(PROCESSES) },
    {
      ...plans,
      displayName: "plans",
      testMatch: ["<rootDir>/test/{clouds,examples}/**/*.test.ts", "<rootDir>/examples/**/*.test.ts"],
    },
    {
      ...shared,
      displayName: "e2e",
      runner: "<rootDir>/test/e2e/serial-runner.cjs",
      testMatch: ["<rootDir>/test/e2e/*.test.ts"],
      setupFilesAfterEnv: ["<rootDir>/test/e2e/timeout.ts"],
    },
  ],
};
