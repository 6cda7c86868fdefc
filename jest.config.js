const shared = {
  transform: {
    "^.+\\.ts$": ["@swc/jest", { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } }],
  },
  // A build has the same packages once more.
  modulePathIgnorePatterns: ["<rootDir>/dist"],
  moduleNameMapper: {
    "^cdktf-mastodon$": "<rootDir>/lib/index.ts",
    "^cdktf-mastodon/testing$": "<rootDir>/lib/testing/index.ts",
    "^cdktf-mastodon/(.*)$": "<rootDir>/lib/clouds/$1/index.ts",
  },
};
module.exports = {
  projects: [
    {
      ...shared,
      displayName: "unit",
      testMatch: ["<rootDir>/test/{core,mastodon,clouds,examples,providers,testing,docs}/**/*.test.ts"],
    },
    { ...shared, displayName: "e2e", testMatch: ["<rootDir>/test/e2e/*.test.ts"] },
  ],
};
