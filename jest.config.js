// Sets the PATH of all tests.
require("./test/machine-tools.cjs");

const shared = {
  transform: {
    "^.+\\.ts$": ["@swc/jest", { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } }],
  },
  // A build and a synthesized stack have the same packages once more.
  modulePathIgnorePatterns: ["<rootDir>/dist", "<rootDir>/cdktf.out"],
  moduleNameMapper: {
    "^cdktf-mastodon$": "<rootDir>/lib/index.ts",
    "^cdktf-mastodon/testing$": "<rootDir>/lib/testing/index.ts",
    "^cdktf-mastodon/(.*)$": "<rootDir>/lib/clouds/$1/index.ts",
  },
};
const plans = { ...shared, setupFiles: ["<rootDir>/test/quick-cdktf.ts"] };
module.exports = {
  // By itself jest leaves one CPU free, which is half of two.
  maxWorkers: 2,
  projects: [
    { ...plans, displayName: "unit", testMatch: ["<rootDir>/test/{bench,core,drills,mastodon,scripts,testing}/**/*.test.ts"] },
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
