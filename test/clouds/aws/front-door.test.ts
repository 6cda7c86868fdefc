import { Dns, Site } from "../../../lib";
import { aws, AwsProps, route53 } from "../../../lib/clouds/aws";
import { CERTIFICATE, all, page, planOf, pool, problems, web } from "./page";

const ZONE = route53({ zone: "social.example" });
const TAG = { "cdktf-mastodon:site": "social" };
const BALANCER = "${aws_lb.Social_FrontDoor_Balancer";
const LISTENER = "${aws_lb_listener.Social_FrontDoor_Encrypted.arn}";
const STREAMING = { port: 80, path: "/api/v1/streaming/health", status: 200 };

function both(props: Partial<AwsProps> = {}, order: "web first" | "streaming first" = "web first") {
  const made = page(props);
  const streaming = () => made.site.frontDoor.route("streaming.social.example", pool(made.site, "streaming"), STREAMING);
  if (order === "streaming first") streaming();
  web(made.site);
  if (order === "web first") streaming();
  return made;
}

const door = (stack: Parameters<typeof planOf>[0]) =>
  Object.fromEntries(
    [
      "lb",
      "lb_listener",
      "lb_listener_rule",
      "lb_listener_certificate",
      "lb_target_group",
      "acm_certificate",
      "route53_record",
    ].map((type) => [type, all(stack, `aws_${type}`)]),
  );

test("one load balancer for all routes, in the public subnets of all zones, of both families", () => {
  const { stack, cloud } = both();
  expect(all(stack, "aws_lb")).toEqual({
    FrontDoor_Balancer: {
      name: "front-door-social",
      internal: false,
      load_balancer_type: "application",
      ip_address_type: "dualstack",
      subnets: ["a", "b", "c"].map((letter) => `\${aws_subnet.Social_PublicSubnet-${letter}.id}`),
      security_groups: [expect.stringMatching(/^\$\{aws_security_group\..*\.id\}$/)],
      enable_deletion_protection: true,
      drop_invalid_header_fields: true,
      desync_mitigation_mode: "defensive",
      xff_header_processing_mode: "append",
      enable_xff_client_port: false,
      idle_timeout: 120,
      client_keep_alive: 3600,
      enable_http2: true,
      tags: { Name: "social-front-door", ...TAG },
      lifecycle: { prevent_destroy: true },
      depends_on: ["terraform_data.Social_NetworkReady"],
    },
  });
  expect(cloud.can.frontDoorIdleSeconds).toBe(120);
});

test("plain requests are led to TLS 1.2 or 1.3, and host names without a route are misdirected", () => {
  const { stack } = both();
  const listener = { load_balancer_arn: `${BALANCER}.arn}` };
  expect(all(stack, "aws_lb_listener")).toEqual({
    FrontDoor_Plain: {
      ...listener,
      port: 80,
      protocol: "HTTP",
      default_action: [{ type: "redirect", redirect: { protocol: "HTTPS", port: "443", status_code: "HTTP_301" } }],
      tags: { Name: "social-plain", ...TAG },
    },
    FrontDoor_Encrypted: {
      ...listener,
      port: 443,
      protocol: "HTTPS",
      ssl_policy: "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
      certificate_arn: CERTIFICATE,
      default_action: [
        {
          type: "fixed-response",
          fixed_response: { content_type: "text/plain", status_code: "421", message_body: "Nothing here has this name.\n" },
        },
      ],
      tags: { Name: "social-encrypted", ...TAG },
    },
  });
  expect(all(stack, "aws_lb_listener_certificate")).toEqual({});
});

