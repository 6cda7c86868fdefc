// A boot text that comes near what a cloud takes is noticed here, long before a page of somebody's grows out of it.

import { bootTexts, FURTHER_SECRETS, LIMITS, onTheMachine, share, sizesOf } from "../../bench/boot-text";
import { makeSecrets } from "../../lib/mastodon/secrets";
import { planOf } from "../examples/plan";

const secrets = { ...makeSecrets(), ...FURTHER_SECRETS };

test("a plan's text is measured as it arrives: with its secrets, and Terraform's marks undone", () => {
  const given = { password: "a/b" };
  expect(onTheMachine("x=${var.password} ${urlencode(var.password)} $${HOME} %%{http_code}", given)).toBe(
    "x=a/b a%2Fb ${HOME} %{http_code}",
  );
  expect(onTheMachine("$${var.password}", given)).toBe("${var.password}");
  expect(() => onTheMachine("${var.other}", given)).toThrow("holds other, and no value");
});

test("sizes are those of the bytes that are sent", () => {
  const sizes = sizesOf("ä".repeat(1000));
  expect(sizes.plain).toBe(2000);
  expect(sizes.gzip).toBeLessThan(100);
  expect(sizes.base64).toBe(Math.ceil(sizes.gzip / 3) * 4);
  expect(share({ plain: 16384, gzip: 4096, base64: 5464 }, { cloud: "any", bytes: 8192, counts: "gzip" })).toBe(0.5);
  expect(share({ plain: 16384, gzip: 4096, base64: 5464 }, { cloud: "any", bytes: 10_928, counts: "base64" })).toBe(0.5);
});

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
