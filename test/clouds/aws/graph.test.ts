// Machines, groups and databases name each other: whether Terraform can order the whole of each example.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { stackOf } from "../../examples/plan";
import { BuiltIn } from "./built-in";

// Terraform starts several times.
jest.setTimeout(300_000);

const EXAMPLES = readdirSync(join(__dirname, "../../../examples")).filter((name) => /^aws(-|$)/.test(name));

test.each(EXAMPLES)("Terraform finds no cycle in examples/%s", (example) => {
  const small = new BuiltIn();
  try {
    const { status, lines } = small.graph(stackOf(example));
    expect({ status, graph: lines.includes("digraph G") ? "" : lines }).toEqual({ status: 0, graph: "" });
  } finally {
    small.remove();
  }
});
