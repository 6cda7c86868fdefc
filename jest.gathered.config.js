// The tests of jest.config.js, each once; the suites of the unit ring are gathered in a few files, which takes half of the time.

const { projects, ...rest } = require("./jest.config.js");
const { ALONE } = require("./test/suites.cjs");

const gathered = ["test/gathered/*.test.ts", ...ALONE].map((suite) => `<rootDir>/${suite}`);
module.exports = {
  ...rest,
  projects: projects.map((project) => (project.displayName === "unit" ? { ...project, testMatch: gathered } : project)),
};
