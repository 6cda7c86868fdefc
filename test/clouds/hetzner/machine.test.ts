import { createHash } from "node:crypto";
import { Testing } from "cdktf";
import { Disk, Machine, Postgres, Redis, Secret, Site } from "../../../lib";
import { all, page, planOf, pool, problems, size } from "./page";

function machine(site: Site, name: string, number = 1, disks: Readonly<Record<string, Disk>> = {}): Machine {
  return new Machine(site, name, { name, role: "own", range: site.range(site, "own", name), number, size, disks });
}

test("a kept machine has its planned address in a subnet of its tier, and no alias addresses", () => {
  const { stack, site } = page();
  machine(site, "own-1");
  const subnet = "${hcloud_network_subnet.Social_Subnet-10-20-210-128-25.id}";
  expect(all(stack, "hcloud_server")["own-1_Machine"]!["network"]).toEqual([
    { network_id: "${hcloud_network.Social_Network.id}", subnet_id: subnet, ip: "10.20.210.138", alias_ips: [] },
  ]);
  expect(all(stack, "hcloud_network_subnet")).toEqual({
    "Subnet-10-20-210-128-25": {
      ip_range: "10.20.210.128/25",
      network_id: "${hcloud_network.Social_Network.id}",
      network_zone: "eu-central",
      type: "cloud",
    },
  });
});

test.each([
  ["hel1", "eu-central"],
  ["ash", "us-east"],
  ["hil", "us-west"],
  ["sin", "ap-southeast"],
] as const)("subnets of a site in %s lie in the zone %s", (location, zone) => {
  const { stack, site } = page({ location });
  machine(site, "own-1");
  expect(Object.values(all(stack, "hcloud_network_subnet")).map((subnet) => subnet["network_zone"])).toEqual([zone]);
});

test("keys, image and boot text of a kept machine are ignored, and an output says that it is older than the page", () => {
  const { stack, site } = page({ ssh: { keys: ["admin"], from: [] } });
  machine(site, "own-1");
  const server = all(stack, "hcloud_server")["own-1_Machine"]!;
  expect(server["lifecycle"]).toEqual({
    ignore_changes: ["user_data", "ssh_keys", "image", "server_type", "public_net", 'labels["boot"]'],
  });
  expect(server["labels"]).toMatchObject({ boot: "${local.Social_own-1_MachineBootHash}" });
  expect(planOf(stack).output["social_machines_older_than_the_page"]!["value"]).toBe(
    '${{ for name, words in { "own-1" = lookup(hcloud_server.Social_own-1_Machine.labels, "boot", "") == local.Social_own-1_MachineBootHash ? "" : "-replace=hcloud_server.Social_own-1_Machine" } : name => words if words != "" }}',
  );
});

test("changed settings go to the server that runs by SSH, under a host key's name of its own, if the page says so", () => {
  const { stack, site } = page({ ssh: { keys: ["admin"], from: ["203.0.113.0/24"], settings: true } });
  machine(site, "own-1", 1, { data: Disk.gib(10) });
  const members = pool(site, "jobs");
  expect(all(stack, "terraform_data")["own-1_MachineSettings"]).toEqual({
    triggers_replace: { settings: "${local.Social_own-1_MachineSettingsTextHash}" },
    depends_on: ["hcloud_server.Social_own-1_Machine", "hcloud_volume_attachment.Social_own-1_MachineAttached1"],
    provisioner: [
      {
        "local-exec": {
          command: expect.stringMatching(/^exec bash assets\/\S+\/deliver\.sh$/),
          environment: {
            HOST: "${coalesce(hcloud_server.Social_own-1_Machine.ipv4_address, hcloud_server.Social_own-1_Machine.ipv6_address)}",
            HOST_KEY_NAME: "hcloud-${hcloud_server.Social_own-1_Machine.id}",
            NAME: "own-1",
            SETTINGS: "${nonsensitive(sensitive(base64gzip(local.Social_own-1_MachineSettingsText)))}",
          },
          when: "create",
        },
      },
    ],
  });
  expect(members.name).toBe("jobs");
  expect(all(stack, "terraform_data")["jobs_PoolSettled"]!["depends_on"]).toContain(
    "terraform_data.Social_own-1_MachineSettings",
  );
});

test("settings that nobody could deliver are refused", () => {
  const { site } = page({ ssh: { keys: ["admin"], from: [], settings: true } });
  expect(problems(site)).toEqual([
    "stack/Social: ssh.settings of Hetzner is true, and ssh.from is empty, so they cannot be delivered / " +
      "name a key of the project and the range from which you deploy, or leave settings out",
  ]);
});

