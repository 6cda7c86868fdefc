import { TerraformStack } from "cdktf";
import { Pool, Secret, Site } from "../../../lib";
import { TerraformData } from "../../../lib/clouds/shared/terraform-data";
import { aws } from "../../../lib/clouds/aws";
import { all, CERTIFICATE, machine, page, planOf, pool, problems } from "./page";

const TAGS = (role: string) => ({ Name: `social-${role}-secrets`, "cdktf-mastodon:site": "social" });
const numberOf = (name: string) => `\${lookup(var.secret_versions, "${name}", 1)}`;

function secretOf(scope: Site | TerraformStack, name: string, length = 32): Secret {
  return new Secret(scope, name, { length, description: name });
}

function holds(host: { readonly program: Pool["program"] }, ...secrets: readonly Secret[]): void {
  const content = () => secrets.map((one) => `A=${String(one)}\n`).join("");
  host.program.add({ kind: "file", path: "/etc/held", content, mode: "0600" });
}

/** What the boot text of a host asks of the store. */
function asked(stack: TerraformStack, host: string): Readonly<Record<string, string>> {
  const text = String(planOf(stack).locals[host]);
  return Object.fromEntries(
    [...text.matchAll(/^ +(DIRECTORY|REGION|STORE|NAMES|NUMBERS)='(.*)'$/gm)].map(([, name, value]) => [name!, value!]),
  );
}

test("each role has the parameters of its hosts, written only, and each host asks for its own", () => {
  const { site, stack } = page();
  const [database, mail, unused, jobs] = ["database_password", "mail_password", "unused", "jobs_password"].map((name) =>
    secretOf(site, name),
  );
  const web = pool(site, "web");
  holds(web, database!);
  holds(pool(site, "jobs"), jobs!, database!);
  holds(pool(site, "other"), mail!);
  machine(site, "tools");
  expect(all(stack, "aws_ssm_parameter")).toEqual({
    "Secrets-web": {
      for_each: { database_password: numberOf("database_password") },
      name: "/social/web/${each.key}",
      type: "SecureString",
      tier: "Standard",
      value_wo: '${lookup({"database_password" = var.database_password}, each.key, "")}',
      value_wo_version: "${each.value}",
      tags: TAGS("web"),
      depends_on: ["terraform_data.secrets"],
    },
    "Secrets-sidekiq": {
      for_each: Object.fromEntries(["database_password", "jobs_password", "mail_password"].map((name) => [name, numberOf(name)])),
      name: "/social/sidekiq/${each.key}",
      type: "SecureString",
      tier: "Standard",
      value_wo:
        '${lookup({"database_password" = var.database_password, "jobs_password" = var.jobs_password, "mail_password" = var.mail_password}, each.key, "")}',
      value_wo_version: "${each.value}",
      tags: TAGS("sidekiq"),
      depends_on: ["terraform_data.secrets"],
    },
    "Secrets-own": expect.objectContaining({ for_each: {}, name: "/social/own/${each.key}" }),
  });
  expect(asked(stack, "Social_jobs_PoolBoot")).toEqual({
    DIRECTORY: "/run/cdktf-mastodon/secrets",
    REGION: "eu-central-1",
    STORE: "/social/sidekiq/",
    NAMES: "database_password jobs_password",
    NUMBERS:
      '${join(" ", [lookup(var.secret_versions, "database_password", 1), lookup(var.secret_versions, "jobs_password", 1)])}',
  });
  expect(asked(stack, "Social_tools-1_MachineBoot")).toEqual({});
  expect(planOf(stack).locals["Social_tools-1_MachineBoot"]).not.toContain("awscli");
  expect(unused!.wanted).toBe(false);
});

test("a value that Terraform computes is written too, with a number made of it", () => {
  const { site, stack } = page();
  const made = new TerraformData(site, "Made", {});
  const secret = new Secret(site, "made_password", { length: 64, description: "", value: made.id });
  holds(pool(site, "web"), secret);
  const { for_each, value_wo, depends_on } = all(stack, "aws_ssm_parameter")["Secrets-web"]!;
  expect({ for_each, value_wo, depends_on }).toEqual({
    for_each: { made_password: "${parseint(substr(nonsensitive(sensitive(sha256(terraform_data.Social_Made.id))), 0, 7), 16)}" },
    value_wo: '${lookup({"made_password" = terraform_data.Social_Made.id}, each.key, "")}',
    depends_on: undefined,
  });
});

test("no host is made before its parameters and the rights to read them", () => {
  const { site, stack } = page();
  holds(pool(site, "web"), secretOf(site, "database_password"));
  machine(site, "tools");
  const needs = (role: string, tier: string) => [
    `aws_iam_role_policy.Social_Rights-${tier}`,
    `aws_ssm_parameter.Social_Secrets-${role}`,
  ];
  expect(all(stack, "aws_autoscaling_group")["web_Pool"]!["depends_on"]).toEqual(
    expect.arrayContaining(needs("web", "pool-web")),
  );
  expect(all(stack, "aws_instance")["tools-1_Machine"]!["depends_on"]).toEqual(
    expect.arrayContaining(needs("own", "machines-tools")),
  );
});

test("two sites have paths and names of their own, and share a secret of the stack", () => {
  const { site, stack } = page();
  const other = new Site(stack, "Other", {
    cloud: aws({ region: "eu-central-1", certificateArn: CERTIFICATE }),
    domain: "other.example",
    version: "4.7.6",
    network: "10.30.0.0/16",
    queuesElsewhere: ["scheduler"],
  });
  const shared = secretOf(stack, "mail_password");
  for (const each of [site, other]) holds(pool(each, "web"), secretOf(each, "database_password"), shared);
  const found = planOf(stack);
  const made = found.resource["aws_ssm_parameter"]!;
  expect(Object.values(made).map(({ name, for_each }) => ({ name, for_each }))).toEqual(
    ["other", "social"].map((name) => ({
      name: `/${name}/web/\${each.key}`,
      for_each: {
        mail_password: numberOf("mail_password"),
        [`${name}_database_password`]: numberOf(`${name}_database_password`),
      },
    })),
  );
  expect(Object.keys((found as unknown as { variable: object }).variable).sort()).toEqual([
    "mail_password",
    "other_database_password",
    "secret_versions",
    "social_database_password",
  ]);
  expect(asked(stack, "Other_web_PoolBoot")).toMatchObject({ REGION: "eu-central-1", STORE: "/other/web/" });
});

test("a secret that is too long for a parameter is refused, once", () => {
  const { site } = page();
  const [fits, long] = [4096, 4097].map((length) => secretOf(site, `key_of_${length}`, length));
  for (const name of ["web", "jobs"]) holds(pool(site, name), fits!, long!);
  expect(problems(site).filter((line) => line.includes("parameter"))).toEqual([
    "stack/Social/web: its secret key_of_4097 may have 4097 characters, and a parameter of AWS takes 4096 / declare the length that it has, or give " +
      "the program a smaller one",
  ]);
});

test("a site whose name AWS keeps for itself is refused", () => {
  const { stack } = page();
  const site = new Site(stack, "Aws-Social", {
    cloud: aws({ region: "eu-central-1", certificateArn: CERTIFICATE }),
    domain: "other.example",
    version: "4.7.6",
    network: "10.30.0.0/16",
    queuesElsewhere: ["scheduler"],
  });
  expect(problems(site)).toContain(
    'stack/Aws-Social: its name "aws-social" begins with a word that AWS\' Parameter Store keeps for itself / give it an id that begins with neither ' +
      "aws nor ssm: the names of its secrets begin with it",
  );
});
