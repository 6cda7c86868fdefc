import { TerraformStack, Testing } from "cdktf";
import { AwsProps } from "../../../lib/clouds/aws";
import { Postgres } from "../../../lib";
import { Terraform } from "../../terraform";
import { all, data, machine, page, planOf, pool, web } from "./page";

// Terraform starts several times.
jest.setTimeout(300_000);

interface Condition {
  readonly condition: string;
  readonly error_message: string;
}

/** What a plan holds against AWS' answer to a question. */
function held(stack: TerraformStack, type: string, name: string): Condition {
  const source = data(stack, type)[name] as unknown as { readonly lifecycle: { readonly postcondition: readonly [Condition] } };
  return source.lifecycle.postcondition[0];
}

test("Debian's newest image is found by its owner and name, for the processors in use alone", () => {
  const { stack, site } = page({ architecture: { postgres: "arm64" } });
  machine(site, "db", "postgres");
  const image = (arch: string, architecture: string) => ({
    owners: ["136693071363"],
    filter: [
      { name: "name", values: [`debian-13-${arch}-*`] },
      { name: "architecture", values: [architecture] },
      { name: "virtualization-type", values: ["hvm"] },
    ],
    most_recent: true,
    include_deprecated: true,
  });
  expect(data(stack, "aws_ami")).toEqual({ "Image-arm64": image("arm64", "arm64") });
  machine(site, "own");
  expect(data(stack, "aws_ami")).toEqual({
    "Image-arm64": image("arm64", "arm64"),
    "Image-x86_64": image("amd64", "x86_64"),
  });
  const amis = Object.values(all(stack, "aws_instance")).map(({ ami }) => ami);
  expect(amis).toEqual([
    "${terraform_data.Social_FixedImage-arm64.output.id}",
    "${terraform_data.Social_FixedImage-x86_64.output.id}",
  ]);
});

/** What a page fixes of its image, and something that is made of it, with an answer of AWS as a variable. */
function fixed(props: Partial<AwsProps> = {}): string {
  const { stack, site } = page(props);
  machine(site, "own");
  const plan = JSON.parse(Testing.synth(stack)) as {
    readonly resource: { readonly terraform_data: Readonly<Record<string, object>> };
  };
  const [name, block] = Object.entries(plan.resource.terraform_data).find(([one]) => one.includes("FixedImage"))!;
  const text = JSON.stringify(block)
    .replace(/\$\{data\.aws_ami\.[\w-]+\.id\}/, "${var.newest}")
    .replace(/\$\{data\.aws_ami\.[\w-]+\.root_device_name\}/, "/dev/xvda");
  const image = `\${terraform_data.${name}.output.id} at \${terraform_data.${name}.output.rootDevice}`;
  const resource = { terraform_data: { [name]: JSON.parse(text) as object, machine: { triggers_replace: image } } };
  return JSON.stringify({ variable: { newest: { type: "string" } }, resource, output: { image: { value: image } } });
}

test("a newer image of Debian changes nothing until the page asks for another; then it is the newest", () => {
  const terraform = new Terraform(fixed());
  const image = () =>
    (JSON.parse(terraform.run("output", "-json").lines) as { readonly image: { readonly value: string } }).image.value;
  try {
    expect(terraform.apply({ newest: "ami-1" })).toMatchObject({ status: 0 });
    expect(terraform.plan({ newest: "ami-2" }).said).toContain("No changes");
    expect(image()).toBe("ami-1 at /dev/xvda");
    for (const [props, newest] of [
      [{ image: "debian-13-{arch}-2027*" }, "ami-3"],
      [{ image: "debian-13-{arch}-2027*", imageOwner: "123456789012" }, "ami-4"],
    ] as const) {
      terraform.write(fixed(props));
      expect(terraform.apply({ newest })).toMatchObject({ status: 0 });
      expect(image()).toBe(`${newest} at /dev/xvda`);
      expect(terraform.plan({ newest: "ami-9" }).said).toContain("No changes");
    }
  } finally {
    terraform.remove();
  }
});

test("the account's number and partition are asked for only by a page that needs them", () => {
  const { stack } = page();
  expect(data(stack, "aws_caller_identity")).toEqual({});
  expect(data(stack, "aws_partition")).toEqual({});
  const logs = page({ logsWithAccessTokens: { days: 7 } });
  web(logs.site);
  expect(data(logs.stack, "aws_caller_identity")).toEqual({ Account: {} });
});

test("zones are held against those of the account, and all types against all zones of the page", () => {
  const { stack, site } = page({ zones: ["a", "c"], cpus: { sidekiq: "steady" } });
  machine(site, "own");
  pool(site, "jobs");
  expect(data(stack, "aws_availability_zones")["Zones"]).toMatchObject({ state: "available" });
  expect(data(stack, "aws_ec2_instance_type_offerings")["Types"]).toMatchObject({
    location_type: "availability-zone",
    filter: [
      { name: "instance-type", values: ["c7i.large", "t3.medium"] },
      { name: "location", values: ["eu-central-1a", "eu-central-1c"] },
    ],
  });
});

