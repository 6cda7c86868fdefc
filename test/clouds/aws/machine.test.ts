import { Disk, Machine, Postgres, Site } from "../../../lib";
import { AwsProps } from "../../../lib/clouds/aws";
import { all, machine, machines, page, planOf, problems, size } from "./page";

const TAGS = { Name: "social-own-1", "cdktf-mastodon:site": "social" };
const RENEWED = [
  "user_data_base64",
  "instance_type",
  "ami",
  "key_name",
  "associate_public_ip_address",
  "root_block_device",
  "credit_specification",
];

const instance = (stack: Parameters<typeof all>[0], name = "own-1_Machine") => all(stack, "aws_instance")[name]!;

function withDisks(site: Site, ...disks: readonly string[]): Machine {
  const range = site.range(site, "own", "own");
  const made = Object.fromEntries(disks.map((disk) => [disk, Disk.gib(5)]));
  return new Machine(site, "own-1", { name: "own-1", role: "own", range, number: 1, size, disks: made });
}

test("an instance has its planned address in its tier's subnet, a closed metadata service and an encrypted disk", () => {
  const { stack, site } = page();
  machine(site, "own");
  expect(instance(stack)).toEqual({
    ami: "${terraform_data.Social_FixedImage-x86_64.output.id}",
    instance_type: "t3.medium",
    credit_specification: { cpu_credits: "unlimited" },
    subnet_id: "${aws_subnet.Social_Subnet-10-20-223-128-27.id}",
    private_ip: "10.20.223.132",
    associate_public_ip_address: false,
    vpc_security_group_ids: ["${aws_security_group.Social_Group-machines-own.id}"],
    iam_instance_profile: "${aws_iam_instance_profile.Social_Profile-machines-own.name}",
    user_data_base64: "${base64gzip(local.Social_own-1_MachineUserData)}",
    // Containers share the host's network, so one hop reaches them: only the host's firewall keeps them from it.
    metadata_options: {
      http_endpoint: "enabled",
      http_tokens: "required",
      http_put_response_hop_limit: 1,
      http_protocol_ipv6: "disabled",
      instance_metadata_tags: "disabled",
    },
    root_block_device: { volume_size: 30, volume_type: "gp3", encrypted: true, delete_on_termination: true, tags: TAGS },
    ebs_optimized: true,
    monitoring: false,
    disable_api_termination: true,
    force_destroy: true,
    tags: TAGS,
    lifecycle: { ignore_changes: RENEWED },
    // Its ways out and its rights are there before it boots.
    depends_on: expect.arrayContaining([
      "terraform_data.Social_NetworkReady",
      "aws_iam_role_policy.Social_Rights-machines-own",
    ]) as string[],
  });
});

test("machines of a tier are in their zones, with their own addresses", () => {
  const { stack, site } = page();
  machines(site, "own", 3);
  const { aws_subnet: subnets } = planOf(stack).resource;
  const places = Object.values(all(stack, "aws_instance")).map(({ subnet_id, private_ip }) => {
    const name = /aws_subnet\.([\w-]+)\.id/.exec(String(subnet_id))![1]!;
    return [subnets![name]!["availability_zone"], private_ip];
  });
  expect(places).toEqual([
    ["eu-central-1a", "10.20.223.132"],
    ["eu-central-1b", "10.20.223.164"],
    ["eu-central-1c", "10.20.223.196"],
  ]);
});

test("a key pair, a public address and a key for disks are given as the page asks", () => {
  const key = "arn:aws:kms:eu-central-1:123456789012:key/1";
  const { stack, site } = page({ access: { keyName: "admin" }, egress: "public addresses", kmsKeyArn: key });
  machine(site, "own");
  expect(instance(stack)).toMatchObject({
    key_name: "admin",
    associate_public_ip_address: true,
    root_block_device: { encrypted: true, kms_key_id: key },
  });
});

