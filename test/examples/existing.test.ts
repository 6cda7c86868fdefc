import { goldenTree } from "./golden-tree";

test.each(["beside-existing", "only-sidekiq", "only-streaming"])(
  "the plan of examples/%s, its boot texts and its flows",
  (example) => goldenTree(example, example),
);
