// A boot text that comes near what a cloud takes is noticed here, long before a page of somebody's grows out of it.

import { bootTexts, FURTHER_SECRETS, LIMITS, share } from "../../bench/boot-text";
import { makeSecrets } from "../../lib/mastodon/secrets";
import { planOf } from "./plan";

const secrets = { ...makeSecrets(), ...FURTHER_SECRETS };

test.each([
  ["local", "local", 12, LIMITS],
  ["hetzner", "social", 11, LIMITS],
  // What this cloud adds to a text reaches no other.
  ["digitalocean", "social", 11, LIMITS.filter(({ cloud }) => cloud === "DigitalOcean")],
] as const)(
  "no boot text of examples/%s needs more than three quarters of what a cloud takes",
  (example, stack, hosts, limits) => {
    const all = bootTexts(planOf(example, stack), secrets);
    expect(all).toHaveLength(hosts);
    const above = limits.flatMap((limit) =>
      all.flatMap((sizes) => (share(sizes, limit) > 0.75 ? [`${sizes.host} at ${limit.cloud}: ${share(sizes, limit)}`] : [])),
    );
    expect(above).toEqual([]);
  },
);
