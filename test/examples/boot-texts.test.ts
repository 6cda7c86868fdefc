// A boot text that comes near what a cloud takes is noticed here, long before a page of somebody's grows out of it.

import { gzipSync } from "node:zlib";
import { bootTexts, FURTHER_SECRETS, LIMITS, share } from "../../bench/boot-text";
import { USER_DATA_BYTES } from "../../lib/clouds/aws/limits";
import { makeSecrets } from "../../lib/mastodon/secrets";
import { planOf } from "./plan";

const of = (name: string) => LIMITS.filter(({ cloud }) => cloud === name);
const secrets = { ...makeSecrets(), ...FURTHER_SECRETS };

test.each([
  ["local", "local", 12, LIMITS],
  ["hetzner", "social", 11, LIMITS],
  // What these clouds add to a text reaches no other.
  ["digitalocean", "social", 11, of("DigitalOcean")],
  ["aws", "social", 11, of("AWS")],
  ["aws-managed", "social", 6, of("AWS")],
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

// Rules and the overview are most of it, and what grows with a page are names. A page with very many tiers can leave the overview out.
test("the boot text of a monitoring machine has room for more names, and without the overview for much more", () => {
  const monitoring = (plan: string) => bootTexts(plan, secrets).find(({ host }) => host === "Monitoring-1")!;
  const hetzner = of("Hetzner")[0]!;
  expect(share(monitoring(planOf("monitored", "local")), hetzner)).toBeLessThan(0.96);
});

test.each([
  ["aws", 11],
  ["aws-managed", 6],
])("the user-data of examples/%s, which says where a boot text is, needs less than half of what AWS takes", (example, hosts) => {
  const { locals } = JSON.parse(planOf(example, "social")) as { readonly locals: Readonly<Record<string, string>> };
  const all = Object.entries(locals).filter(([name]) => /UserData_[0-9A-F]{8}$/.test(name));
  expect(all).toHaveLength(hosts);
  // What Terraform fills in is longer than the reference by less than this.
  const needs = all.map(([name, text]) => ({ name, bytes: gzipSync(text).length + 200 }));
  expect(needs.filter(({ bytes }) => bytes > USER_DATA_BYTES / 2)).toEqual([]);
});
