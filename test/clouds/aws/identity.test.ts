import { Pool, Secret, Site } from "../../../lib";
import { HostSpec } from "../../../lib/core/host-spec";
import { AwsSession } from "../../../lib/clouds/aws";
import { all, machines, page, pool } from "./page";

const ACCOUNT = "${data.aws_caller_identity.Social_Account.account_id}";
const PARTITION = "${data.aws_partition.Social_Partition.partition}";
const TAGS = (tier: string) => ({ Name: `social-${tier}`, "cdktf-mastodon:site": "social" });

/** A host as far as identities look at it. */
const host = (role: HostSpec["role"]) => ({ role, secrets: () => [] as readonly Secret[] }) as unknown as HostSpec;

/** The statement for parameters of a role; without any, of its path, which is no parameter's name. */
function reads(role: string, ...names: readonly string[]) {
  const path = `arn:${PARTITION}:ssm:eu-central-1:${ACCOUNT}:parameter/social/${role}/`;
  return {
    Sid: "ReadSecrets",
    Effect: "Allow",
    Action: ["ssm:GetParameters"],
    Resource: (names.length === 0 ? [""] : names).map((name) => `${path}${name}`),
  };
}

/** All policies, without the right to read a boot text, which has tests of its own. */
function policies(stack: Parameters<typeof all>[0]): Readonly<Record<string, unknown>> {
  const found = all(stack, "aws_iam_role_policy");
  return Object.fromEntries(
    Object.entries(found).map(([name, { policy }]) => {
      const { Statement, ...rest } = JSON.parse(String(policy)) as { readonly Statement: readonly { readonly Sid: string }[] };
      return [name, { ...rest, Statement: Statement.filter(({ Sid }) => Sid !== "ReadBootText") }];
    }),
  );
}

function holds(program: Pool["program"], site: Site, ...names: readonly string[]): void {
  const secrets = names.map((name) => new Secret(site, name, { length: 32, description: name }));
  program.add({ kind: "file", path: "/etc/held", content: () => secrets.map((one) => `A=${String(one)}\n`).join("") });
}

test("machines of a tier have one role, which instances alone may be, and which reads what they need", () => {
  const { site, stack } = page();
  const [, second] = machines(site, "database", 3, "postgres");
  holds(second!.program, site, "replication_password", "database_password");
  expect(all(stack, "aws_iam_role")).toEqual({
    "Role-machines-database": {
      name: "social-machines-database-eu-central-1",
      description: "Machines of machines-database of social",
      assume_role_policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } }],
      }),
      tags: TAGS("machines-database"),
      depends_on: ["terraform_data.secrets"],
    },
  });
  expect(all(stack, "aws_iam_role_policy")).toEqual({
    "Rights-machines-database": {
      name: "rights",
      role: "${aws_iam_role.Social_Role-machines-database.name}",
      policy: expect.any(String),
    },
  });
  expect(policies(stack)).toEqual({
    "Rights-machines-database": {
      Version: "2012-10-17",
      Statement: [reads("postgres", "database_password", "replication_password")],
    },
  });
  expect(all(stack, "aws_iam_instance_profile")).toEqual({
    "Profile-machines-database": {
      name: "social-machines-database-eu-central-1",
      role: "${aws_iam_role.Social_Role-machines-database.name}",
      tags: TAGS("machines-database"),
    },
  });
});

test("no role reads what machines of another tier need, be it of the same role on the page", () => {
  const { site, stack } = page();
  holds(pool(site, "web").program, site, "mail_password");
  holds(pool(site, "jobs").program, site, "jobs_password");
  holds(pool(site, "scheduler").program, site, "admin_password");
  machines(site, "database", 1, "postgres");
  const read = Object.entries(policies(stack)).map(([name, policy]) => {
    const { Statement } = policy as {
      readonly Statement: readonly { readonly Action: readonly string[]; readonly Resource: readonly string[] }[];
    };
    const ssm = Statement.filter(({ Action }) => Action.some((action) => /^(ssm|kms|\*)/.test(action)));
    return [name, ssm];
  });
  expect(Object.fromEntries(read)).toEqual({
    "Rights-pool-web": [reads("web", "mail_password")],
    "Rights-pool-jobs": [reads("sidekiq", "jobs_password")],
    "Rights-pool-scheduler": [reads("sidekiq", "admin_password")],
    "Rights-machines-database": [reads("postgres")],
  });
});

test("further statements are in the same policy: sorted, each once, and with an id of its own", () => {
  const { site, stack } = page();
  machines(site, "database", 1, "postgres");
  const { network } = site.session as AwsSession;
  const identity = network.identities.of(site, "machines-database", host("postgres"));
  const files = (bucket: string) => ({ Sid: "Files", Action: ["s3:GetObject"], Resource: [`arn:aws:s3:::${bucket}/*`] });
  for (const bucket of ["b", "a", "b"]) identity.allow(files(bucket));
  identity.allow({ Sid: "Also", Action: ["s3:ListBucket"], Resource: ["*"], Condition: { StringLike: { "s3:prefix": "a/*" } } });
  expect(policies(stack)).toEqual({
    "Rights-machines-database": {
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "Also",
          Effect: "Allow",
          Action: ["s3:ListBucket"],
          Resource: ["*"],
          Condition: { StringLike: { "s3:prefix": "a/*" } },
        },
        { ...files("a"), Effect: "Allow" },
        { ...files("b"), Sid: "Files2", Effect: "Allow" },
        reads("postgres"),
      ],
    },
  });
});

test("a long name is shortened to what IAM takes, and tells roles of regions and tiers apart", () => {
  const names = ["eu-central-1", "ap-southeast-1"].flatMap((region) => {
    const { site, stack } = page({ region });
    const { network } = site.session as AwsSession;
    for (const tier of ["pool-federation-with-a-long-name-a", "pool-federation-with-a-long-name-b", `pool-${"x".repeat(50)}`])
      network.identities.of(site, tier, host("sidekiq"));
    return Object.values(all(stack, "aws_iam_role")).map(({ name }) => String(name));
  });
  expect(new Set(names).size).toBe(6);
  expect(names.filter((name) => name.length > 64 || !/^[\w+=,.@-]+$/.test(name))).toEqual([]);
  expect(names[0]).toBe("social-pool-federation-with-a-long-name-a-eu-central-1");
});
