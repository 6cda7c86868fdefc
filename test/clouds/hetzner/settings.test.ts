import { Testing } from "cdktf";
import { Site } from "../../../lib";
import { hetzner } from "../../../lib/clouds/hetzner";
import { page, planOf, problems, web } from "./page";

test("what is no number and no range is refused, all at once", () => {
  const from = ["203.0.113.7", "203.0.113.0/33", "2001:db8::/48", "10.0.0.0/8"];
  const { site } = page({ readySeconds: 0, pollSeconds: 0.5, serverLimit: 1.5, ssh: { keys: [], from } });
  expect(problems(site)).toEqual([
    "stack/Social: readySeconds of Hetzner is 0 / use a whole number from 1",
    "stack/Social: pollSeconds of Hetzner is 0.5 / use a whole number from 1",
    "stack/Social: serverLimit of Hetzner is 1.5 / use a whole number from 1",
    'stack/Social: ssh.from of Hetzner names "203.0.113.7" / use ranges such as 203.0.113.7/32 or 2001:db8::/48',
    'stack/Social: ssh.from of Hetzner names "203.0.113.0/33" / use ranges such as 203.0.113.7/32 or 2001:db8::/48',
  ]);
});

test("two sites of a stack share one provider and nothing else", () => {
  const { stack, site } = page();
  const other = { domain: "other.example", version: "4.7.6", queuesElsewhere: ["scheduler"] };
  const second = new Site(stack, "Other", { cloud: hetzner({ location: "hel1" }), ...other });
  web(site);
  web(second);
  expect(planOf(stack).provider["hcloud"]).toHaveLength(1);
  expect(() => Testing.synth(stack, true)).not.toThrow();
});
