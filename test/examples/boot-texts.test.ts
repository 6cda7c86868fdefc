// A boot text that comes near what a cloud takes is noticed here, long before a page of somebody's grows out of it.

import { bootTexts, FURTHER_SECRETS, LIMITS, share } from "../../bench/boot-text";
import { makeSecrets } from "../../lib/mastodon/secrets";
import { planOf } from "./plan";

const secrets = { ...makeSecrets(), ...FURTHER_SECRETS };

test.each([
  ["local", "local", 12],
  ["hetzner", "social", 11],
] as const)("no boot text of examples/%s needs more than three quarters of what any cloud takes", (example, stack, hosts) => {
  const all = bootTexts(planOf(example, stack), secrets);
  expect(all).toHaveLength(hosts);
  const above = LIMITS.flatMap((limit) =>
    all.flatMap((sizes) => (share(sizes, limit) > 0.75 ? [`${sizes.host} at ${limit.cloud}: ${share(sizes, limit)}`] : [])),
  );
  expect(above).toEqual([]);
});
