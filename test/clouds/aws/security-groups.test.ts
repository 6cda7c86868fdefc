import { Endpoint, Etcd, Machine, Postgres, Redis } from "../../../lib";
import { AwsSession } from "../../../lib/clouds/aws";
import { BuiltIn } from "./built-in";
import { all, machine, page, pool, problems, web } from "./page";

type Stack = ReturnType<typeof page>["stack"];

const INBOUND = "aws_vpc_security_group_ingress_rule";
const OUTBOUND = "aws_vpc_security_group_egress_rule";
const group = (name: string) => `\${aws_security_group.Social_Group-${name}.id}`;
const tags = (name: string) => ({ Name: `social-${name}`, "cdktf-mastodon:site": "social" });

/** The rules of a direction, by group: `tcp 5432 pool-web`. Rules for everybody in both families are one line. */
function rules(stack: Stack, type: string): Readonly<Record<string, readonly string[]>> {
  const name = (id: unknown) => /Social_Group-([\w-]+)\.id/.exec(String(id))?.[1] ?? "";
  const found = new Map<string, Set<string>>();
  const lines = Object.values(all(stack, type)).map((rule) => {
    const ports = [rule["from_port"], rule["to_port"]].filter((port, at, both) => both.indexOf(port) === at).join("-");
    const range = String(rule["cidr_ipv4"] ?? rule["cidr_ipv6"]);
    const world = ["0.0.0.0/0", "::/0"].includes(range);
    const peer = rule["referenced_security_group_id"] === undefined ? range : name(rule["referenced_security_group_id"]);
    return { of: name(rule["security_group_id"]), line: `${String(rule["ip_protocol"])} ${ports} ${peer}`, ports, world, rule };
  });
  for (const { of, line, ports, world, rule } of lines) {
    const other = (range: string) => line.replace(/\S+$/, range);
    const both = world && ["0.0.0.0/0", "::/0"].every((range) => lines.some((one) => one.of === of && one.line === other(range)));
    const told = both ? `${String(rule["ip_protocol"])} ${ports} world` : line;
    found.set(of, (found.get(of) ?? new Set<string>()).add(told));
  }
  return Object.fromEntries([...found].sort().map(([of, some]) => [of, [...some].sort()]));
}

function whole(more?: (site: ReturnType<typeof page>["site"]) => void): Stack {
  const { stack, site } = page();
  const made = web(site);
  const redis = new Redis(site, "Redis", { replicas: 2 });
  const database = new Postgres(site, "Database", { replicas: 1 });
  new Etcd(site, "Etcd", { on: redis });
  database.reachedBy(made, "statuses");
  redis.reachedBy(made, "feeds");
  pool(site, "jobs");
  more?.(site);
  return stack;
}

const EVERYBODY = ["tcp 443 world", "tcp 80 world", "udp 123 world"];
const ETCD = ["tcp 2379 machines-redis", "tcp 2380 machines-redis"];
const REDIS = [26379, 6379, 6380, 6381].map((port) => `tcp ${port} machines-redis`);

test("a tier takes what the table of flows says, by the groups of roles and of the load balancer, and nothing of the world", () => {
  expect(rules(whole(), INBOUND)).toEqual({
    "front-door": ["icmp 3-4 0.0.0.0/0", "icmpv6 2-0 ::/0", "tcp 443 world", "tcp 80 world"],
    "machines-database": [
      ...["5432", "8008"].flatMap((port) => [`tcp ${port} machines-database`, `tcp ${port} pool-web`]),
      "tcp 8009 pool-web",
    ],
    "machines-redis": [...REDIS, ...ETCD, "tcp 2379 machines-database", "tcp 26379 pool-web", "tcp 6379 pool-web"].sort(),
    "pool-web": ["tcp 80 front-door"],
  });
});

test("a tier lets out what it calls: hosts of the site by their groups alone, packages, the time and TLS to the world", () => {
  expect(rules(whole(), OUTBOUND)).toEqual({
    "front-door": ["tcp 80 pool-web"],
    "machines-database": [
      ...EVERYBODY,
      ...["tcp 5432 machines-database", "tcp 8008 machines-database", "tcp 2379 machines-redis"],
    ].sort(),
    "machines-redis": [...EVERYBODY, ...REDIS, ...ETCD].sort(),
    "pool-jobs": EVERYBODY,
    "pool-web": [
      ...EVERYBODY,
      ...["tcp 5432 machines-database", "tcp 8008 machines-database", "tcp 8009 machines-database"],
      ...["tcp 26379 machines-redis", "tcp 6379 machines-redis"],
    ].sort(),
  });
});

