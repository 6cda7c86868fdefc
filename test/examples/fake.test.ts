import { EXAMPLES, expectPage } from "./snapshots";

test.each(EXAMPLES)("examples/%s on a cloud that computes addresses and has scaling groups", (example) =>
  expectPage(example, "fake"),
);
