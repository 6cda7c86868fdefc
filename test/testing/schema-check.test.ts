import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ProvidersSchema, schemaCheck } from "../../lib/testing";

const schema = JSON.parse(readFileSync(join(__dirname, "../../providers/hcloud/schema.json"), "utf8")) as ProvidersSchema;

/** The faults of a plan with these resources. */
function faults(resource: Readonly<Record<string, object>>, more: object = {}): readonly string[] {
  const terraform = { required_providers: { hcloud: { source: "hetznercloud/hcloud", version: "1.68.0" } } };
  const named = Object.fromEntries(Object.entries(resource).map(([type, config]) => [type, { it: config }]));
  return schemaCheck(JSON.stringify({ terraform, resource: named, ...more }), schema);
}

const server = { name: "web-1", server_type: "cx33" };

test("a right plan has no faults, whether its values are literals or expressions", () => {
  const resource = {
    hcloud_server: {
      ...server,
      "//": { metadata: {} },
      depends_on: ["hcloud_network.net"],
      lifecycle: { ignore_changes: ["user_data"] },
      firewall_ids: ["${tonumber(hcloud_firewall.wall.id)}", 7],
      labels: { tier: "web", generation: "${local.generation}" },
      network: [{ network_id: "${hcloud_network.net.id}", ip: "10.20.0.2", alias_ips: [] }],
      public_net: { ipv4_enabled: true, ipv6_enabled: "false" },
      backups: null,
    },
    hcloud_zone_rrset: { zone: "social.example", name: "@", type: "A", records: [{ value: "203.0.113.1" }] },
    terraform_data: { anything: "of another provider" },
  };
  expect(faults(resource, { provider: { hcloud: [{ alias: "b", poll_interval: "2s" }] }, data: {} })).toEqual([]);
});

test.each([
  ["a misspelt argument", { hcloud_server: { ...server, usr_data: "x" } }, "hcloud_server.it, usr_data: is no argument"],
  ["a missing argument", { hcloud_server: { name: "a" } }, "hcloud_server.it, server_type: is required and missing"],
  [
    "a null where a value must be",
    { hcloud_server: { ...server, name: null } },
    "hcloud_server.it, name: is required and missing",
  ],
  ["a computed one", { hcloud_server: { ...server, ipv4_address: "x" } }, "ipv4_address: is computed by the provider"],
  ["a text for a number", { hcloud_volume: { name: "a", size: "ten" } }, 'size: is "ten", and must be a number'],
  ["a text for a truth", { hcloud_server: { ...server, backups: "yes" } }, 'backups: is "yes", and must be a bool'],
  ["one for a list", { hcloud_server: { ...server, ssh_keys: "me" } }, 'ssh_keys: is "me", and must be a list'],
  ["a list for a text", { hcloud_server: { ...server, image: ["debian-13"] } }, 'image: is ["debian-13"], and must be a string'],
  ["an escaped mark is no expression", { hcloud_volume: { name: "a", size: "$${x}" } }, "size: is"],
  ["a list for a map", { hcloud_server: { ...server, labels: ["a"] } }, 'labels: is ["a"], and must be a map'],
  [
    "a fault in a block",
    { hcloud_server: { ...server, network: [{ ipp: "x" }] } },
    "hcloud_server.it, network, ipp: is no argument",
  ],
  ["a text for a block", { hcloud_server: { ...server, public_net: "on" } }, 'public_net: is "on", and must be a block'],
  [
    "two of a block that may stand once",
    { hcloud_load_balancer: { name: "a", load_balancer_type: "lb11", algorithm: [{}, {}] } },
    "algorithm: there are 2 blocks, and at most 1 may be",
  ],
  [
    "a missing argument two blocks down",
    {
      hcloud_load_balancer_service: {
        load_balancer_id: "1",
        protocol: "http",
        health_check: { protocol: "http", port: 80, interval: 5, timeout: 3, http: [{ pth: "/" }] },
      },
    },
    "hcloud_load_balancer_service.it, health_check, retries: is required and missing",
  ],
  [
    "a fault in a dynamic block",
    { hcloud_firewall: { name: "a", dynamic: { rule: { for_each: "${var.x}", content: { protocol: "tcp" } } } } },
    "hcloud_firewall.it, rule, direction: is required and missing",
  ],
  [
    "a fault in an object",
    { hcloud_zone_rrset: { zone: "a", name: "@", type: "A", records: [{ vaule: "1" }] } },
    "hcloud_zone_rrset.it, records, value: is required and missing",
  ],
  ["an unknown resource", { hcloud_servr: server }, "hcloud_servr.it: the schema has no hcloud_servr"],
])("%s is a fault", (_, resource, fault) => {
  expect(faults(resource as Record<string, object>).join("\n")).toContain(fault);
});

test("providers and data sources are looked at too", () => {
  expect(faults({}, { provider: { hcloud: [{ tokn: "x" }] } })).toEqual([
    expect.stringContaining("provider hcloud, tokn: is no argument"),
  ]);
  expect(faults({}, { data: { hcloud_location: { here: { nme: "fsn1" } } } })).toEqual([
    expect.stringContaining("data.hcloud_location.here, nme: is no argument"),
  ]);
});

test("block counts of a schema hold in both directions", () => {
  const tight: ProvidersSchema = {
    provider_schemas: {
      "example.org/me/toy": {
        resource_schemas: {
          toy_box: { block: { block_types: { lid: { nesting_mode: "list", min_items: 1, max_items: 2, block: {} } } } },
        },
      },
    },
  };
  const check = (lid: object) =>
    schemaCheck(
      JSON.stringify({
        terraform: { required_providers: { toy: { source: "example.org/me/toy" } } },
        resource: { toy_box: { it: lid } },
      }),
      tight,
    );
  expect(check({})).toEqual(["toy_box.it, lid: there are 0 blocks, and at least 1 must be"]);
  expect(check({ lid: [{}, {}] })).toEqual([]);
  expect(check({ lid: [{}, {}, {}] })).toEqual(["toy_box.it, lid: there are 3 blocks, and at most 2 may be"]);
});