test("every connection that a group lets in, the caller's lets out, and the other way round", () => {
  const stack = whole();
  const turned = (type: string, turn: boolean) =>
    Object.entries(rules(stack, type)).flatMap(([of, lines]) =>
      lines
        .map((line) => line.split(" "))
        .filter(([, , peer]) => /^[a-z][a-z-]+$/.test(peer!) && peer !== "world")
        .map(([protocol, ports, peer]) => `${turn ? peer : of} ${protocol} ${ports} ${turn ? of : peer}`),
    );
  expect(turned(INBOUND, true).sort()).toEqual(turned(OUTBOUND, false).sort());
});

test("a rule is named after its group, port and peer, and says why it is there in letters that AWS takes", () => {
  const { stack, site } = page();
  const made = web(site);
  const one = machine(site, "tools");
  one.open("web", 9000, "the café's “tools”, in 2 ways");
  one.open("web", 9000, "again");
  expect(made.role).toBe("web");
  const rule = { ip_protocol: "tcp", from_port: 9000, to_port: 9000, description: "again; the cafs tools, in 2 ways" };
  expect(all(stack, INBOUND)["Inbound-machines-tools-tcp-9000-pool-web"]).toEqual({
    ...rule,
    security_group_id: group("machines-tools"),
    referenced_security_group_id: group("pool-web"),
    tags: tags("machines-tools"),
  });
  expect(all(stack, OUTBOUND)["Outbound-pool-web-tcp-9000-machines-tools"]).toEqual({
    ...rule,
    security_group_id: group("pool-web"),
    referenced_security_group_id: group("machines-tools"),
    tags: tags("pool-web"),
  });
});

test("a group has a fixed name and description: AWS would have to make it anew for others, while machines are in it", () => {
  const { stack, site } = page();
  web(site);
  const made = { vpc_id: "${aws_vpc.Social_Vpc.id}", lifecycle: { ignore_changes: ["description"] } };
  expect(all(stack, "aws_security_group")).toEqual({
    "Group-front-door": { ...made, name: "social-front-door", description: "The load balancer", tags: tags("front-door") },
    "Group-pool-web": { ...made, name: "social-pool-web", description: "The hosts of pool-web", tags: tags("pool-web") },
  });
});

test("one more tier of a role adds rules and changes none", () => {
  const made = (more: boolean) => {
    const stack = whole((site) => (more ? void new Redis(site, "Cache", { use: "cache" }) : undefined));
    return { ...all(stack, INBOUND), ...all(stack, OUTBOUND) };
  };
  const before = made(false);
  expect(made(true)).toMatchObject(before);
  expect(Object.keys(made(true)).length).toBeGreaterThan(Object.keys(before).length);
});

test("the order of the page does not show", () => {
  const made = (reversed: boolean) => {
    const { stack, site } = page();
    const make = [() => void machine(site, "tools").open("sidekiq", 9000, "tools"), () => void pool(site, "jobs")];
    for (const one of reversed ? make.reverse() : make) one();
    return { ...all(stack, INBOUND), ...all(stack, OUTBOUND) };
  };
  expect(made(true)).toEqual(made(false));
});

test("an external server is reached on its port: at its address if the page names one, and else anywhere", () => {
  const { stack, site } = page({ mailPort25: true });
  const made = pool(site, "jobs");
  const external = (name: string, port: number) => Endpoint.external({ name }, port, {}).reachedBy(made, "mail");
  external("smtp.example.net", 587);
  external("203.0.113.7", 2525);
  external("2001:db8::7", 2525);
  expect(rules(stack, OUTBOUND)["pool-jobs"]).toEqual(
    [...EVERYBODY, "tcp 2525 2001:db8::7/128", "tcp 2525 203.0.113.7/32", "tcp 587 world"].sort(),
  );
});

test("names come from the VPC's own servers, for which AWS wants no rule; those of a VPC that stands already may be others", () => {
  const publicSubnets = ["a", "b", "c"].map((zone, at) => ({ id: `subnet-0${zone}`, range: `10.20.${at}.0/24` }));
  const { stack, site } = page({ existing: { vpc: "vpc-0a", publicSubnets } });
  pool(site, "jobs");
  expect(rules(stack, OUTBOUND)["pool-jobs"]).toEqual([...EVERYBODY, "tcp 53 world", "udp 53 world"].sort());
});