test("a boot text stands in a local, never in the server: there it would be readable in the plan", () => {
  const { stack, site } = page();
  const made = machine(site, "own-1");
  const secret = new Secret(site, "probe", { length: 8, description: "A probe." });
  made.program.add({ kind: "file", path: "/etc/probe", content: () => `word ${secret}`, mode: "0600" });
  expect(all(stack, "hcloud_server")["own-1_Machine"]!["user_data"]).toBe("${base64gzip(local.Social_own-1_MachineBoot)}");
  expect(planOf(stack).locals["Social_own-1_MachineBoot"]).toContain("word ${var.probe}");
});

test("a boot text is refused when it has more than 32 KiB compressed and as base64, which is what Hetzner is sent", () => {
  const { site } = page();
  machine(site, "own-1").program.add({ kind: "file", path: "/etc/large", content: "x".repeat(64 * 1024) });
  expect(problems(site)).toEqual([]);
  // No more bytes of text, but such as no compression makes shorter.
  const random = Array.from({ length: 1024 }, (_, n) => createHash("sha256").update(`${n}`).digest("hex")).join("\n");
  machine(site, "own-2").program.add({ kind: "file", path: "/etc/large", content: random });
  expect(problems(site).join()).toMatch(/^stack\/Social\/own-2: the boot text has \d+ bytes compressed, and Hetzner takes 32768/);
});

test("a volume outlives its server, is guarded twice, and is found by its id", () => {
  const { stack, site } = page();
  new Postgres(site, "Database", { disk: Disk.gib(50) });
  const volume = all(stack, "hcloud_volume")["Database_1_Machinedata"]!;
  expect(volume).toMatchObject({ name: "social-database-1-data", size: 50, location: "fsn1", delete_protection: true });
  expect(volume["lifecycle"]).toMatchObject({ prevent_destroy: true });
  expect(volume["server_id"]).toBeUndefined();
  expect(planOf(stack).locals["Social_Database_1_MachineBoot"]).toContain(
    "${hcloud_volume.Social_Database_1_Machinedata.linux_device}",
  );
});

test("a smaller disk is refused when the plan is made, by the size that Hetzner has; before there is one, nothing is compared", () => {
  const { stack, site } = page();
  new Postgres(site, "Database", { disk: Disk.gib(50) });
  new Redis(site, "Redis", { disk: Disk.gib(5) });
  const guard = (name: string) => (all(stack, "hcloud_volume")[name]!["lifecycle"] as { precondition: unknown }).precondition;
  const found = "data.hcloud_volumes.Social_Volumes.volumes";
  const has = `max(0, [for one in ${found} : one.size if one.name == "social-database-1-data"]...)`;
  expect(guard("Database_1_Machinedata")).toEqual([
    {
      condition: `\${${has} <= 50}`,
      error_message:
        `stack/Social/Database/1: the page gives the disk data 50 GiB, and it has \${${has}} / ` +
        `disks cannot shrink: give at least \${${has}} GiB, or make a new tier and move the data`,
    },
  ]);
  // Hetzner's least is 10, which is what the page gets and what is compared.
  expect(guard("Redis_1_Machinedata")).toEqual([
    expect.objectContaining({ condition: expect.stringContaining(" <= 10}") as string }),
  ]);
  const { data } = JSON.parse(Testing.synth(stack)) as { readonly data: Readonly<Record<string, Record<string, object>>> };
  expect(Object.values(data["hcloud_volumes"]!)).toEqual([expect.objectContaining({ with_selector: "site=social" })]);
});

test("a server is shut down before its disk leaves it", () => {
  const { stack, site } = page();
  machine(site, "own-1", 1, { data: Disk.gib(10) });
  expect(all(stack, "hcloud_volume_attachment")["own-1_MachineAttached1"]!["provisioner"]).toEqual([
    {
      "local-exec": {
        command: expect.stringMatching(/^exec node assets\/\S+\/gate\.mjs stop$/),
        environment: {
          WAITING: "assets/Social_GateWaiting/1/waiting.mjs",
          PAUSE_SECONDS: "5",
          SERVER: "${self.server_id}",
          LIMIT_SECONDS: "180",
        },
        when: "destroy",
      },
    },
  ]);
});

