import { randomBytes } from "node:crypto";
import { Testing } from "cdktf";
import { Disk, Machine, Postgres, Redis, Secret, Site } from "../../../lib";
import { all, page, planOf, problems, size } from "./page";

function machine(site: Site, name: string, number = 1, disks: Readonly<Record<string, Disk>> = {}): Machine {
  return new Machine(site, name, { name, role: "own", range: site.range(site, "own", name), number, size, disks });
}

test("a droplet stands in the VPC behind its tier's firewall, under tags that are made first", () => {
  const { stack, site } = page({ ssh: { keys: ["admin"], from: [] } });
  machine(site, "own-1");
  expect(all(stack, "digitalocean_droplet")["own-1_Machine"]).toEqual({
    name: "social-own-1",
    image: "debian-13-x64",
    region: "fra1",
    size: "s-1vcpu-1gb",
    vpc_uuid: "${digitalocean_vpc.Social_Network.id}",
    ipv6: true,
    monitoring: false,
    droplet_agent: false,
    ssh_keys: "${local.Social_SshKeyIds}",
    user_data: expect.stringContaining("\n\n${base64gzip(local.Social_own-1_MachineBoot)}\n\n--boot-text--\n") as string,
    volume_ids: [],
    tags: [
      "${digitalocean_tag.Social_Tag-.name}",
      "${digitalocean_tag.Social_Tag-role-own.name}",
      "${digitalocean_tag.Social_Tag-machines-own.name}",
    ],
    timeouts: { delete: "10m" },
    depends_on: ["digitalocean_firewall.Social_Firewall-machines-own"],
    lifecycle: { ignore_changes: ["user_data", "ssh_keys", "image", "size", "ipv6", "monitoring"] },
    provisioner: [
      {
        "local-exec": {
          command: expect.stringMatching(/^exec node assets\/\S+\/gate\.mjs stop$/) as string,
          environment: {
            WAITING: "assets/Social_GateWaiting/1/waiting.mjs",
            PAUSE_SECONDS: "15",
            DROPLET: "${self.id}",
            LIMIT_SECONDS: "180",
          },
          when: "destroy",
        },
      },
    ],
  });
  expect(all(stack, "digitalocean_vpc")["Network"]).toMatchObject({ name: "social", region: "fra1", ip_range: "10.20.0.0/16" });
});

test("an output says which kept machines are older than the page, by the hash of the text with which each was made", () => {
  const { stack, site } = page();
  machine(site, "own-1");
  expect(all(stack, "terraform_data")["own-1_MachineMadeWith"]).toEqual({
    input: { boot: "${local.Social_own-1_MachineBootHash}" },
    triggers_replace: { droplet: "${digitalocean_droplet.Social_own-1_Machine.id}" },
    lifecycle: { ignore_changes: ["input"] },
  });
  const droplet = "digitalocean_droplet.Social_own-1_Machine";
  const madeWith = "terraform_data.Social_own-1_MachineMadeWith";
  expect(planOf(stack).output["social_machines_older_than_the_page"]!["value"]).toBe(
    `\${{ for name, words in { "own-1" = ${madeWith}.output.boot == local.Social_own-1_MachineBootHash ? "" : ` +
      `"-replace=${droplet}" } : name => words if words != "" }}`,
  );
});

test("changed settings are delivered to the running droplet by SSH, with a host key name of its own, if the page says so", () => {
  const { stack, site } = page({ ssh: { keys: ["admin"], from: ["203.0.113.0/24"], settings: true } });
  machine(site, "own-1");
  expect(all(stack, "terraform_data")["own-1_MachineSettings"]).toEqual({
    triggers_replace: { settings: "${local.Social_own-1_MachineSettingsTextHash}" },
    depends_on: ["digitalocean_droplet.Social_own-1_Machine"],
    provisioner: [
      {
        "local-exec": {
          command: expect.stringMatching(/^exec bash assets\/\S+\/deliver\.sh$/) as string,
          environment: {
            HOST: "${digitalocean_droplet.Social_own-1_Machine.ipv4_address}",
            HOST_KEY_NAME: "digitalocean-${digitalocean_droplet.Social_own-1_Machine.id}",
            NAME: "own-1",
            SETTINGS: "${nonsensitive(sensitive(base64gzip(local.Social_own-1_MachineSettingsText)))}",
          },
          when: "create",
        },
      },
    ],
  });
  // The firewall is a setting, so it is not a part of the text that marks a machine as older than the page.
  expect(planOf(stack).locals["Social_own-1_MachineBootHash"]).toContain("local.Social_own-1_MachineBootRenewed");
  const without = page({ ssh: { keys: ["admin"], from: ["203.0.113.0/24"] } });
  machine(without.site, "own-1");
  expect(all(without.stack, "terraform_data")).not.toHaveProperty("own-1_MachineSettings");
});

