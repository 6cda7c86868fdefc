import { Testing } from "cdktf";
import { Site } from "../../../lib";
import { hetzner } from "../../../lib/clouds/hetzner";
import { isRange } from "../../../lib/core/range";
import { page, planOf, problems, web } from "./page";

test("what is no number and no range is refused, all at once", () => {
  const from = [
    "203.0.113.7",
    "203.0.113.0/33",
    "203.0.113.7/24",
    "2001:::db8/48",
    "2001:db8::1/48",
    "2001:db8::/48",
    "10.0.0.0/8",
    "::/0",
  ];
  const { site } = page({ readySeconds: 0, pollSeconds: 0.5, serverLimit: 1.5, ssh: { keys: [], from } });
  expect(problems(site)).toEqual([
    "stack/Social: readySeconds of Hetzner is 0 / use a whole number from 1",
    "stack/Social: pollSeconds of Hetzner is 0.5 / use a whole number from 1",
    "stack/Social: serverLimit of Hetzner is 1.5 / use a whole number from 1",
    ...["203.0.113.7", "203.0.113.0/33", "203.0.113.7/24", "2001:::db8/48", "2001:db8::1/48"].map(
      (range) =>
        `stack/Social: ssh.from of Hetzner names "${range}" / use ranges that begin with their first address, such as 203.0.113.7/32 or 2001:db8::/48`,
    ),
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

test("a range is what Hetzner takes in a firewall: both families, and no address of a host", () => {
  const taken = [
    "0.0.0.0/0",
    "203.0.113.7/32",
    "203.0.112.0/22",
    "2001:db8::/32",
    "2001:DB8:0:8000::/49",
    "::1/128",
    "1:2:3:4:5:6:7:8/128",
  ];
  expect(taken.filter((range) => !isRange(range))).toEqual([]);
  const refused = [
    "",
    "/24",
    "203.0.113.0",
    "203.0.113.0/024",
    "203.0.113.0/",
    "203.0.113/24",
    "300.0.0.0/8",
    "203.0.113.1/31",
    "fe80::1%eth0/64",
  ];
  const six = ["2001:db8::/129", "2001:db8:0:4000::/49", "1:2:3:4:5:6:7:8:9/128", "::ffff:203.0.113.7/120", "2001:db8::/48/48"];
  expect([...refused, ...six].filter(isRange)).toEqual([]);
});
