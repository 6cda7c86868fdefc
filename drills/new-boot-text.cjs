// Loaded into the process that makes a page (NODE_OPTIONS=--require): gives its pools a new boot text, by one more file that nobody reads.
// Plain JavaScript, since that process may know no other. DRILL_POOLS names the pools, all if it is empty.

"use strict";

const { DRILL_TEXT: text, DRILL_POOLS: pools = "" } = process.env;

// The page's own cdktf, of which there is one. A process on the way there, such as npx, may have none.
let App;
try {
  ({ App } = require(require.resolve("cdktf", { paths: [process.cwd()] })));
} catch {
  App = undefined;
}

// Told by its shape: the page may have the library's source or its package.
const isPool = (construct) => typeof construct.program?.add === "function" && typeof construct.roll === "string";

if (App !== undefined && text !== undefined) {
  const { synth } = App.prototype;
  App.prototype.synth = function (...args) {
    for (const construct of this.node.findAll()) {
      if (!isPool(construct) || (pools !== "" && !pools.split(" ").includes(construct.name))) continue;
      construct.program.add({ kind: "file", path: "/etc/cdktf-mastodon-drill", content: `${text}\n`, mode: "0644" });
    }
    return synth.apply(this, args);
  };
}
