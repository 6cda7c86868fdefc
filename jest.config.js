// Sets the PATH of all tests.
require("./test/machine-tools.cjs");

const { readdirSync, readFileSync } = require("node:fs");
const { join } = require("node:path");

// Suites that start bash, Terraform or another process take most of the processor, so they are a ring of their own.
const STARTS_PROCESSES = /from "(node:child_process|\.\.\/terraform|\.\.\/\.\.\/scripts\/cluster)"/;
const suites = ["bench", "core", "drills", "mastodon", "scripts", "testing"].flatMap((folder) =>
  readdirSync(join(__dirname, "test", folder))
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `test/${folder}/${name}`),
);
const startsProcesses = (suite) => STARTS_PROCESSES.test(readFileSync(join(__dirname, suite), "utf8"));
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
  projects: [
    { ...plans, displayName: "unit", testMatch: matching(suites.filter((suite) => !startsProcesses(suite))) },
    { ...plans, displayName: "processes", testMatch: matching(suites.filter(startsProcesses)) },
    {
      ...plans,
      displayName: "plans",
      testMatch: ["<rootDir>/test/{clouds,examples}/**/*.test.ts", "<rootDir>/examples/**/*.test.ts"],
    },
    {
      ...shared,
      displayName: "e2e",
      testMatch: ["<rootDir>/test/e2e/*.test.ts"],
      setupFilesAfterEnv: ["<rootDir>/test/e2e/timeout.ts"],
    },
  ],
};
