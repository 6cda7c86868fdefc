import { Dns } from "../../../lib";
import { digitalOceanDns } from "../../../lib/clouds/digitalocean";
import { all, page, planOf, pool, problems, web } from "./page";

const DOOR = "FrontDoor_social-example";

test("one load balancer a route, by the tag of the route, with a certificate by its name and plain requests led to TLS", () => {
  const { stack, site, cloud } = page();
  web(site);
  expect(all(stack, "digitalocean_loadbalancer")[DOOR]).toEqual({
    name: "social-social-example",
    region: "fra1",
    type: "REGIONAL",
    network: "EXTERNAL",
    network_stack: "DUALSTACK",
    size_unit: 1,
    vpc_uuid: "${digitalocean_vpc.Social_Network.id}",
    droplet_tag: "${digitalocean_tag.Social_Tag-route-social-example.name}",
    forwarding_rule: [
      { entry_protocol: "http", entry_port: 80, target_protocol: "http", target_port: 80 },
      {
        entry_protocol: "https",
        entry_port: 443,
        target_protocol: "http",
        target_port: 80,
        certificate_name: `\${digitalocean_certificate.Social_FrontDoor_Certificate-social-example.name}`,
      },
    ],
    healthcheck: {
      protocol: "http",
      port: 80,
      path: "/health",
      check_interval_seconds: 5,
      response_timeout_seconds: 5,
      unhealthy_threshold: 2,
      healthy_threshold: 2,
    },
    redirect_http_to_https: true,
    disable_lets_encrypt_dns_records: true,
    http_idle_timeout_seconds: 600,
    enable_backend_keepalive: true,
  });
  expect(cloud.can.frontDoorIdleSeconds).toBe(600);
  expect(all(stack, "digitalocean_certificate")["FrontDoor_Certificate-social-example"]).toEqual({
    name: "social-social-example",
    type: "lets_encrypt",
    domains: ["social.example"],
    lifecycle: { create_before_destroy: true },
  });
  const record = { name: "@", ttl: 300 };
  expect(Object.values(all(stack, "digitalocean_record"))).toEqual([
    { ...record, domain: "social.example", type: "AAAA", value: `\${digitalocean_loadbalancer.Social_${DOOR}.ipv6}` },
    { ...record, domain: "social.example", type: "A", value: `\${digitalocean_loadbalancer.Social_${DOOR}.ip}` },
  ]);
});

test("it has a node for every ten thousand connections that the page asks for", () => {
  const nodes = (connections: number) => {
    const { stack, site } = page({ connections });
    web(site);
    return all(stack, "digitalocean_loadbalancer")[DOOR]!["size_unit"];
  };
  expect([1, 10_000, 10_001, 25_000].map(nodes)).toEqual([1, 1, 2, 3]);
});

test("it has nodes for the WebSockets of its route, and a page that gives it fewer connections is refused", () => {
  const made = (clients: number, connections?: number) => {
    const { stack, site } = page({ ...(connections !== undefined && { connections }) });
    site.frontDoor.route("social.example", pool(site, "web"), { port: 80, path: "/health", status: 200 }, clients);
    return { nodes: all(stack, "digitalocean_loadbalancer")[DOOR]!["size_unit"], heard: problems(site) };
  };
  expect([9000, 20_000, 20_001].map((clients) => made(clients))).toEqual([1, 2, 3].map((nodes) => ({ nodes, heard: [] })));
  expect(made(20_000, 30_000)).toEqual({ nodes: 3, heard: [] });
  expect(made(20_000, 10_000).heard).toEqual([
    "stack/Social/FrontDoor/Door: social.example is to carry 20000 WebSockets, and connections of DigitalOcean is 10000 " +
      "/ leave connections out, or give at least as many as clients",
  ]);
  expect(made(2_000_001).heard).toEqual([
    "stack/Social/FrontDoor/Door: social.example is to carry 2000001 WebSockets / use at most 2000000 clients, the most of a load balancer",
  ]);
});

test("a route under another pool keeps its load balancer, addresses, records and certificate", () => {
  const route = (name: string) => {
    const { stack, site } = page();
    site.frontDoor.route("social.example", pool(site, name), { port: 80, path: "/health", status: 200 });
    expect(all(stack, "digitalocean_droplet")[`${name}_Pool`]!["tags"]).toContain(
      "${digitalocean_tag.Social_Tag-route-social-example.name}",
    );
    return ["loadbalancer", "certificate", "record"].flatMap((type) => Object.entries(all(stack, `digitalocean_${type}`)));
  };
  // With its tag as well: otherwise the old members would lose the traffic before the new ones have booted.
  expect(route("front")).toEqual(route("web"));
  expect(route("web")).toHaveLength(4);
});