test("a running droplet learns the names of new ones before a program is given settings that name them", () => {
  const { stack, site } = page({ ssh: { keys: ["admin"], from: ["203.0.113.0/24"], settings: true } });
  const own = machine(site, "own-1");
  own.knows(machine(site, "own-2"));
  own.program.add({ kind: "file", path: "/etc/haproxy/haproxy.cfg", content: "", taken: { what: "HAProxy", does: "reload" } });
  // No delivery waits for a name before its record is made.
  for (const name of ["own-1", "own-2"])
    expect(all(stack, "terraform_data")[`${name}_MachineSettings`]!["depends_on"]).toEqual([
      `digitalocean_droplet.Social_${name}_Machine`,
      ...Object.keys(planOf(stack).resource["digitalocean_record"]!).map((record) => `digitalocean_record.${record}`),
    ]);
  const text = planOf(stack).locals["Social_own-1_MachineSettingsText"] as string;
  const steps = [
    "NAMES='own-2'",
    "private-names boot\nsystemctl restart private-names.service",
    "setting '/etc/haproxy/haproxy.cfg'",
  ];
  const places = steps.map((step) => text.indexOf(step));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(Math.min(...places)).toBeGreaterThan(0);
});

test("settings that nobody could deliver are refused, and a firewall that would shut the monitoring agent out", () => {
  const { site } = page({ ssh: { keys: ["admin"], from: [], settings: true }, monitoring: true });
  expect(problems(site)).toEqual([
    "stack/Social: ssh.settings of DigitalOcean is true, and ssh.from is empty, so they cannot be delivered / " +
      "name a key of the account and the range from which you deploy, or leave settings out",
    "stack/Social: ssh.settings and monitoring of DigitalOcean are both true, and a delivered host firewall would shut the monitoring agent out / " +
      "leave one of them out",
  ]);
});

test("a volume is attached from the first boot on, and found there by its name", () => {
  const { stack, site } = page();
  new Postgres(site, "Database", { disk: Disk.gib(50) });
  new Redis(site, "Redis", { disk: Disk.gib(5) });
  expect(all(stack, "digitalocean_volume")).toMatchObject({
    Volumes: {
      name: "${each.key}",
      size: "${each.value}",
      region: "fra1",
      tags: ["${digitalocean_tag.Social_Tag-.name}"],
      for_each: { "social-database-1-data": 50, "social-redis-1-data": 5 },
      lifecycle: { prevent_destroy: true },
    },
  });
  expect(all(stack, "digitalocean_droplet")["Database_1_Machine"]!["volume_ids"]).toEqual([
    '${digitalocean_volume.Social_Volumes["social-database-1-data"].id}',
  ]);
  const text = planOf(stack).locals["Social_Database_1_MachineBoot"];
  expect(text).toContain("/dev/disk/by-id/scsi-0DO_Volume_social-database-1-data");
});

// In a resource for each disk, a tier that leaves the page would take the protection with it.
test("a page without disks still protects those that it had", () => {
  expect(all(page().stack, "digitalocean_volume")["Volumes"]).toMatchObject({
    for_each: {},
    lifecycle: { prevent_destroy: true },
  });
  expect(all(page({ protectDisks: false }).stack, "digitalocean_volume")["Volumes"]!["lifecycle"]).toEqual({
    prevent_destroy: false,
  });
});

