import { Lazy, TerraformOutput, TerraformResource } from "cdktf";
import { aws, route53 } from "../../lib/clouds/aws";
import { digitalocean, digitalOceanDns } from "../../lib/clouds/digitalocean";
import { hetzner } from "../../lib/clouds/hetzner";
import { local } from "../../lib/clouds/local";
import { bootText } from "../../lib/clouds/shared/boot-text";
import { TerraformData } from "../../lib/clouds/shared/terraform-data";
import { Cloud, CloudSession } from "../../lib/core/cloud";
import { conformance, FAKE_CLOUDS, FakeCloud } from "../../lib/testing";

const IN_THE_BOOT_TEXT = "it stands in the boot text, and this cloud has nothing else that could use it";

test("the local cloud keeps every rule", () => {
  const excused = {
    "machine.role is never read": "a bridge has no subnets",
    "machine.range is never read": "a bridge has no subnets",
    "machine.zone is never read": "there is one",
    "machine.number is never read": "machines do not differ by it",
    "machine.size is never read": "containers share the host's memory and processors",
    "pool.size is never read": "containers share the host's memory and processors",
    "machine.openings is never read": IN_THE_BOOT_TEXT,
    "machine.calls is never read": "a container may call whom the host may",
    "machine.names is never read": IN_THE_BOOT_TEXT,
    "machine.secrets is never read": IN_THE_BOOT_TEXT,
    "machine.identity is never read": "there is none, and such a page is refused",
    "pool.openings is never read": IN_THE_BOOT_TEXT,
    "pool.calls is never read": "a container may call whom the host may",
    "pool.names is never read": IN_THE_BOOT_TEXT,
    "pool.secrets is never read": IN_THE_BOOT_TEXT,
    "pool.identity is never read": "there is none, and such a page is refused",
    "a route makes no resource": "it is a file in the boot text of the front door's machine",
  };
  expect(conformance(() => local(), { excused })).toEqual([]);
});

const excusedOfHetzner = {
  "machine.packages is never read": "Debian installs them at boot",
  "pool.packages is never read": "Debian installs them at boot",
  "machine.zone is never read": "there is one",
  "machine.openings is never read": "Hetzner's firewall does not see the private network; the host's own does",
  "pool.openings is never read": "Hetzner's firewall does not see the private network; the host's own does",
  "machine.calls is never read": "everything may go out",
  "pool.calls is never read": "everything may go out",
  "machine.names is never read": IN_THE_BOOT_TEXT,
  "pool.names is never read": IN_THE_BOOT_TEXT,
  "machine.secrets is never read": IN_THE_BOOT_TEXT,
  "pool.secrets is never read": IN_THE_BOOT_TEXT,
  "machine.identity is never read": "there is none, and such a page is refused",
  "pool.identity is never read": "there is none, and such a page is refused",
  "pool.files is never read": "there is no directory for several servers, and such a page is refused",
  "frontDoor.domain is never read": "named only where a host name is outside the zone",
};

test("Hetzner keeps every rule", () => {
  const excused = {
    ...excusedOfHetzner,
    "machine.settings is never read": "they wait for a renewal unless the page has them delivered",
  };
  expect(conformance(() => hetzner({ location: "fsn1" }), { excused })).toEqual([]);
});

test("Hetzner keeps every rule when it delivers settings", () => {
  const ssh = { keys: ["admin"], from: ["203.0.113.0/24"], settings: true };
  expect(conformance(() => hetzner({ location: "fsn1", ssh }), { excused: excusedOfHetzner })).toEqual([]);
});

const excusedOfDigitalOcean = {
  "machine.packages is never read": "Debian installs them at boot",
  "pool.packages is never read": "Debian installs them at boot",
  "machine.images is never read": "podman fetches them",
  "pool.images is never read": "podman fetches them",
  "machine.zone is never read": "there is one",
  "machine.range is never read": "a VPC has no subnets, and addresses are computed",
  "machine.address is never read": "DigitalOcean computes it",
  "pool.ranges is never read": "a VPC has no subnets, and addresses are computed",
  "machine.secrets is never read": IN_THE_BOOT_TEXT,
  "pool.secrets is never read": IN_THE_BOOT_TEXT,
  "machine.identity is never read": "there is none, and such a page is refused",
  "pool.identity is never read": "there is none, and such a page is refused",
  "pool.files is never read": "there is no directory for several droplets, and such a page is refused",
  "site.roles is never read": "roles have tags in the place of ranges",
  "frontDoor.domain is never read": "named only where a host name is outside the zone",
};

