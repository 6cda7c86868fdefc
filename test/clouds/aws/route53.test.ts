import { App, TerraformStack } from "cdktf";
import { route53 } from "../../../lib/clouds/aws";
import { all, data } from "./page";

const stackOf = () => new TerraformStack(new App(), "stack");

test("records of all kinds, in the zone that is looked up once", () => {
  const stack = stackOf();
  const dns = route53({ zone: "social.example", ttl: 60 });
  dns.record(stack, "Www", { host: "www.social.example", type: "CNAME", values: ["social.example."] });
  dns.record(stack, "Mail", { host: "social.example", type: "MX", values: ["10 a.example.", "20 b.example."] });
  dns.record(stack, "Caa", { host: "social.example", type: "CAA", values: ['0 issue "amazon.com"'] });
  dns.record(stack, "Text", { host: "social.example", type: "TXT", values: ["v=spf1 exists:%{i}.example -all", "a"] });
  dns.record(stack, "Address", { host: "a.social.example", type: "A", values: ["192.0.2.1"] });
  expect(data(stack, "aws_route53_zone")).toEqual({ "Zone-social-example": { name: "social.example", private_zone: false } });
  const zone = { zone_id: "${data.aws_route53_zone.Zone-social-example.zone_id}", ttl: 60 };
  expect(all(stack, "aws_route53_record")).toEqual({
    Www: { ...zone, name: "www.social.example", type: "CNAME", records: ["social.example."] },
    Mail: { ...zone, name: "social.example", type: "MX", records: ["10 a.example.", "20 b.example."] },
    Caa: { ...zone, name: "social.example", type: "CAA", records: ['0 issue "amazon.com"'] },
    // A macro of SPF would be a directive of Terraform.
    Text: { ...zone, name: "social.example", type: "TXT", records: ["v=spf1 exists:%%{i}.example -all", "a"] },
    Address: { ...zone, name: "a.social.example", type: "A", records: ["192.0.2.1"] },
  });
});

test("long texts have several strings of 255 characters, and quotes of their own are escaped", () => {
  const stack = stackOf();
  const dns = route53({ zone: "social.example", zoneId: "Z1" });
  const key = `v=DKIM1; p=${"k".repeat(400)}`;
  dns.record(stack, "Key", { host: "a._domainkey.social.example", type: "TXT", values: [key] });
  dns.record(stack, "Quoted", { host: "b.social.example", type: "TXT", values: ['a "b" \\ c'] });
  const records = all(stack, "aws_route53_record");
  // The provider puts the quotes at both ends.
  expect(records["Key"]!["records"]).toEqual([`${key.slice(0, 255)}" "${key.slice(255)}`]);
  expect(records["Quoted"]!["records"]).toEqual(['a \\"b\\" \\\\ c']);
  expect(records["Key"]!["zone_id"]).toBe("Z1");
  expect(data(stack, "aws_route53_zone")).toEqual({});
});

test("an alias has both families, within the zone or in that of its target", () => {
  const stack = stackOf();
  const dns = route53({ zone: "social.example", zoneId: "Z1" });
  expect(dns.aliases).toBe(true);
  dns.record(stack, "Other", { host: "social.example", type: "ALIAS", values: ["lb.example"], aliasZone: "Z2" });
  dns.record(stack, "Own", { host: "www.social.example", type: "ALIAS", values: ["social.example"] });
  const record = (name: string, type: string, target: string, zone: string) => ({
    zone_id: "Z1",
    name,
    type,
    alias: { name: target, zone_id: zone, evaluate_target_health: false },
  });
  expect(all(stack, "aws_route53_record")).toEqual({
    "Other-A": record("social.example", "A", "lb.example", "Z2"),
    "Other-AAAA": record("social.example", "AAAA", "lb.example", "Z2"),
    "Own-A": record("www.social.example", "A", "social.example", "Z1"),
    "Own-AAAA": record("www.social.example", "AAAA", "social.example", "Z1"),
  });
});
