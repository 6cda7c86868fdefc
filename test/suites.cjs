// The suites of the rings that need no machine: `GATHERED` and `ALONE` are the unit ring, and `PROCESSES` start bash, Terraform or another process.

const { readdirSync, readFileSync } = require("node:fs");
const { join } = require("node:path");

const STARTS_PROCESSES = /from "(node:child_process|\.\.\/terraform|\.\/script-room|\.\.\/\.\.\/scripts\/cluster)"/;
// What reaches beyond the own suite: other modules, the clock, the process, or the snapshots of the file that is run.
const DISTURBS_OTHERS =
  /\bjest\.(mock|unmock|doMock|setMock|resetModules|isolateModules\w*|useFakeTimers|setTimeout|retryTimes)\(|\bprocess\.(env(\.\w+|\[[^\]]+\]) *=[^=]|exitCode *=)|delete process\.env|\bto(Throw\w+)?Match(ing)?Snapshot\(/;

const suites = ["bench", "core", "drills", "mastodon", "scripts", "testing"].flatMap((folder) =>
  readdirSync(join(__dirname, folder))
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => ({ path: `test/${folder}/${name}`, text: readFileSync(join(__dirname, folder, name), "utf8") })),
);
const matching = (all) => all.map(({ path }) => path);
const unit = suites.filter(({ text }) => !STARTS_PROCESSES.test(text));

module.exports = {
  GATHERED: matching(unit.filter(({ text }) => !DISTURBS_OTHERS.test(text))),
  ALONE: matching(unit.filter(({ text }) => DISTURBS_OTHERS.test(text))),
  PROCESSES: matching(suites.filter(({ text }) => STARTS_PROCESSES.test(text))),
};