test("DigitalOcean keeps every rule", () => {
  const excused = {
    ...excusedOfDigitalOcean,
    "machine.settings is never read": "they wait for a renewal unless the page has them delivered",
  };
  const dns = digitalOceanDns({ zone: "social.example" });
  expect(conformance(() => digitalocean({ region: "fra1", dns }), { excused })).toEqual([]);
});

test("DigitalOcean keeps every rule when it delivers settings", () => {
  const dns = digitalOceanDns({ zone: "social.example" });
  const ssh = { keys: ["admin"], from: ["203.0.113.0/24"], settings: true };
  expect(conformance(() => digitalocean({ region: "fra1", dns, ssh }), { excused: excusedOfDigitalOcean })).toEqual([]);
});

const EACH_HAS_A_ROLE =
  "each host has the role of its tier, and what asks AWS as the host reads the field and allows it, as awsObjects by role does";

const excusedOfAws = {
  "machine.packages is never read": "Debian installs them at boot",
  "pool.packages is never read": "Debian installs them at boot",
  "machine.images is never read": "podman fetches them",
  "pool.images is never read": "podman fetches them",
  "machine.names is never read": IN_THE_BOOT_TEXT,
  "pool.names is never read": IN_THE_BOOT_TEXT,
  "machine.settings is never read": "AWS delivers none: they wait for a renewal",
  "machine.needed is never read": "no settings are delivered that a pool could wait for",
  "machine.identity is never read": EACH_HAS_A_ROLE,
  "pool.identity is never read": EACH_HAS_A_ROLE,
  "pool.files is never read": "there is no directory for several instances, and such a page is refused",
  "route.clients is never read": "AWS' load balancers grow by themselves",
};

test.each([
  ["with a NAT gateway", {}],
  ["with public addresses and a way in", { egress: "public addresses", access: { keyName: "admin" } }],
] as const)("AWS keeps every rule %s", (_, props) => {
  const dns = route53({ zone: "social.example" });
  expect(conformance(() => aws({ region: "eu-central-1", dns, ...props }), { excused: excusedOfAws })).toEqual([]);
});

test.each(["chosen", "computed"] as const)("the fake cloud with %s addresses keeps every rule", (addresses) => {
  expect(conformance(() => new FakeCloud(FAKE_CLOUDS[addresses]))).toEqual([]);
});

/** The fake cloud with its sessions changed. */
function broken(change: (session: CloudSession) => Partial<CloudSession>): () => Cloud {
  return () => {
    const cloud = new FakeCloud();
    const open: Cloud["open"] = (scope, spec) => {
      const session = cloud.open(scope, spec);
      return Object.assign(Object.create(session) as CloudSession, change(session));
    };
    return { name: "broken", can: cloud.can, open };
  };
}