test("disks too many or too large are refused", () => {
  const { site } = page();
  machine(site, "large", 1, { data: Disk.gib(16_385) });
  machine(site, "many", 1, Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`d${n}`, Disk.gib(1)])));
  expect(problems(site)).toEqual([
    "stack/Social/large: its disk data has 16385 GiB / use at most 16384, which is DigitalOcean's largest volume",
    "stack/Social/many: it has 16 disks, and a droplet takes 15 / use fewer and larger disks",
  ]);
});

test("a boot text stands in a local, never in the droplet, and has at most 64 KiB with the message around it", () => {
  const { stack, site } = page();
  const made = machine(site, "own-1");
  const secret = new Secret(site, "probe", { length: 8, description: "A probe." });
  made.program.add({ kind: "file", path: "/etc/probe", content: () => `word ${secret}`, mode: "0600" });
  expect(planOf(stack).locals["Social_own-1_MachineBoot"]).toContain("word ${var.probe}");
  made.program.add({ kind: "file", path: "/etc/large", content: randomBytes(60 * 1024).toString("base64") });
  expect(problems(site).join()).toMatch(
    /^stack\/Social\/own-1: the boot text has \d+ bytes compressed, and DigitalOcean takes 65024/,
  );
});

test("the metadata service is closed to all but root before anything runs, and user-data leaves the disk at the end of each boot", () => {
  const { site } = page();
  const text = machine(site, "own-1").bootText();
  expect(text).toContain("meta skuid != 0 ip daddr 169.254.169.254 reject");
  expect(text).not.toContain("do-agent");
  expect(text).toContain("After=cloud-final.service\n");
  expect(text).toContain("systemctl enable forget-user-data.service\n");
});

test("the monitoring agent's user alone may ask it besides, if the page wants the agent", () => {
  const { stack, site } = page({ monitoring: true });
  const text = machine(site, "own-1").bootText();
  expect(all(stack, "digitalocean_droplet")["own-1_Machine"]).toMatchObject({ monitoring: true });
  expect(text).toContain("METADATA='169.254.169.254'\n");
  expect(text).toContain("AGENT='do-agent'\n");
});

test("keys, account and VPC are asked for when the plan is made, and refused before anything is changed", () => {
  const { stack, site } = page({ ssh: { keys: ["admin", 'a"${b}'], from: [] }, vpc: "b5d6", image: "12345" });
  machine(site, "own-1");
  const { data } = JSON.parse(Testing.synth(stack)) as { readonly data: Readonly<Record<string, Record<string, Condition>>> };
  const held = (type: string) => Object.values(data[`digitalocean_${type}`]!)[0]!.lifecycle!.postcondition[0];
  expect(held("ssh_keys").condition).toBe(
    '${length([for key in ["admin", "a\\"$${b}"] : key if !contains(self.ssh_keys[*].name, key)]) == 0}',
  );
  expect(held("account").condition).toBe("${self.droplet_limit >= 1}");
  expect(held("vpc").condition).toBe('${self.region == "fra1" && startswith(self.ip_range, "10.20.")}');
  expect(Object.values(data["digitalocean_image"]!)[0]).toMatchObject({ id: 12345 });
  expect(all(stack, "digitalocean_vpc")).toEqual({});
  expect(all(stack, "digitalocean_droplet")["own-1_Machine"]!["vpc_uuid"]).toBe("${data.digitalocean_vpc.Social_Vpc.id}");
});

interface Condition {
  readonly lifecycle?: { readonly postcondition: readonly [{ readonly condition: string }] };
}

test("one more machine of a tier changes no other droplet, nor its firewall", () => {
  const made = (replicas: number) => {
    const { stack, site } = page();
    new Postgres(site, "Database", { replicas });
    web2(site);
    const droplets = all(stack, "digitalocean_droplet");
    return { droplets, firewalls: all(stack, "digitalocean_firewall") };
  };
  const web2 = (site: Site) =>
    new Machine(site, "Other", { name: "other-1", role: "own", range: site.range(site, "own", "x"), number: 1, size });
  const [one, two] = [made(1), made(2)];
  for (const [name, droplet] of Object.entries(one.droplets)) expect(two.droplets[name]).toEqual(droplet);
  expect(two.firewalls).toEqual(one.firewalls);
});