test("each host name has a rule and a target group with the route's health check", () => {
  const { stack } = both();
  const group = {
    vpc_id: "${aws_vpc.Social_Vpc.id}",
    target_type: "instance",
    protocol: "HTTP",
    port: 80,
    load_balancing_algorithm_type: "least_outstanding_requests",
    deregistration_delay: "60",
    lifecycle: { create_before_destroy: true },
  };
  const check = {
    protocol: "HTTP",
    port: "80",
    matcher: "200",
    timeout: 5,
    interval: 6,
    healthy_threshold: 2,
    unhealthy_threshold: 2,
  };
  expect(all(stack, "aws_lb_target_group")).toEqual({
    "FrontDoor_Targets-social-example": {
      ...group,
      name: expect.stringMatching(/^social-social-example-[0-9a-f]{8}$/),
      health_check: { ...check, path: "/health" },
      tags: { Name: "social-social-example", ...TAG },
    },
    "FrontDoor_Targets-streaming-social-example": {
      ...group,
      name: expect.stringMatching(/^social-streaming-social-[0-9a-f]{8}$/),
      health_check: { ...check, path: "/api/v1/streaming/health" },
      tags: { Name: "social-streaming-social-example", ...TAG },
    },
  });
  const rule = (at: string, host: string) => ({
    listener_arn: LISTENER,
    condition: [{ host_header: { values: [host] } }],
    action: [{ type: "forward", target_group_arn: `\${aws_lb_target_group.Social_FrontDoor_Targets-${at}.arn}` }],
    tags: { Name: `social-${at}`, ...TAG },
  });
  expect(all(stack, "aws_lb_listener_rule")).toEqual({
    "FrontDoor_Rule-social-example": rule("social-example", "social.example"),
    "FrontDoor_Rule-streaming-social-example": rule("streaming-social-example", "streaming.social.example"),
  });
});

test("the page's order changes nothing, nor does one more route of the others", () => {
  const props = { dns: ZONE, certificateArn: [] };
  expect(door(both(props, "streaming first").stack)).toEqual(door(both(props).stack));
  const alone = page(props);
  web(alone.site);
  const more = door(both(props).stack);
  for (const [type, blocks] of Object.entries(door(alone.stack))) expect(more[type]).toMatchObject(blocks);
});

test("a route under another pool keeps its target group, rule, certificate and records", () => {
  const route = (name: string) => {
    const { stack, site } = page({ dns: ZONE, certificateArn: [] });
    site.frontDoor.route("social.example", pool(site, name), { port: 80, path: "/health", status: 200 });
    return door(stack);
  };
  expect(route("front")).toEqual(route("web"));
});

test("gates wait for the rule that leads to their pool", () => {
  const { stack } = both();
  const gates = Object.values(all(stack, "terraform_data")).map((block) => JSON.stringify(block["depends_on"] ?? []));
  for (const at of ["social-example", "streaming-social-example"])
    expect(gates.filter((needs) => needs.includes(`aws_lb_listener_rule.Social_FrontDoor_Rule-${at}"`))).not.toEqual([]);
});

test("a target group's name fits, and changes with whatever makes AWS replace it", () => {
  const name = (props: Partial<AwsProps>, more = {}, port = 80, host = "social.example") => {
    const { stack, site } = page(props, more);
    site.frontDoor.route(host, pool(site, "web"), { port, path: "/health", status: 200 });
    return Object.values(all(stack, "aws_lb_target_group"))[0]!["name"] as string;
  };
  const long = `${"a".repeat(21)}.${"b".repeat(60)}.example`;
  const names = [
    name({}),
    name({}, {}, 81),
    name({}, { network: "10.21.0.0/16" }),
    name({}, {}, 80, long),
    name({}, {}, 80, `x${long}`),
  ];
  expect(new Set(names).size).toBe(names.length);
  for (const one of names) expect(one).toMatch(/^[a-z0-9](?!.*--)[a-z0-9-]{1,30}[a-z0-9]$/);
});

