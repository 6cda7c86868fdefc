import { Pool, Redis } from "../../../lib";
import { AwsProps, AwsSession } from "../../../lib/clouds/aws";
import { Ipv6Plan } from "../../../lib/clouds/aws/ipv6-plan";
import { AddressPlan, ROLE_NAMES } from "../../../lib/core/address-plan";
import { all, data, page, planOf, pool, problems, size, web } from "./page";

const tags = (name: string) => ({ Name: name === "" ? "social" : `social-${name}`, "cdktf-mastodon:site": "social" });
const vpc = "${aws_vpc.Social_Vpc.id}";
const publicSubnet = (zone: string) => `\${aws_subnet.Social_PublicSubnet-${zone}.id}`;

/** The routes of machines, as the zone and the family with where they lead. */
function routes(props: Partial<AwsProps>): Readonly<Record<string, unknown>> {
  const { stack, site } = page(props);
  web(site);
  const found = Object.entries(all(stack, "aws_route")).filter(([name]) => name.startsWith("Route-"));
  return Object.fromEntries(
    found.map(([name, { nat_gateway_id, gateway_id, egress_only_gateway_id }]) => [
      name.slice("Route-".length),
      nat_gateway_id ?? gateway_id ?? egress_only_gateway_id,
    ]),
  );
}

const ipv6 = Object.fromEntries(
  ["a", "b", "c"].map((zone) => [`${zone}-ipv6`, "${aws_egress_only_internet_gateway.Social_EgressOnlyGateway.id}"]),
);
const nat = (zone: string) => `\${aws_nat_gateway.Social_Nat-${zone}.id}`;

test("the VPC has both families, resolves names, and closes the group that AWS gives to whatever names none", () => {
  const { stack } = page();
  expect(all(stack, "aws_vpc")).toEqual({
    Vpc: {
      cidr_block: "10.20.0.0/16",
      assign_generated_ipv6_cidr_block: true,
      enable_dns_hostnames: true,
      enable_dns_support: true,
      tags: tags(""),
    },
  });
  expect(all(stack, "aws_default_security_group")).toEqual({ DefaultSecurityGroup: { vpc_id: vpc, tags: tags("default") } });
});

test("there is a public subnet in each zone, which the Internet reaches in both families", () => {
  const { stack } = page();
  const subnet = (zone: string, at: number) => ({
    vpc_id: vpc,
    availability_zone: `eu-central-1${zone}`,
    cidr_block: `10.20.${at}.0/24`,
    ipv6_cidr_block: `\${cidrsubnet(aws_vpc.Social_Vpc.ipv6_cidr_block, 8, ${at})}`,
    tags: tags(`public-${zone}`),
  });
  expect(all(stack, "aws_subnet")).toEqual({
    "PublicSubnet-a": subnet("a", 0),
    "PublicSubnet-b": subnet("b", 1),
    "PublicSubnet-c": subnet("c", 2),
  });
  const route_table_id = "${aws_route_table.Social_PublicRoutes.id}";
  expect(all(stack, "aws_route_table_association")).toEqual({
    "PublicRoutes-a": { subnet_id: publicSubnet("a"), route_table_id },
    "PublicRoutes-b": { subnet_id: publicSubnet("b"), route_table_id },
    "PublicRoutes-c": { subnet_id: publicSubnet("c"), route_table_id },
  });
  const world = { route_table_id, gateway_id: "${aws_internet_gateway.Social_InternetGateway.id}" };
  expect(all(stack, "aws_route")).toMatchObject({
    "PublicRoute-ipv4": { ...world, destination_cidr_block: "0.0.0.0/0" },
    "PublicRoute-ipv6": { ...world, destination_ipv6_cidr_block: "::/0" },
  });
});