describe("a cloud is found out that", () => {
  test("overlooks fields and makes nothing", () => {
    const found = conformance(broken(() => ({ pool: (_, __, spec) => ({ name: spec.name }) })));
    expect(found).toEqual(
      expect.arrayContaining([
        "pool.bootText is never read",
        "pool.machines is never read",
        "pool.roll is never read",
        "a pool makes no resource: conformance/Probe/Web",
        "no resource holds the boot text: pool Web",
      ]),
    );
  });

  test("makes no route", () => {
    const door = { sources: [], route: () => undefined, visit: () => [] };
    expect(conformance(broken(() => ({ frontDoor: () => door })))).toContain(
      "a route makes no resource: conformance/Probe/FrontDoor",
    );
  });

  test("tells every host how many members a pool has", () => {
    let members = 0;
    const change = (session: CloudSession): Partial<CloudSession> => ({
      pool: (scope, id, spec) => {
        members += spec.machines;
        return session.pool(scope, id, spec);
      },
      steps: () => ({ first: [{ kind: "run", why: "count", script: `echo ${members}\n` }], last: [] }),
    });
    const make = broken(change);
    const found = conformance(() => {
      members = 0;
      return make();
    });
    expect(found).toEqual(
      expect.arrayContaining([expect.stringMatching(/^one more member of a pool changes a host: terraform_data\.Probe_Kept1_/)]),
    );
  });

  test("prints a secret", () => {
    const change = (session: CloudSession): Partial<CloudSession> => ({
      machine: (scope, id, spec) => {
        const value = Lazy.stringValue({ produce: () => spec.secrets().map(String).join() });
        new TerraformOutput(scope, `${id}Secrets`, { value });
        return session.machine(scope, id, spec);
      },
    });
    expect(conformance(broken(change))).toEqual([
      expect.stringMatching(/^an output shows a secret: Probe_Kept1_/),
      expect.stringMatching(/^an output shows a secret: Probe_Kept2_/),
    ]);
  });

  test("opens a port to the world", () => {
    const change = (session: CloudSession): Partial<CloudSession> => ({
      machine: (scope, id, spec) => {
        new TerraformData(scope, `${id}Rule`, {
          input: { direction: "in", protocol: "tcp", port: "22", source_ips: ["0.0.0.0/0"] },
        });
        return session.machine(scope, id, spec);
      },
    });
    expect(conformance(broken(change))).toEqual([
      expect.stringMatching(/^the world may reach tcp 22: terraform_data\.Probe_Kept1_/),
      expect.stringMatching(/^the world may reach tcp 22: terraform_data\.Probe_Kept2_/),
    ]);
  });

  test("opens a port to the world by a rule that is a resource, not by one that lets hosts out", () => {
    const change = (session: CloudSession): Partial<CloudSession> => ({
      frontDoor: (scope, id, spec) => {
        for (const direction of ["ingress", "egress"]) {
          const rule = new TerraformResource(scope, `${id}-${direction}`, { terraformResourceType: `fake_${direction}_rule` });
          for (const [name, value] of Object.entries({ ip_protocol: "tcp", cidr_ipv4: "0.0.0.0/0", from_port: 22, to_port: 22 }))
            rule.addOverride(name, value);
        }
        new TerraformResource(scope, `${id}-route`, { terraformResourceType: "fake_route" }).addOverride(
          "destination_cidr_block",
          "0.0.0.0/0",
        );
        return session.frontDoor(scope, id, spec);
      },
    });
    expect(conformance(broken(change))).toEqual([expect.stringMatching(/^the world may reach tcp 22: fake_ingress_rule\./)]);
  });

  test("puts a boot text into a resource as it is", () => {
    const change = (session: CloudSession): Partial<CloudSession> => ({
      pool: (scope, id, spec) => {
        new TerraformData(scope, `${id}Text`, { input: { text: Lazy.stringValue({ produce: spec.bootText }) } });
        return session.pool(scope, id, spec);
      },
    });
    expect(conformance(broken(change))).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^a boot text stands in a resource as it is, where a plan shows it: terraform_data\.Probe_Web_/),
      ]),
    );
  });
});

test("a cloud is found out that says it delivers settings, and does not", () => {
  const make = (): Cloud => {
    const cloud = new FakeCloud({ delivers: false });
    return { name: "broken", can: { ...cloud.can, delivers: true }, open: (scope, spec) => cloud.open(scope, spec) };
  };
  expect(conformance(make)).toEqual([
    "machine.settings is never read",
    "a changed setting is not delivered: Kept1",
    "a changed setting is not delivered: Kept2",
  ]);
});

test("a cloud is found out that delivers a setting, and has machines older than the page by it", () => {
  const change = (session: CloudSession): Partial<CloudSession> => ({
    machine: (scope, id, spec) => {
      const { hash } = bootText(scope, `${id}Whole`, spec.bootText);
      if (spec.number === 1)
        new TerraformOutput(scope, `${id}Older`, { value: hash }).overrideLogicalId("probe_machines_older_than_the_page");
      return session.machine(scope, id, spec);
    },
  });
  expect(conformance(broken(change))).toEqual(["a setting that is delivered makes machines older than the page: Kept1"]);
});

test("a cloud is found out whose machines lack a setting, and nobody is told", () => {
  expect(
    conformance(() => new FakeCloud({ delivers: false }), { excused: { "machine.settings is never read": "it delivers none" } }),
  ).toEqual(["a changed setting is neither delivered nor tells that machines are older than the page: Kept1"]);
});

test("an excuse that nothing needs is found out", () => {
  expect(conformance(() => new FakeCloud(), { excused: { "machine.name is never read": "no reason" } })).toEqual([
    "an excuse that nothing needs any more: machine.name is never read",
  ]);
});