test("an output says which kept machines are older than the page, by the hash of the text with which each was made", () => {
  const { stack, site } = page();
  machine(site, "own");
  const resource = "aws_instance.Social_own-1_Machine";
  const madeWith = "terraform_data.Social_own-1_MachineMadeWith.output.boot";
  expect(all(stack, "terraform_data")["own-1_MachineMadeWith"]).toEqual({
    input: { boot: "${local.Social_own-1_MachineBootHash}" },
    triggers_replace: { instance: `\${${resource}.id}` },
    lifecycle: { ignore_changes: ["input"] },
  });
  const { output, locals } = planOf(stack);
  expect(output["social_machines_older_than_the_page"]!["value"]).toBe(
    `\${{ for name, words in { "own-1" = ${madeWith} == local.Social_own-1_MachineBootHash ? "" : "-replace=${resource}" } : ` +
      'name => words if words != "" }}',
  );
  expect(locals["Social_own-1_MachineBoot"]).toMatch(/\n# t3\.medium debian-13-\{arch\}-\* 136693071363 private\n$/);
});

test("the inventory has how to renew a machine and how to log in on it", () => {
  const { stack, site } = page({ access: { keyName: "admin" } });
  machine(site, "own");
  const resource = "aws_instance.Social_own-1_Machine";
  const { value } = planOf(stack).output["social_inventory"] as { readonly value: { readonly machines: readonly object[] } };
  expect(value.machines).toMatchObject([
    {
      name: "own-1",
      address: "10.20.223.132",
      resource,
      renew: resource,
      older: "${terraform_data.Social_own-1_MachineMadeWith.output.boot != local.Social_own-1_MachineBootHash}",
      login: expect.stringMatching(/ admin@\$\{aws_instance\.Social_own-1_Machine\.id\} sudo -i$/) as string,
    },
  ]);
});

test("what the page changes for the next renewal only, changes nothing of a kept machine and makes it older", () => {
  const made = (props: Partial<AwsProps>) => {
    const { stack, site } = page(props);
    machine(site, "own");
    return { text: planOf(stack).locals["Social_own-1_MachineBoot"], instance: instance(stack) };
  };
  const kept = (config: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(Object.entries(config).filter(([key]) => !RENEWED.includes(key)));
  const before = made({});
  const changes: readonly Partial<AwsProps>[] = [
    { cpus: "steady" },
    { architecture: "arm64" },
    { image: "debian-14-{arch}-*" },
    { imageOwner: "1" },
    { egress: "public addresses" },
    { access: { keyName: "admin" } },
  ];
  for (const change of changes) {
    const after = made(change);
    expect(kept(after.instance)).toEqual(kept(before.instance));
    expect(after.text).not.toBe(before.text);
  }
});

test("a machine that is replaced with its boot text is so by the text's hash, not by bytes that another Terraform compresses", () => {
  const { stack, site } = page();
  const range = site.range(site, "own", "own");
  new Machine(site, "own-1", { name: "own-1", role: "own", range, number: 1, size, onChange: "replace" });
  expect(instance(stack)["lifecycle"]).toEqual({
    ignore_changes: RENEWED,
    replace_triggered_by: ["terraform_data.Social_own-1_MachineRenewal"],
  });
  expect(all(stack, "terraform_data")["own-1_MachineRenewal"]).toEqual({
    triggers_replace: { boot: "${local.Social_own-1_MachineBootHash}" },
  });
  expect(planOf(stack).output["social_machines_older_than_the_page"]!["value"]).not.toContain("own-1");
});

test("a disk is attached by a name of its own and found by its volume's id; it is detached from a stopped instance only", () => {
  const { stack, site } = page();
  new Postgres(site, "Database", { disk: Disk.gib(50) });
  const volume = 'aws_ebs_volume.Social_Volumes["social-database-1-data"].id';
  expect(all(stack, "aws_volume_attachment")).toEqual({
    "Database_1_MachineAttached-data": {
      instance_id: "${aws_instance.Social_Database_1_Machine.id}",
      volume_id: `\${${volume}}`,
      device_name: "/dev/xvdbc",
      stop_instance_before_detaching: true,
      timeouts: { create: "10m", delete: "10m" },
    },
  });
  expect(planOf(stack).locals["Social_Database_1_MachineBoot"]).toContain(
    `DEVICE='/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_\${replace(${volume}, "-", "")}'\n`,
  );
});

test("one more disk, wherever the page has it, changes no attachment", () => {
  const attached = (...disks: readonly string[]) => {
    const { stack, site } = page();
    withDisks(site, ...disks);
    return all(stack, "aws_volume_attachment");
  };
  const before = attached("data", "logs");
  for (const disks of [
    ["data", "logs", "more"],
    ["more", "logs", "data"],
  ]) {
    const after = attached(...disks);
    for (const [name, attachment] of Object.entries(before)) expect(after[name]).toEqual(attachment);
  }
});

test("two disks whose names come to the same have different ones on the instance, in the form that AWS accepts", () => {
  const { stack, site } = page();
  const disks = ["data", ...Array.from({ length: 19 }, (_, n) => `d${n}`)];
  withDisks(site, ...disks);
  const names = Object.values(all(stack, "aws_volume_attachment")).map(({ device_name }) => String(device_name));
  expect(new Set(names).size).toBe(20);
  for (const name of names) expect(name).toMatch(/^\/dev\/xvd[bc][a-z]$/);
});

test("disks too many or too large are refused", () => {
  const { site } = page();
  withDisks(site, ...Array.from({ length: 21 }, (_, n) => `d${n}`));
  const range = site.range(site, "own", "large");
  const large = { name: "large-1", role: "own", range, number: 1, size, disks: { data: Disk.gib(65_537) } } as const;
  new Machine(site, "large-1", large);
  expect(problems(site)).toEqual([
    "stack/Social/own-1: it has 21 disks, and an instance of AWS takes 20 / use fewer and larger disks",
    "stack/Social/large-1: its disk data has 65537 GiB / use at most 65536, which is AWS' largest volume of the type gp3",
  ]);
});

test("one more machine of a tier changes no other, nor its disks", () => {
  const made = (replicas: number) => {
    const { stack, site } = page();
    new Postgres(site, "Database", { replicas });
    machine(site, "other");
    return { instances: all(stack, "aws_instance"), attachments: all(stack, "aws_volume_attachment") };
  };
  const [one, two] = [made(1), made(2)];
  for (const [name, config] of Object.entries(one.instances)) expect(two.instances[name]).toEqual(config);
  for (const [name, config] of Object.entries(one.attachments)) expect(two.attachments[name]).toEqual(config);
});

test("the page has the last word on an instance", () => {
  const { stack, site } = page({
    tune: { instance: (config, host) => ({ ...config, monitoring: host.name === "own-1" && host.role === "own" }) },
  });
  machines(site, "own", 2);
  expect(Object.values(all(stack, "aws_instance")).map(({ monitoring }) => monitoring)).toEqual([true, false]);
});

test("the host's firewall takes the answers by which a machine keeps its IPv6 address, and keeps its metadata from all but root", () => {
  const text = machine(page().site, "own").bootText();
  expect(text).toContain("          ip6 saddr fe80::/10 udp dport 546 accept\n");
  expect(text).toContain("meta skuid != 0 ip daddr 169.254.169.254 reject");
});