test("a pool has a subnet in each zone, with the range of the address plan and a /64, and members get addresses of both", () => {
  const { stack, site } = page();
  web(site);
  const { cidr_block: first } = all(stack, "aws_subnet")["Subnet-10-20-72-128-27"]!;
  expect(first).toBe("10.20.72.128/27");
  const subnets = Object.entries(all(stack, "aws_subnet")).filter(([name]) => name.startsWith("Subnet-"));
  // The tier is in slot 17 of its role, of which 14 have numbers: it has the third, (25 + 3) * 4.
  expect(Object.fromEntries(subnets)).toEqual(
    Object.fromEntries(
      ["a", "b", "c"].map((zone, at) => [
        `Subnet-10-20-72-${128 + 32 * at}-27`,
        {
          vpc_id: vpc,
          availability_zone: `eu-central-1${zone}`,
          cidr_block: `10.20.72.${128 + 32 * at}/27`,
          ipv6_cidr_block: `\${cidrsubnet(aws_vpc.Social_Vpc.ipv6_cidr_block, 8, ${112 + at})}`,
          assign_ipv6_address_on_creation: true,
          tags: tags(`web-17-${zone}`),
        },
      ]),
    ),
  );
  expect(all(stack, "aws_route_table_association")["Routes-10-20-72-160-27"]).toEqual({
    subnet_id: "${aws_subnet.Social_Subnet-10-20-72-160-27.id}",
    route_table_id: "${aws_route_table.Social_Routes-b.id}",
  });
});

test("by default machines reach IPv4 by one NAT gateway, and IPv6 by a gateway that lets nobody in", () => {
  expect(routes({})).toEqual({ "a-ipv4": nat("a"), "b-ipv4": nat("a"), "c-ipv4": nat("a"), ...ipv6 });
  const { stack } = page();
  const ready = [
    "aws_internet_gateway.Social_InternetGateway",
    "aws_route.Social_PublicRoute-ipv4",
    "aws_route.Social_PublicRoute-ipv6",
    ...["a", "b", "c"].map((zone) => `aws_route_table_association.Social_PublicRoutes-${zone}`),
  ];
  expect(all(stack, "aws_nat_gateway")).toEqual({
    "Nat-a": {
      allocation_id: "${aws_eip.Social_NatAddress-a.id}",
      subnet_id: publicSubnet("a"),
      tags: tags("nat-a"),
      depends_on: ready,
    },
  });
  expect(all(stack, "aws_eip")).toEqual({ "NatAddress-a": { domain: "vpc", tags: tags("nat-a"), depends_on: ready } });
});

test("or by one in each zone", () => {
  expect(routes({ egress: "nat in each zone" })).toEqual({ "a-ipv4": nat("a"), "b-ipv4": nat("b"), "c-ipv4": nat("c"), ...ipv6 });
});

test("or by addresses of their own, without any NAT gateway", () => {
  const gateway = "${aws_internet_gateway.Social_InternetGateway.id}";
  expect(routes({ egress: "public addresses" })).toEqual({ "a-ipv4": gateway, "b-ipv4": gateway, "c-ipv4": gateway, ...ipv6 });
  const { stack } = page({ egress: "public addresses" });
  expect([all(stack, "aws_nat_gateway"), all(stack, "aws_eip")]).toEqual([{}, {}]);
});

test("another way out changes routes and gateways alone, and no subnet", () => {
  const of = (egress: AwsProps["egress"] & string, type: string) => {
    const { stack, site } = page({ egress });
    web(site);
    return all(stack, type);
  };
  for (const type of ["aws_subnet", "aws_route_table", "aws_route_table_association", "aws_vpc_endpoint"])
    expect(of("public addresses", type)).toEqual(of("nat", type));
});

test("what goes to S3 passes no NAT gateway", () => {
  const { stack } = page();
  expect(all(stack, "aws_vpc_endpoint")).toEqual({
    S3: {
      vpc_id: vpc,
      service_name: "com.amazonaws.eu-central-1.s3",
      vpc_endpoint_type: "Gateway",
      route_table_ids: ["a", "b", "c"].map((zone) => `\${aws_route_table.Social_Routes-${zone}.id}`),
      tags: tags("s3"),
    },
  });
});

test("members start when their ways out and their rules stand, and these go when the members have gone", () => {
  const { stack, site } = page();
  web(site);
  const plan = planOf(stack).resource;
  const made = (types: readonly string[], of: RegExp) =>
    types.flatMap((type) => Object.keys(plan[type]!).map((name) => `${type}.${name}`)).filter((address) => of.test(address));
  const needed = [
    ...made(["aws_internet_gateway", "aws_vpc_endpoint", "aws_route", "aws_route_table_association"], /./),
    ...made(["aws_vpc_security_group_egress_rule", "aws_vpc_security_group_ingress_rule"], /./),
  ];
  expect(needed).toHaveLength(1 + 1 + 8 + 6 + 7 + 7);
  expect(all(stack, "terraform_data")["NetworkReady"]!["depends_on"]).toEqual(needed.sort());
  expect(all(stack, "aws_autoscaling_group")["web_Pool"]!["depends_on"]).toContain("terraform_data.Social_NetworkReady");
});