test("disks are attached one after the other, or the provider's patience with a locked server ends", () => {
  const { stack, site } = page();
  machine(site, "own-1", 1, { a: Disk.gib(10), b: Disk.gib(10), c: Disk.gib(10) });
  const made = all(stack, "hcloud_volume_attachment");
  expect(Object.values(made).map((attachment) => attachment["depends_on"])).toEqual([
    [],
    ["hcloud_volume_attachment.Social_own-1_MachineAttached1"],
    ["hcloud_volume_attachment.Social_own-1_MachineAttached2"],
  ]);
});

test("disks that the page no longer protects can be destroyed", () => {
  const { stack, site } = page({ protectDisks: false });
  machine(site, "own-1", 1, { data: Disk.gib(10) });
  const volume = all(stack, "hcloud_volume")["own-1_Machinedata"]!;
  expect(volume).toMatchObject({ delete_protection: false, lifecycle: { prevent_destroy: false } });
});

test("a disk is Hetzner's smallest that is large enough; one too large, or one too many, is refused", () => {
  const { stack, site } = page();
  machine(site, "small", 1, { data: Disk.gib(5) });
  machine(site, "large", 1, { data: Disk.gib(10_241) });
  machine(site, "many", 1, Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`d${n}`, Disk.gib(10)])));
  expect(all(stack, "hcloud_volume")["small_Machinedata"]).toMatchObject({ size: 10 });
  expect(problems(site)).toEqual([
    "stack/Social/large: its disk data has 10241 GiB / use at most 10240, which is Hetzner's largest volume",
    "stack/Social/many: it has 17 disks, and a server takes 16 / use fewer and larger disks",
  ]);
});

test("machines of a tier stand on different hosts, ten to a group, by their number alone", () => {
  const { stack, site } = page();
  const range = site.range(site, "own", "own");
  for (const number of [11, 2, 10])
    new Machine(site, `own-${number}`, { name: `own-${number}`, role: "own", range, number, size });
  const groups = Object.fromEntries(
    Object.entries(all(stack, "hcloud_server")).map(([name, server]) => [name, server["placement_group_id"]]),
  );
  const [first, second] = [1, 2].map(
    (n) => `\${hcloud_placement_group.Social_Spread-own-${range.cidr.replaceAll(/[./]/g, "-")}-${n}.id}`,
  );
  expect(groups).toEqual({ "own-2_Machine": first, "own-10_Machine": first, "own-11_Machine": second });
});

test("the firewall stands before the first boot: ping for all, SSH for the given, nothing else", () => {
  const { stack, site } = page({ ssh: { keys: ["admin"], from: ["203.0.113.0/24", "2001:db8::/32"] } });
  const made = machine(site, "own-1");
  expect(all(stack, "hcloud_server")["own-1_Machine"]).toMatchObject({
    firewall_ids: ["${hcloud_firewall.Social_Firewall.id}"],
    ssh_keys: ["admin"],
  });
  expect(all(stack, "hcloud_firewall")["Firewall"]!["rule"]).toEqual([
    { direction: "in", protocol: "icmp", source_ips: ["0.0.0.0/0", "::/0"], description: "ping and path MTU" },
    { direction: "in", protocol: "tcp", port: "22", source_ips: ["2001:db8::/32", "203.0.113.0/24"], description: "SSH" },
  ]);
  expect(made.bootText()).toContain("ip saddr { 203.0.113.0/24 } tcp dport 22 accept");
});

test("without SSH one rule is left: a firewall that loses its last one would stay as it was", () => {
  const { stack } = page();
  expect(all(stack, "hcloud_firewall")["Firewall"]!["rule"]).toHaveLength(1);
});

test("the boot text waits for the private interface, which Hetzner attaches after the start", () => {
  const { site } = page();
  const text = machine(site, "own-1").bootText();
  expect(text).toMatch(/NETWORK='10\.20\.0\.0\/16'\n[^]*boot: no address in \$NETWORK after 120 s/);
  expect(text.indexOf("boot: private network")).toBeLessThan(text.indexOf("boot: names"));
  expect(text).toContain("meta skuid != 0 ip daddr 169.254.169.254 reject");
});

test("public addresses are as asked, for all or by role", () => {
  const { stack, site } = page({ addresses: { redis: "ipv6" } });
  new Redis(site, "Redis");
  machine(site, "own-1");
  const made = all(stack, "hcloud_server");
  expect(made["Redis_1_Machine"]!["public_net"]).toEqual([{ ipv4_enabled: false, ipv6_enabled: true }]);
  expect(made["own-1_Machine"]!["public_net"]).toEqual([{ ipv4_enabled: true, ipv6_enabled: true }]);
});