test("a managed service lets in the tiers of the roles that call it, and they let out to it", () => {
  const { stack, site } = page();
  const { groups } = (site.session as AwsSession).network;
  const managed = groups.managed(site, "social.abc.rds.amazonaws.com");
  const made = web(site);
  pool(site, "jobs");
  const listener = { name: "social.abc.rds.amazonaws.com", managed: { name: "database", admit: managed.admit.bind(managed) } };
  Endpoint.external(listener, 5432, {}).reachedBy(made, "statuses");
  expect(managed.id.replace(/_[0-9A-F]{8}/, "")).toBe(group("managed-social-abc-rds-amazonaws-com"));
  expect(rules(stack, INBOUND)["managed-social-abc-rds-amazonaws-com"]).toEqual(["tcp 5432 pool-web"]);
  expect(rules(stack, OUTBOUND)).toEqual({
    "front-door": ["tcp 80 pool-web"],
    "pool-jobs": EVERYBODY,
    "pool-web": [...EVERYBODY, "tcp 5432 managed-social-abc-rds-amazonaws-com"].sort(),
  });
});

test("more rules than AWS takes are refused, with their number", () => {
  const most = (ports: number) => {
    const { site } = page();
    pool(site, "web");
    const made: Machine = machine(site, "tools");
    for (let port = 1000; port < 1000 + ports; port++) made.open("web", port, "a probe");
    return problems(site);
  };
  expect(most(57)).toEqual([]);
  const much = "use fewer ports, or fewer tiers of a role";
  expect(most(61)).toEqual([
    `stack/Social/web: its security group has 64 outbound rules, and AWS takes 60: one for each port and tier that connects / ${much}`,
    `stack/Social/tools-1: its security group has 61 inbound rules, and AWS takes 60: one for each port and tier that connects / ${much}`,
  ]);
  expect(most(58)).toHaveLength(1);
});

describe("carried out by the real Terraform over built-in resources", () => {
  // Terraform starts several times.
  jest.setTimeout(300_000);
  let small: BuiltIn;
  beforeEach(() => void (small = new BuiltIn()));
  afterEach(() => small.remove());

  /** A pool of another name or text, from which the role may reach a managed service. */
  function members(name: string, text: string, calls: boolean): Stack {
    const { stack, site } = page();
    const made = pool(site, name);
    made.program.add({ kind: "file", path: "/etc/probe", content: text });
    const managed = (site.session as AwsSession).network.groups.managed(site, "database");
    if (calls) managed.admit({ kind: "role", role: made.role }, 5432, "jobs");
    return stack;
  }
  const ports = () =>
    [...small.all(INBOUND), ...small.all(OUTBOUND)].map(
      ({ input }) => `${String(input["description"])} ${String(input["from_port"])}`,
    );
  const count = (of: string) => ports().filter((port) => port === of).length;

  test("a rule that the page has no more stays until new members serve, however often that fails", () => {
    expect(small.apply(members("jobs", "one", true))).toMatchObject({ status: 0 });
    expect(count("jobs 5432")).toBe(2);
    small.set("sick", true);
    for (const text of ["two", "two", "three"]) {
      expect(small.apply(members("jobs", text, false)).status).toBe(1);
      expect(count("jobs 5432")).toBe(2);
    }
    small.set("sick", false);
    expect(small.apply(members("jobs", "three", false))).toMatchObject({ status: 0 });
    expect(count("jobs 5432")).toBe(0);
  });

  test("so do all rules and the group of a pool that has another name now", () => {
    expect(small.apply(members("jobs", "one", true))).toMatchObject({ status: 0 });
    const before = ports().length;
    small.set("sick", true);
    for (const text of ["one", "two"]) {
      expect(small.apply(members("work", text, true)).status).toBe(1);
      expect(ports()).toHaveLength(2 * before);
    }
    small.set("sick", false);
    expect(small.apply(members("work", "two", true))).toMatchObject({ status: 0 });
    expect(ports()).toHaveLength(before);
    expect(small.plan(members("work", "two", true)).said).toContain("No changes");
  });
});
