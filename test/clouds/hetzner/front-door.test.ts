import { Testing } from "cdktf";
import { Dns } from "../../../lib";
import { hetznerDns } from "../../../lib/clouds/hetzner";
import { all, page, planOf, pool, problems, web } from "./page";

const DOOR = "FrontDoor_social-example";

test("one load balancer a route, with private targets by label after it is in the network", () => {
  const { stack, site } = page();
  web(site);
  expect(all(stack, "hcloud_load_balancer")[DOOR]).toEqual({
    name: "social-social-example",
    load_balancer_type: expect.stringContaining('<= 25 ? "lb11"') as string,
    location: "fsn1",
    algorithm: { type: "least_connections" },
    labels: { site: "social" },
  });
  expect(all(stack, "hcloud_load_balancer_target")[`${DOOR}Target-web`]).toEqual({
    load_balancer_id: `\${hcloud_load_balancer.Social_${DOOR}.id}`,
    type: "label_selector",
    label_selector: "site=social,pool=web",
    lifecycle: { create_before_destroy: true },
    use_private_ip: true,
    depends_on: [`hcloud_load_balancer_network.Social_${DOOR}Network`],
  });
  expect(all(stack, "hcloud_network_subnet")["Subnet-10-20-0-0-20"]).toMatchObject({ ip_range: "10.20.0.0/20" });
  expect(site.frontDoor.routes[0]!.pool.openings).toMatchObject([
    { from: { kind: "front door" }, sources: ["10.20.0.0/20"], port: 80 },
  ]);
});

test("the smallest load balancer that holds the WebSockets of its route, and no page that asks for more than the largest holds", () => {
  const made = (clients: number) => {
    const { stack, site } = page();
    site.frontDoor.route("social.example", pool(site, "web"), { port: 80, path: "/health", status: 200 }, clients);
    return { type: all(stack, "hcloud_load_balancer")[DOOR]!["load_balancer_type"], heard: problems(site) };
  };
  const counted = "local.Social_FrontDoor_social-exampleServers";
  expect(made(10_000).type).toBe(`\${${counted} <= 25 ? "lb11" : ${counted} <= 75 ? "lb21" : "lb31"}`);
  expect(made(10_001).type).toBe(`\${${counted} <= 75 ? "lb21" : "lb31"}`);
  expect(made(20_001)).toEqual({ type: "lb31", heard: [] });
  expect(made(40_001)).toEqual({
    type: "lb31",
    heard: [
      "stack/Social/FrontDoor/Door: the load balancer social-example is to carry 40001 WebSockets, and lb31, the largest, holds 40000 connections " +
        "/ use at most 40000 clients",
    ],
  });
});

test("a route under another pool keeps its load balancer, addresses, records and certificate", () => {
  const route = (name: string) => {
    const { stack, site } = page({ dns: hetznerDns({ zone: "social.example" }) });
    site.frontDoor.route("social.example", pool(site, name), { port: 80, path: "/health", status: 200 });
    const { resource } = JSON.parse(Testing.synth(stack)) as { readonly resource: Readonly<Record<string, object>> };
    const kept = ["hcloud_load_balancer", "hcloud_load_balancer_service", "hcloud_managed_certificate", "hcloud_zone_rrset"];
    return kept.flatMap((type) => Object.keys(resource[type]!));
  };
  expect(route("front")).toEqual(route("web"));
  expect(route("web")).toHaveLength(5);
});

test("a health check has every required field and its status codes, and connections may be idle for 300 s", () => {
  const { stack, site, cloud } = page();
  web(site);
  expect(all(stack, "hcloud_load_balancer_service")[`${DOOR}Service`]).toEqual({
    load_balancer_id: `\${hcloud_load_balancer.Social_${DOOR}.id}`,
    protocol: "http",
    listen_port: 80,
    destination_port: 80,
    http: { timeout_idle: 300 },
    health_check: {
      protocol: "http",
      port: 80,
      interval: 5,
      timeout: 5,
      retries: 2,
      http: { domain: "social.example", path: "/health", status_codes: ["200"], tls: false },
    },
  });
  expect(cloud.can.frontDoorIdleSeconds).toBe(300);
});

