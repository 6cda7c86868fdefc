import { App, TerraformStack } from "cdktf";
import { Certificate, route53 } from "../../../lib/clouds/aws";
import { pageProblems } from "../../page-problems";
import { CERTIFICATE, all, page, planOf, pool, problems, web } from "./page";
import { Testing } from "cdktf";

const ZONE = route53({ zone: "social.example" });
const ISSUED = (at: string) => `\${aws_acm_certificate_validation.Social_FrontDoor_Certificate-${at}-Issued.certificate_arn}`;

function issued(props = {}) {
  const made = page({ dns: ZONE, certificateArn: [], ...props });
  web(made.site);
  return made;
}

test("with Route 53 each host name has a certificate of its own, which the load balancer has when it is issued", () => {
  const { stack, site } = issued();
  site.frontDoor.route("streaming.social.example", pool(site, "streaming"), { port: 80, path: "/", status: 200 });
  const certificate = (host: string) => ({
    domain_name: host,
    validation_method: "DNS",
    tags: { Name: `social-${host}`, "cdktf-mastodon:site": "social" },
    lifecycle: { create_before_destroy: true },
  });
  expect(all(stack, "aws_acm_certificate")).toEqual({
    "FrontDoor_Certificate-social-example": certificate("social.example"),
    "FrontDoor_Certificate-streaming-social-example": certificate("streaming.social.example"),
  });
  const option = "one(aws_acm_certificate.Social_FrontDoor_Certificate-streaming-social-example.domain_validation_options)";
  expect(all(stack, "aws_route53_record")["FrontDoor_Certificate-streaming-social-example-Record"]).toEqual({
    zone_id: "${data.aws_route53_zone.Zone-social-example.zone_id}",
    name: `\${${option}.resource_record_name}`,
    type: "CNAME",
    ttl: 60,
    records: [`\${${option}.resource_record_value}`],
    allow_overwrite: true,
  });
  expect(all(stack, "aws_acm_certificate_validation")["FrontDoor_Certificate-streaming-social-example-Issued"]).toEqual({
    certificate_arn: "${aws_acm_certificate.Social_FrontDoor_Certificate-streaming-social-example.arn}",
    validation_record_fqdns: ["${aws_route53_record.Social_FrontDoor_Certificate-streaming-social-example-Record.fqdn}"],
    timeouts: { create: "30m" },
  });
  expect(all(stack, "aws_lb_listener")["FrontDoor_Encrypted"]!["certificate_arn"]).toBe(ISSUED("social-example"));
  expect(all(stack, "aws_lb_listener_certificate")).toEqual({
    "FrontDoor_Certificate-streaming-social-example-Attached": {
      listener_arn: "${aws_lb_listener.Social_FrontDoor_Encrypted.arn}",
      certificate_arn: ISSUED("streaming-social-example"),
    },
  });
});

test("certificates of the page's own come before those by Route 53", () => {
  const second = CERTIFICATE.replace(/1$/, "2");
  const { stack } = issued({ certificateArn: [CERTIFICATE, second] });
  expect(all(stack, "aws_acm_certificate")).toEqual({});
  expect(all(stack, "aws_lb_listener")["FrontDoor_Encrypted"]!["certificate_arn"]).toBe(CERTIFICATE);
  expect(all(stack, "aws_lb_listener_certificate")).toEqual({
    "FrontDoor_Certificate-2": { listener_arn: "${aws_lb_listener.Social_FrontDoor_Encrypted.arn}", certificate_arn: second },
  });
});

test("a host name outside the zone is refused once, and so is one that is too long for a certificate", () => {
  const outside = page({ dns: route53({ zone: "other.example" }), certificateArn: [] });
  web(outside.site);
  expect(problems(outside.site)).toEqual([
    "stack/Social/FrontDoor/Door: the host name social.example is not in the zone other.example of route53 / name a zone that holds social.example and every other host name, or give another dns",
  ]);
  // The provider would take it for a name in the zone, since it ends with it.
  const other = page({ dns: ZONE });
  other.site.frontDoor.route("notsocial.example", pool(other.site, "web"), { port: 80, path: "/", status: 200 });
  expect(problems(other.site)).toEqual([
    expect.stringContaining("the host name notsocial.example is not in the zone social.example"),
  ]);
  const { site } = issued();
  const long = `${"a".repeat(50)}.social.example`;
  site.frontDoor.route(long, pool(site, "jobs"), { port: 80, path: "/", status: 200 });
  expect(problems(site)).toEqual([
    `stack/Social/FrontDoor/Door: the host name ${long} has 65 characters / AWS Certificate Manager issues certificates for up to 64: use a shorter one, or give certificateArn`,
  ]);
});

test("for another DNS certificates are a stack of their own, which says their records and their ARNs", () => {
  const stack = new TerraformStack(new App(), "certificates");
  const made = new Certificate(stack, "Certificate", { region: "eu-central-1", hosts: ["social.example", "*.social.example"] });
  const certificate = (host: string, name = host) => ({
    region: "eu-central-1",
    domain_name: host,
    validation_method: "DNS",
    tags: { Name: name },
    lifecycle: { create_before_destroy: true },
  });
  expect(all(stack, "aws_acm_certificate")).toEqual({
    "Certificate_Certificate-social-example": certificate("social.example"),
    "Certificate_Certificate-_-social-example": certificate("*.social.example", "_.social.example"),
  });
  const plan = planOf(stack);
  expect(plan.provider["aws"]).toEqual([{ region: "eu-central-1" }]);
  const [apex, below] = ["social-example", "_-social-example"].map((at) => `aws_acm_certificate.Certificate_Certificate-${at}`);
  expect(plan.output["certificate_arns"]!["value"]).toEqual({
    "social.example": `\${${apex}.arn}`,
    "*.social.example": `\${${below}.arn}`,
  });
  const record = (from: string) => ({
    name: `\${one(${from}.domain_validation_options).resource_record_name}`,
    type: "CNAME",
    value: `\${one(${from}.domain_validation_options).resource_record_value}`,
  });
  expect(plan.output["certificate_records"]!["value"]).toEqual({
    "social.example": record(apex!),
    "*.social.example": record(below!),
  });
  expect(made.arns).toHaveLength(2);
});

test("ARNs that another stack knows are taken unseen", () => {
  const app = new App();
  const first = new TerraformStack(app, "certificates");
  const { arns } = new Certificate(first, "Certificate", { region: "eu-central-1", hosts: ["social.example"] });
  const { site } = page({ certificateArn: arns });
  web(site);
  expect(site.problems.all()).toEqual([]);
});

test("a wrong host name of a Certificate is refused", () => {
  const stack = new TerraformStack(new App(), "certificates");
  new Certificate(stack, "Certificate", {
    region: "eu-central-1",
    hosts: ["https://social.example", `${"a".repeat(60)}.example`],
  });
  expect(pageProblems(() => Testing.synth(stack, true))).toEqual([
    expect.stringContaining('certificates/Certificate: a host name of a Certificate is "https://social.example"'),
    expect.stringContaining("has 68 characters / AWS Certificate Manager issues certificates for up to 64"),
  ]);
});