test("records of Route 53 lead to the load balancer by both families, also at the apex", () => {
  const { stack } = both({ dns: ZONE });
  const alias = { name: `${BALANCER}.dns_name}`, zone_id: `${BALANCER}.zone_id}`, evaluate_target_health: false };
  const record = (name: string, type: string) => ({
    zone_id: "${data.aws_route53_zone.Zone-social-example.zone_id}",
    name,
    type,
    alias,
  });
  expect(all(stack, "aws_route53_record")).toEqual({
    "FrontDoor_Record-social-example-A": record("social.example", "A"),
    "FrontDoor_Record-social-example-AAAA": record("social.example", "AAAA"),
    "FrontDoor_Record-streaming-social-example-A": record("streaming.social.example", "A"),
    "FrontDoor_Record-streaming-social-example-AAAA": record("streaming.social.example", "AAAA"),
  });
});

test("another DNS gets aliases if it makes them, else a CNAME below the apex of its zone", () => {
  const heard = (dns: Omit<Dns, "record">, host = "social.example") => {
    const records: unknown[] = [];
    const { site } = page({ dns: { ...dns, record: (_scope, id, record) => void records.push({ id, ...record }) } });
    site.frontDoor.route(host, pool(site, "web"), { port: 80, path: "/health", status: 200 });
    const found = problems(site);
    return found.length > 0 ? found : records.map((record) => JSON.parse(JSON.stringify(record).replace(/_[0-9A-F]{8}/g, "")));
  };
  const name = `${BALANCER}.dns_name}`;
  expect(heard({ aliases: true })).toEqual([
    { id: "Record-social-example", host: "social.example", type: "ALIAS", values: [name], aliasZone: `${BALANCER}.zone_id}` },
  ]);
  const cname = (at: string, host: string) => [{ id: `Record-${at}`, host, type: "CNAME", values: [`${name}.`] }];
  expect(heard({}, "a.social.example")).toEqual(cname("a-social-example", "a.social.example"));
  expect(heard({ zone: "example" })).toEqual(cname("social-example", "social.example"));
  const refused = (host: string) => [
    `stack/Social/FrontDoor/Door: the host name ${host} is the apex of a domain, where no CNAME can stand, and AWS' load balancers have a name but no fixed address / ` +
      "use a dns that makes aliases, such as route53, or a host name below it, or leave dns out and make the record by hand",
  ];
  expect(heard({})).toEqual(refused("social.example"));
  expect(heard({ zone: "a.social.example" }, "a.social.example")).toEqual(refused("a.social.example"));
});

test("without DNS an output says which records to make, and how to ask before", () => {
  const { stack, site } = both();
  const output = planOf(stack).output["social_dns_records"]!;
  expect(output["value"]).toEqual({
    "social.example": { ALIAS: `${BALANCER}.dns_name}` },
    "streaming.social.example": { CNAME: `${BALANCER}.dns_name}` },
  });
  const lines = (from: ReturnType<typeof both>) =>
    from.site.frontDoor
      .visit("social.example")
      .join("\n")
      .replace(/_[0-9A-F]{8}/g, "");
  const ask = `  curl -i --connect-to social.example:443:${BALANCER}.dns_name}:443 https://social.example/`;
  expect(lines({ ...both(), site })).toBe(
    `https://social.example/\nUntil you have made the records of the output social_dns_records:\n${ask}`,
  );
  const written = both({ dns: ZONE });
  expect(lines(written)).toBe(`https://social.example/\nUntil DNS everywhere knows it, within minutes:\n${ask}`);
  expect(planOf(written.stack).output["social_dns_records"]).toBeUndefined();
});

test("the load balancer is protected as long as disks and databases are, so that a destroy is possible", () => {
  const protection = (props: Partial<AwsProps>) => {
    const { enable_deletion_protection, lifecycle } = all(both(props).stack, "aws_lb")["FrontDoor_Balancer"]!;
    return { enable_deletion_protection, lifecycle };
  };
  const not = { enable_deletion_protection: false, lifecycle: { prevent_destroy: false } };
  expect(protection({ protectDisks: false })).toEqual(not);
  expect(protection({ protectDatabases: false })).toEqual(not);
});