test("with a zone at Hetzner: its records, its certificate, and port 80 that leads to 443 without a service of its own", () => {
  const { stack, site } = page({ dns: hetznerDns({ zone: "example", ttl: 60 }) });
  web(site);
  const { protocol, listen_port, http } = all(stack, "hcloud_load_balancer_service")[`${DOOR}Service`]!;
  expect({ protocol, listen_port, http }).toEqual({
    protocol: "https",
    listen_port: 443,
    http: {
      certificates: ["${hcloud_managed_certificate.Social_FrontDoor_Certificate-social-example.id}"],
      redirect_http: true,
      timeout_idle: 300,
    },
  });
  expect(Object.keys(all(stack, "hcloud_load_balancer_service"))).toHaveLength(1);
  expect(all(stack, "hcloud_managed_certificate")["FrontDoor_Certificate-social-example"]).toEqual({
    name: "social-social-example",
    domain_names: ["social.example"],
    labels: { site: "social" },
  });
  const record = { zone: "example", name: "social", ttl: 60 };
  expect(Object.values(all(stack, "hcloud_zone_rrset"))).toEqual([
    { ...record, type: "AAAA", records: [{ value: `\${hcloud_load_balancer.Social_${DOOR}.ipv6}` }] },
    { ...record, type: "A", records: [{ value: `\${hcloud_load_balancer.Social_${DOOR}.ipv4}` }] },
  ]);
  expect(planOf(stack).output["social_dns_records"]).toBeUndefined();
});

test("the domain itself is the zone's apex", () => {
  const { stack, site } = page({ dns: hetznerDns({ zone: "social.example" }) });
  web(site);
  expect(Object.values(all(stack, "hcloud_zone_rrset")).map((record) => record["name"])).toEqual(["@", "@"]);
});

test("a host name outside the zone is refused", () => {
  const { site } = page({ dns: hetznerDns({ zone: "other.example" }) });
  web(site);
  expect(problems(site).join()).toContain(
    "the host name social.example is not in the zone other.example of hetznerDns / name a zone that holds social.example",
  );
});

test("another company's DNS gets the records, and nobody a certificate", () => {
  const heard: string[] = [];
  const dns: Dns = { record: (_, id, { host, type }) => void heard.push(`${id}: ${host} ${type}`) };
  const { stack, site } = page({ dns });
  web(site);
  Testing.synth(stack);
  expect(heard).toEqual(["social-exampleA: social.example A", "social-exampleAAAA: social.example AAAA"]);
  expect(all(stack, "hcloud_managed_certificate")).toEqual({});
});

test("without DNS an output says which records to make", () => {
  const { stack, site } = page();
  web(site);
  expect(planOf(stack).output["social_dns_records"]!["value"]).toEqual({
    "social.example": {
      A: `\${hcloud_load_balancer.Social_${DOOR}.ipv4}`,
      AAAA: `\${hcloud_load_balancer.Social_${DOOR}.ipv6}`,
    },
  });
});

test("a certificate of the page's own serves all routes, under a name that changes with it", () => {
  const certificate = { certificate: "-----BEGIN ${x}\nabc\n", privateKey: "key" };
  const { stack, site } = page({ certificate });
  web(site);
  site.frontDoor.route("b.example", pool(site, "jobs"), { port: 80, path: "/", status: 200 });
  expect(all(stack, "hcloud_uploaded_certificate")).toEqual({
    FrontDoor_Certificate: {
      name: expect.stringMatching(
        /sha256\(join\("", \[local\.Social_FrontDoor_CertificateText, local\.Social_FrontDoor_PrivateKeyText\]\)\)/,
      ),
      certificate: "${local.Social_FrontDoor_CertificateText}",
      private_key: "${local.Social_FrontDoor_PrivateKeyText}",
      labels: { site: "social" },
      lifecycle: { create_before_destroy: true },
    },
  });
  expect(planOf(stack).locals["Social_FrontDoor_CertificateText"]).toBe("-----BEGIN $${x}\nabc\n");
  const used = Object.values(all(stack, "hcloud_load_balancer_service")).map((service) => JSON.stringify(service["http"]));
  expect(used.filter((http) => http.includes("hcloud_uploaded_certificate.Social_FrontDoor_Certificate.id"))).toHaveLength(2);
});

test("Terraform asks Hetzner every two seconds, or as often as the page says", () => {
  expect(planOf(page().stack).provider["hcloud"]).toEqual([{ poll_interval: "2s" }]);
  expect(planOf(page({ pollSeconds: 5 }).stack).provider["hcloud"]).toEqual([{ poll_interval: "5s" }]);
});
