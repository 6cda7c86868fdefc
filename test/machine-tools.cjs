// All shell that tests run finds the tools of the machines, also where the host has others: Debian's awk is mawk, and its sh is dash. Called by
// jest's configuration, since a test cannot change what its children inherit.

const { mkdirSync, realpathSync, rmSync, symlinkSync } = require("node:fs");
const { tmpdir, userInfo } = require("node:os");
const { basename, join } = require("node:path");

const TOOLS = { awk: "mawk", sh: "dash" };

function found(name) {
  for (const folder of (process.env.PATH ?? "").split(":")) {
    try {
      return realpathSync(join(folder, name));
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

const others = Object.entries(TOOLS).filter(([name, tool]) => basename(found(name) ?? "") !== tool);
if (others.length > 0) {
  const missing = others.map(([, tool]) => tool).filter((tool) => found(tool) === undefined);
  if (missing.length > 0) throw new Error(`the machines' tools are missing: apt-get install ${missing.join(" ")}`);
  const folder = join(tmpdir(), `machine-tools-${userInfo().uid}-${process.pid}`);
  mkdirSync(folder, { mode: 0o700 });
  for (const [name, tool] of others) symlinkSync(found(tool), join(folder, name));
  process.env.PATH = `${folder}:${process.env.PATH}`;
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
}