test("CPUs of all machines count against the account's quota, those of pools that start first twice, and those of spot apart", () => {
  const made = (spotSidekiq: boolean) => {
    const { stack, site } = page({ spotSidekiq });
    machine(site, "own");
    pool(site, "jobs", 3);
    pool(site, "more", 1, "stop-first");
    return stack;
  };
  const quota = (stack: TerraformStack, name: string) => {
    const { lifecycle: _, ...config } = data(stack, "aws_servicequotas_service_quota")[name]!;
    return [config, held(stack, "aws_servicequotas_service_quota", name).condition];
  };
  const standard = { service_code: "ec2", quota_code: "L-1216C47A" };
  expect(quota(made(false), "Cpus")).toEqual([standard, "${self.value >= 16}"]);
  expect(Object.keys(data(made(false), "aws_servicequotas_service_quota"))).toEqual(["Cpus"]);
  expect(data(page().stack, "aws_servicequotas_service_quota")).toEqual({});
  const spot = made(true);
  const counted = ["Cpus", "SpotCpus"].map((name) => Number(/\d+/.exec(String(quota(spot, name)[1]))![0]));
  expect(counted[0]! + counted[1]!).toBe(16);
  expect(quota(spot, "SpotCpus")[0]).toEqual({ service_code: "ec2", quota_code: "L-34B43A08" });
});

/** What Terraform makes of a condition and its message, for an answer of AWS. */
function said(answer: object, { condition, error_message }: Condition, more: object = {}): readonly [boolean, string] {
  const local = (text: string) => text.replaceAll(/\bself\./g, "local.self.");
  const output = { condition: { value: local(condition) }, message: { value: local(error_message) } };
  const terraform = new Terraform(JSON.stringify({ locals: { self: answer, ...more }, output }));
  try {
    const { status, said: words } = terraform.apply({});
    if (status !== 0) throw new Error(words);
    const found = JSON.parse(terraform.run("output", "-json").lines) as Readonly<Record<string, { readonly value: never }>>;
    return [found["condition"]!.value, found["message"]!.value];
  } finally {
    terraform.remove();
  }
}

test("Terraform reads the conditions, and their messages name what is missing and what to do", () => {
  const { stack, site } = page();
  machine(site, "own");
  const zones = held(stack, "aws_availability_zones", "Zones");
  expect(said({ names: ["eu-central-1a", "eu-central-1b", "eu-central-1c", "eu-central-1d"] }, zones)[0]).toBe(true);
  expect(said({ names: ["eu-central-1a", "eu-central-1d"] }, zones)).toEqual([
    false,
    "stack/Social: zones of AWS names what this account has not: eu-central-1b, eu-central-1c / " +
      "name the letters of those that it has: eu-central-1a, eu-central-1d",
  ]);
  const types = held(stack, "aws_ec2_instance_type_offerings", "Types");
  const offered = (...locations: readonly string[]) => ({ instance_types: locations.map(() => "t3.medium"), locations });
  expect(said(offered("eu-central-1b", "eu-central-1c", "eu-central-1a"), types)[0]).toBe(true);
  expect(said(offered("eu-central-1a", "eu-central-1c"), types)).toEqual([
    false,
    "stack/Social: AWS does not have these types of instances in all zones of the page: t3.medium in eu-central-1b / " +
      "choose other cpus or another architecture, or other zones if nothing is deployed yet",
  ]);
  expect(said({ instance_types: [], locations: [] }, types)[0]).toBe(false);
  const quota = held(stack, "aws_servicequotas_service_quota", "Cpus");
  expect(said({ value: 2 }, quota)[0]).toBe(true);
  expect(said({ value: 1 }, quota)).toEqual([
    false,
    'stack/Social: the page has 2 CPUs while all pools roll, and the account may have 1 of the quota "Running On-Demand Standard instances" ' +
      "(L-1216C47A) in this region / ask for more in the console under Service Quotas, EC2, or use fewer machines",
  ]);
});

test("Terraform reads the condition that keeps a disk from shrinking, also where there is none yet", () => {
  const { stack, site } = page();
  new Postgres(site, "Database");
  const { lifecycle } = planOf(stack).resource["aws_ebs_volume"]!["Social_Volumes"] as unknown as {
    readonly lifecycle: { readonly precondition: readonly [Condition] };
  };
  const [{ condition, error_message }] = lifecycle.precondition;
  const local = (text: string) =>
    text.replaceAll(/\beach\./g, "local.each.").replaceAll("data.aws_ebs_volume.Social_Disk", "local.disk");
  const shrunk = { condition: local(condition), error_message: local(error_message) };
  const each = { key: "social-database-1-data", value: { gib: 50 } };
  const disk = (gib: number) => ({
    "vol-1": { size: gib, tags: { "cdktf-mastodon:disk": "social-database-1-data" } },
    "vol-2": { size: 900, tags: { "cdktf-mastodon:disk": "social-database-2-data" } },
  });
  expect(said({}, shrunk, { each, disk: {} })[0]).toBe(true);
  expect(said({}, shrunk, { each, disk: disk(50) })[0]).toBe(true);
  expect(said({}, shrunk, { each, disk: disk(51) })).toEqual([
    false,
    "stack/Social: the page gives the disk social-database-1-data 50 GiB, and it has 51 / " +
      "disks cannot shrink: give at least 51 GiB, or make a new tier and move the data",
  ]);
});
