import { expectPlan } from "./plan";

test.each(["beside-existing", "only-sidekiq", "only-streaming"])("examples/%s", (example) => expectPlan(example, example));