test("a web ACL is put before it, and tune has the last word", () => {
  const arn = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/social/1";
  const { stack } = both({ webAclArn: arn, tune: { loadBalancer: (config) => ({ ...config, enableWafFailOpen: true }) } });
  expect(all(stack, "aws_wafv2_web_acl_association")).toEqual({
    FrontDoor_WebAcl: { resource_arn: `${BALANCER}.arn}`, web_acl_arn: arn },
  });
  expect(all(stack, "aws_lb")["FrontDoor_Balancer"]!["enable_waf_fail_open"]).toBe(true);
});

test("a site whose name AWS would not take as that of a load balancer, or is too long, has another there", () => {
  const name = (id: string) => {
    const { stack } = page();
    const site = new Site(stack, id, {
      cloud: aws({ region: "eu-central-1", certificateArn: CERTIFICATE }),
      domain: "other.example",
      version: "4.7.6",
      queuesElsewhere: ["scheduler"],
      network: "10.30.0.0/16",
    });
    site.frontDoor.route("other.example", pool(site, "web"), { port: 80, path: "/health", status: 200 });
    return Object.values(all(stack, "aws_lb"))
      .map((block) => block["name"])
      .at(-1);
  };
  expect(name("internal-site")).toBe("front-door-internal-site");
  expect(name("A".repeat(38))).toMatch(/^front-door-a{12}-[0-9a-f]{8}$/);
});

test("a page without a certificate is refused, and so is what AWS would refuse", () => {
  const where = "stack/Social/FrontDoor/Door";
  const heard = (props: Partial<AwsProps>, host = "social.example", status = 200) => {
    const { site } = page(props);
    site.frontDoor.route(host, pool(site, "web"), { port: 80, path: "/health", status });
    return problems(site);
  };
  const none = [
    `${where}: the front door at AWS has no certificate / give dns: route53({ zone }), by which the page makes one for each host name, or certificateArn of one that covers all of them; Certificate makes it in a step before`,
  ];
  expect(heard({ certificateArn: [] })).toEqual(none);
  expect(heard({ certificateArn: [], dns: { record: () => undefined, aliases: true } })).toEqual(none);
  const elsewhere = "arn:aws:acm:us-east-1:123456789012:certificate/1";
  expect(heard({ certificateArn: [CERTIFICATE, elsewhere] })).toEqual([
    `${where}: certificateArn is "${elsewhere}" / give the ARN of one in eu-central-1, such as arn:aws:acm:eu-central-1:123456789012:certificate/…`,
  ]);
  const global = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/social/1";
  expect(heard({ webAclArn: global })).toEqual([
    `${where}: webAclArn is "${global}" / give the ARN of one in eu-central-1, such as arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/…`,
  ]);
  expect(heard({}, "social.example", 500)).toEqual([
    `${where}: a healthy machine is to answer /health with 500, and AWS' load balancers take 200 to 499 for healthy / have it answer with 200`,
  ]);
  const long = `${"a".repeat(60)}.${"b".repeat(60)}.example`;
  expect(heard({}, long)).toEqual([
    `${where}: the host name ${long} has 129 characters / use one of at most 128, which is what rules of AWS' load balancers take`,
  ]);
});

test("more routes or certificates than a load balancer may have are refused", () => {
  const { site } = page({ certificateArn: Array.from({ length: 27 }, (_, n) => CERTIFICATE.replace(/1$/, String(n))) });
  const made = pool(site, "web");
  for (let n = 0; n < 101; n++) site.frontDoor.route(`a${n}.social.example`, made, { port: 80, path: "/health", status: 200 });
  expect(problems(site)).toEqual([
    "stack/Social/FrontDoor/Door: the front door has 27 certificates, and AWS lets a load balancer have 26 / give certificateArn of one that covers several host names",
    "stack/Social/FrontDoor/Door: the front door has 101 routes, and AWS lets a load balancer have 100 target groups / use fewer host names",
  ]);
});