test("without IPv6 nothing has an address of that family", () => {
  const { stack, site } = page({ ipv6: false });
  web(site);
  expect(all(stack, "digitalocean_loadbalancer")[DOOR]!["network_stack"]).toBe("IPV4");
  expect(Object.values(all(stack, "digitalocean_record")).map((record) => record["type"])).toEqual(["A"]);
  expect(all(stack, "digitalocean_droplet")["web_Pool"]!["ipv6"]).toBe(false);
});

test("another company's DNS gets the records, and nobody a certificate; without DNS an output says which records to make", () => {
  const heard: string[] = [];
  const dns: Dns = { record: (_, id, { host, type }) => void heard.push(`${id}: ${host} ${type}`) };
  const names = { zone: "machines.example" };
  const other = page({ dns, names });
  web(other.site);
  expect(all(other.stack, "digitalocean_certificate")).toEqual({});
  expect(heard).toEqual(["social-exampleA: social.example A", "social-exampleAAAA: social.example AAAA"]);
  const none = page({ dns: undefined, names } as never);
  web(none.site);
  expect(planOf(none.stack).output["social_dns_records"]!["value"]).toEqual({
    "social.example": {
      A: `\${digitalocean_loadbalancer.Social_${DOOR}.ip}`,
      AAAA: `\${digitalocean_loadbalancer.Social_${DOOR}.ipv6}`,
    },
  });
});

test("a host name outside the zone is refused, and so is a health check that a load balancer here cannot make", () => {
  const { site } = page({ dns: digitalOceanDns({ zone: "other.example" }) });
  site.frontDoor.route("social.example", pool(site, "web"), { port: 80, path: "/health", status: 401 });
  expect(problems(site)).toEqual([
    "stack/Social/FrontDoor/Door: the host name social.example is not in the zone other.example of digitalOceanDns / name a zone that holds social.example and every other host name, or give another dns",
    "stack/Social/FrontDoor/Door: a healthy machine is to answer /health with 401, and DigitalOcean's load balancers take 200 to 399 for healthy / have it answer with 200",
  ]);
});

test("a certificate of the page's own serves all routes under a name that changes with it, and is taken apart as DigitalOcean wants it", () => {
  const certificate = { certificate: "-----BEGIN ${x}\nabc\n", privateKey: "key" };
  const { stack, site } = page({ certificate });
  web(site);
  site.frontDoor.route("b.example", pool(site, "jobs"), { port: 80, path: "/", status: 200 });
  const [made, ...more] = Object.values(all(stack, "digitalocean_certificate"));
  expect(more).toEqual([]);
  expect(made).toMatchObject({
    type: "custom",
    name: expect.stringMatching(
      /sha256\(join\("", \[local\.Social_FrontDoor_CertificateText, local\.Social_FrontDoor_PrivateKeyText\]\)\)/,
    ),
    private_key: "${local.Social_FrontDoor_PrivateKeyText}",
    leaf_certificate: expect.stringMatching(/^\$\{regexall\(.*\)\[0\]\}$/),
    certificate_chain: expect.stringContaining("== 1 ? null : join("),
    lifecycle: { create_before_destroy: true },
  });
  expect(planOf(stack).locals["Social_FrontDoor_CertificateText"]).toBe("-----BEGIN $${x}\nabc\n");
});

test("records of all kinds are taken apart as DigitalOcean wants them", () => {
  const { stack } = page();
  const dns = digitalOceanDns({ zone: "social.example", ttl: 60 });
  dns.record(stack, "Www", { host: "www.social.example", type: "CNAME", values: ["social.example"] });
  dns.record(stack, "Mail", { host: "social.example", type: "MX", values: ["10 a.example", "20 b.example."] });
  dns.record(stack, "Caa", { host: "social.example", type: "CAA", values: ['0 issue "letsencrypt.org"'] });
  dns.record(stack, "Text", { host: "social.example", type: "TXT", values: ["v=spf1 -all"] });
  const zone = { domain: "social.example", ttl: 60 };
  expect(all(stack, "digitalocean_record")).toEqual({
    Www: { ...zone, name: "www", type: "CNAME", value: "social.example." },
    Mail: { ...zone, name: "@", type: "MX", priority: 10, value: "a.example." },
    Mail2: { ...zone, name: "@", type: "MX", priority: 20, value: "b.example." },
    Caa: { ...zone, name: "@", type: "CAA", flags: 0, tag: "issue", value: "letsencrypt.org." },
    Text: { ...zone, name: "@", type: "TXT", value: "v=spf1 -all" },
  });
});