test("one more tier changes no subnet, route or rule of the others", () => {
  const made = (more: boolean) => {
    const { stack, site } = page();
    web(site);
    pool(site, "jobs");
    if (more) pool(site, "mail");
    const { terraform_data: _, ...network } = planOf(stack).resource;
    return Object.fromEntries(Object.entries(network).filter(([type]) => /vpc|subnet|route|gateway|security_group/.test(type)));
  };
  expect(made(true)).toMatchObject(made(false));
});

test("Redis and Sidekiq, of which a page may have many tiers, have blocks of IPv6 of their own", () => {
  const { stack, site } = page();
  web(site);
  pool(site, "jobs");
  expect(all(stack, "aws_vpc_ipv6_cidr_block_association")).toEqual({
    "Ipv6-Sidekiq": { vpc_id: vpc, assign_generated_ipv6_cidr_block: true },
  });
  const blocks = Object.values(all(stack, "aws_subnet")).map(
    ({ ipv6_cidr_block }) => /cidrsubnet\(([\w.-]+)/.exec(`${ipv6_cidr_block}`)![1],
  );
  expect([...new Set(blocks)].sort()).toEqual([
    "aws_vpc.Social_Vpc.ipv6_cidr_block",
    "aws_vpc_ipv6_cidr_block_association.Social_Ipv6-Sidekiq.ipv6_cidr_block",
  ]);
});

test("no two roles have the same numbers of IPv6, and none lies outside its block", () => {
  const plan = AddressPlan.of("10.20.0.0/16");
  const ipv6Plan = new Ipv6Plan("10.20.0.0/16");
  const owners = new Map<string, Set<string>>();
  for (const role of ROLE_NAMES) {
    for (let slot = 0; slot < plan.slots(role); slot++) {
      plan.zones(plan.tier(role, slot), 4).forEach(({ cidr }, zone) => {
        const place = ipv6Plan.place(cidr, zone);
        expect(place).toMatchObject({ role, slot });
        expect(place.number).toBeGreaterThanOrEqual(0);
        expect(place.number).toBeLessThan(256);
        const at = `${place.block} ${place.number}`;
        owners.set(at, (owners.get(at) ?? new Set<string>()).add(`${role} ${zone}`));
      });
    }
  }
  expect([...owners].filter(([, some]) => some.size > 1)).toEqual([]);
});

test("two tiers that would have the same numbers are refused, with a slot that is free", () => {
  const tiers = (second: number) => {
    const { site } = page();
    const made = (name: string, slot: number) =>
      new Pool(site, name, { name, role: "web", range: site.range(site, "web", name, slot), machines: 1, size });
    made("one", 17);
    made("two", second);
    return problems(site);
  };
  expect(tiers(3)).toEqual([
    "stack/Social: two tiers of web, in slots 3 and 17, would have the same range of IPv6 / " +
      "give the one that is not deployed yet another slot, such as 0",
  ]);
  expect(tiers(0)).toEqual([]);
});

const existing = {
  vpc: "vpc-0a",
  publicSubnets: [
    { id: "subnet-0a", range: "10.20.0.0/24" },
    { id: "subnet-0b", range: "10.20.3.224/27" },
    { id: "subnet-0c", range: "172.31.0.0/20" },
  ],
};

test("into a VPC that stands already the page puts subnets of machines and their ways out, and nothing for the public", () => {
  const { stack, site } = page({ existing });
  const made = web(site);
  expect(problems(site)).toEqual([]);
  const { resource } = planOf(stack);
  const count = (type: string) => Object.keys(resource[type] ?? {}).length;
  expect({
    aws_vpc: count("aws_vpc"),
    aws_internet_gateway: count("aws_internet_gateway"),
    aws_default_security_group: count("aws_default_security_group"),
    aws_subnet: count("aws_subnet"),
    aws_route_table: count("aws_route_table"),
    aws_route: count("aws_route"),
    aws_nat_gateway: count("aws_nat_gateway"),
  }).toEqual({
    aws_vpc: 0,
    aws_internet_gateway: 0,
    aws_default_security_group: 0,
    aws_subnet: 3,
    aws_route_table: 3,
    aws_route: 6,
    aws_nat_gateway: 1,
  });
  const found = "${data.aws_vpc.Social_Vpc.id}";
  expect(all(stack, "aws_nat_gateway")["Nat-a"]).toMatchObject({ subnet_id: "${data.aws_subnet.Social_PublicSubnet-a.id}" });
  expect(all(stack, "aws_vpc_ipv6_cidr_block_association")).toEqual({
    "Ipv6-General": { vpc_id: found, assign_generated_ipv6_cidr_block: true },
  });
  expect(all(stack, "aws_subnet")["Subnet-10-20-72-128-27"]).toMatchObject({
    vpc_id: found,
    ipv6_cidr_block: "${cidrsubnet(aws_vpc_ipv6_cidr_block_association.Social_Ipv6-General.ipv6_cidr_block, 8, 112)}",
  });
  expect(made.bootText()).toContain("ip saddr { 10.20.0.0/24, 10.20.3.224/27, 172.31.0.0/20 } tcp dport 80 accept");
});

test("the plan says what does not fit, of the VPC, of public subnets and of route tables", () => {
  const { stack } = page({ existing: { ...existing, routeTables: ["rtb-0a", "rtb-0b", "rtb-0c"] } });
  const conditions = (type: string) =>
    Object.values(data(stack, type)).map(({ lifecycle }) =>
      (lifecycle as { postcondition: readonly { condition: string; error_message: string }[] }).postcondition.map(
        ({ condition, error_message }) => [condition, error_message],
      ),
    );
  expect(conditions("aws_vpc")).toEqual([
    [
      [
        '${contains(self.cidr_block_associations[*].cidr_block, "10.20.0.0/16")}',
        'stack/Social: the VPC ${self.id} has the ranges ${join(", ", self.cidr_block_associations[*].cidr_block)} / ' +
          "add the site's network 10.20.0.0/16 to them, or give the site the network that is one of them",
      ],
      ["${self.enable_dns_support}", "stack/Social: the VPC ${self.id} does not resolve names / switch its DNS support on"],
    ],
  ]);
  expect(conditions("aws_subnet")[2]).toEqual([
    [
      '${self.vpc_id == "vpc-0a" && self.availability_zone == "eu-central-1c"}',
      "stack/Social: the public subnet ${self.id} is in the zone ${self.availability_zone} of ${self.vpc_id} / " +
        "name one in eu-central-1c of vpc-0a",
    ],
    [
      '${self.cidr_block == "172.31.0.0/20" && self.ipv6_cidr_block != ""}',
      "stack/Social: the public subnet ${self.id} has the IPv4 range ${self.cidr_block} and the IPv6 range " +
        '"${self.ipv6_cidr_block}" / write the first into the page instead of 172.31.0.0/20, and give the subnet the second if it has none',
    ],
  ]);
  expect(conditions("aws_route_table")[1]).toEqual([
    ['${self.vpc_id == "vpc-0a"}', "stack/Social: the route table ${self.id} belongs to ${self.vpc_id} / name one of vpc-0a"],
  ]);
});

test("whoever gives route tables has the ways out, and the page makes none", () => {
  const { stack, site } = page({ existing: { ...existing, routeTables: ["rtb-0a", "rtb-0b", "rtb-0c"] } });
  web(site);
  const { resource } = planOf(stack);
  expect(Object.keys(resource).filter((type) => /route$|route_table$|gateway|eip|vpc_endpoint/.test(type))).toEqual([]);
  expect(all(stack, "aws_route_table_association")["Routes-10-20-72-160-27"]).toEqual({
    subnet_id: "${aws_subnet.Social_Subnet-10-20-72-160-27.id}",
    route_table_id: "${data.aws_route_table.Social_Routes-b.id}",
  });
});

test("of gateways that a VPC can have once, the page finds or is told those that stand", () => {
  const { stack, site } = page({ egress: "public addresses", existing: { ...existing, egressOnlyGateway: "eigw-0a" } });
  web(site);
  expect(data(stack, "aws_internet_gateway")).toEqual({
    InternetGateway: { filter: [{ name: "attachment.vpc-id", values: ["vpc-0a"] }] },
  });
  expect(all(stack, "aws_egress_only_internet_gateway")).toEqual({});
  expect(all(stack, "aws_route")).toMatchObject({
    "Route-a-ipv4": { gateway_id: "${data.aws_internet_gateway.Social_InternetGateway.id}" },
    "Route-a-ipv6": { egress_only_gateway_id: "eigw-0a" },
  });
});

test("what cannot be a VPC with public subnets in all zones is refused, all at once", () => {
  const { site } = page({
    existing: {
      vpc: "default",
      publicSubnets: [
        { id: "subnet-0a", range: "10.20.3.0/23" },
        { id: "0b", range: "172.31.0.0/28" },
      ],
      routeTables: ["rtb-0a"],
      egressOnlyGateway: "igw-0a",
    },
  });
  const wrongRange = (id: string, range: string) =>
    `stack/Social: the range of the public subnet ${id} is "${range}" / give its IPv4 range, a /27 or larger, outside of the site's ` +
    "network 10.20.0.0/16 or inside of 10.20.0.0/22: the rest is for machines";
  expect(problems(site)).toEqual([
    'stack/Social: existing.vpc of AWS is "default" / give the id of one, such as vpc-0123456789abcdef0',
    'stack/Social: existing.publicSubnets[1].id of AWS is "0b" / give the id of one, such as subnet-0123456789abcdef0',
    'stack/Social: existing.egressOnlyGateway of AWS is "igw-0a" / give the id of one, such as eigw-0123456789abcdef0',
    "stack/Social: existing.publicSubnets of AWS has 2, and there are 3 zones / give one for each of a, b, c, in this order",
    "stack/Social: existing.routeTables of AWS has 1, and there are 3 zones / give one for each of a, b, c, in this order",
    wrongRange("subnet-0a", "10.20.3.0/23"),
    wrongRange("0b", "172.31.0.0/28"),
  ]);
});

/** The letters of the zones in which the machines of a Redis are. */
function zones(replicas: number, props: Partial<AwsProps> = {}): string {
  const { stack, site } = page(props);
  const { machines } = new Redis(site, "Redis", { replicas });
  const [instances, subnets] = [all(stack, "aws_instance"), all(stack, "aws_subnet")];
  return machines
    .map((_, at) => {
      const [, subnet] = /Social_([\w-]+)\.id/.exec(String(instances[`Redis_${at + 1}_Machine`]!["subnet_id"]))!;
      return String(subnets[subnet!]!["availability_zone"]).at(-1);
    })
    .join("");
}

test("three voters are in three zones, and five as 2, 2 and 1", () => {
  expect([zones(2), zones(4), zones(2, { zones: ["a", "b", "c", "d"] })]).toEqual(["abc", "abcab", "abc"]);
});

test("with two zones Sentinels are refused, unless the page accepts that one zone has their majority", () => {
  const two = (props: Partial<AwsProps>, replicas: number) => {
    const { site } = page({ zones: ["a", "b"], ...props });
    new Redis(site, "Redis", { replicas });
    if (replicas > 0) new Redis(site, "Cache", { replicas: 0, use: "cache" });
    return problems(site);
  };
  expect(two({}, 2)).toEqual([
    "stack/Social/Redis: with 2 zones, 2 of its 3 sentinels are in one of them: while that zone is away, nothing fails over / " +
      "give the cloud three zones, or say quorumInTwoZones: true if that may be",
  ]);
  expect(two({ quorumInTwoZones: true }, 2)).toEqual([]);
  expect(two({}, 0)).toEqual([]);
});

test("managed services have subnets of their own, that no route leads out of", () => {
  const { stack, cloud, site } = page();
  const session = site.session as AwsSession;
  expect(session.network.vpc.serviceSubnets).toEqual(session.network.vpc.serviceSubnets);
  expect(cloud.name).toBe("AWS");
  expect(all(stack, "aws_subnet")["Subnet-services-b"]).toEqual({
    vpc_id: vpc,
    availability_zone: "eu-central-1b",
    cidr_block: "10.20.5.0/24",
    tags: tags("services-b"),
  });
  expect(Object.keys(all(stack, "aws_route_table_association"))).toEqual(["PublicRoutes-a", "PublicRoutes-b", "PublicRoutes-c"]);
});
