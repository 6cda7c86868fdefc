// A PostgreSQL that RDS runs, as a page's tiers take it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { X509Certificate } from "node:crypto";
import { App, TerraformStack, Testing } from "cdktf";
import { Construct } from "constructs";
import { Pool, Site } from "../../../lib";
import { rds, RdsProps } from "../../../lib/clouds/aws";
import { regionRoot } from "../../../lib/clouds/aws/rds-authority";
import { classGib } from "../../../lib/clouds/aws/rds-classes";
import { FakeCloud, ProvidersSchema, schemaCheck } from "../../../lib/testing";
import { filesOf } from "../../mastodon/external-page";
import { readable } from "../../mastodon/mixes";
import { managedPage } from "./managed-page";
import { all, page, problems } from "./page";

const schema = JSON.parse(readFileSync(join(__dirname, "schema.json"), "utf8")) as ProvidersSchema;
const SOURCE = '${aws_db_instance.Social_Databases["social-database"].identifier}';
const GROUP = "${aws_security_group.Social_Group-managed-database.id}";
const PARAMETERS = "${aws_db_parameter_group.Social_Database_Parameters.name}";

test("a database stands in the zones of the site, encrypted, backed up and guarded; Terraform does not keep its password", () => {
  const { stack, site } = managedPage();
  expect(site.problems.all()).toEqual([]);
  expect(all(stack, "aws_db_instance")).toEqual({
    Databases: {
      for_each: {
        "social-database": {
          version: "17",
          class: "db.m7g.large",
          storageGib: 100,
          mostStorageGib: 400,
          standby: true,
          subnets: "${aws_db_subnet_group.Social_Database_Subnets.name}",
          group: GROUP,
          parameters: PARAMETERS,
          backupDays: 7,
          backup: "03:00-04:00",
          maintenance: "tue:04:30-tue:05:30",
          atOnce: true,
          lastSnapshot: "social-database-last-${substr(terraform_data.Social_Database_LastSnapshot.id, 0, 8)}",
          insights: false,
        },
      },
      identifier: "${each.key}",
      engine: "postgres",
      engine_version: "${each.value.version}",
      allow_major_version_upgrade: true,
      auto_minor_version_upgrade: true,
      apply_immediately: "${each.value.atOnce}",
      instance_class: "${each.value.class}",
      multi_az: "${each.value.standby}",
      allocated_storage: "${each.value.storageGib}",
      max_allocated_storage: "${each.value.mostStorageGib}",
      storage_type: "gp3",
      iops: '${lookup(each.value, "iops", null)}',
      storage_encrypted: true,
      username: "postgres",
      password_wo: '${lookup({"social-database" = var.database_admin_password}, each.key)}',
      password_wo_version: '${lookup({"social-database" = lookup(var.secret_versions, "database_admin_password", 1)}, each.key)}',
      port: 5432,
      publicly_accessible: false,
      db_subnet_group_name: "${each.value.subnets}",
      vpc_security_group_ids: ["${each.value.group}"],
      parameter_group_name: "${each.value.parameters}",
      ca_cert_identifier: "rds-ca-rsa2048-g1",
      backup_retention_period: "${each.value.backupDays}",
      backup_window: "${each.value.backup}",
      maintenance_window: "${each.value.maintenance}",
      copy_tags_to_snapshot: true,
      skip_final_snapshot: false,
      final_snapshot_identifier: "${each.value.lastSnapshot}",
      performance_insights_enabled: "${each.value.insights}",
      monitoring_interval: '${lookup(each.value, "monitoringSeconds", 0)}',
      monitoring_role_arn: '${lookup(each.value, "monitoringRole", null)}',
      deletion_protection: true,
      tags: { Name: "${each.key}", "cdktf-mastodon:site": "social" },
      lifecycle: { prevent_destroy: true },
      depends_on: ["terraform_data.secrets"],
    },
  });
  expect(all(stack, "aws_db_subnet_group")).toEqual({
    Database_Subnets: {
      name: "social-database",
      description: "The zones of social-database",
      subnet_ids: ["a", "b", "c"].map((letter) => `\${aws_subnet.Social_Subnet-services-${letter}.id}`),
      tags: { Name: "social-database", "cdktf-mastodon:site": "social" },
    },
  });
  expect(all(stack, "aws_db_parameter_group")).toEqual({
    Database_Parameters: {
      name: "social-database-postgres17",
      family: "postgres17",
      description: "The settings of social-database",
      parameter: [
        { name: "max_connections", value: "800", apply_method: "pending-reboot" },
        { name: "rds.force_ssl", value: "1", apply_method: "pending-reboot" },
        { name: "log_lock_waits", value: "1", apply_method: "pending-reboot" },
        { name: "track_io_timing", value: "1", apply_method: "pending-reboot" },
      ],
      tags: { Name: "social-database", "cdktf-mastodon:site": "social" },
      lifecycle: { create_before_destroy: true, ignore_changes: ["description"] },
    },
  });
  const text = Testing.synth(stack);
  expect(schemaCheck(text, schema)).toEqual([]);
  const { variable } = JSON.parse(text) as { readonly variable: Readonly<Record<string, object>> };
  expect(variable["database_admin_password"]).toMatchObject({ ephemeral: true, sensitive: true });
});

test("replicas are made of the database in further zones, with all that they do not have of it by themselves", () => {
  const { stack, site } = managedPage({ rds: { replicas: 2, insights: true } });
  expect(site.problems.all()).toEqual([]);
  const made = all(stack, "aws_db_instance");
  expect(Object.keys(made).sort()).toEqual(["Database_Replica1", "Database_Replica2", "Databases"]);
  expect(made["Database_Replica1"]).toEqual({
    identifier: "social-database-reads-1",
    replicate_source_db: SOURCE,
    instance_class: "db.m7g.large",
    availability_zone: "eu-central-1b",
    max_allocated_storage: 400,
    storage_type: "gp3",
    storage_encrypted: true,
    publicly_accessible: false,
    vpc_security_group_ids: [GROUP],
    parameter_group_name: PARAMETERS,
    ca_cert_identifier: "rds-ca-rsa2048-g1",
    auto_minor_version_upgrade: true,
    apply_immediately: true,
    maintenance_window: "tue:04:30-tue:05:30",
    copy_tags_to_snapshot: true,
    performance_insights_enabled: true,
    monitoring_interval: 0,
    skip_final_snapshot: true,
    tags: { Name: "social-database-reads-1", "cdktf-mastodon:site": "social" },
  });
  expect(made["Database_Replica2"]).toMatchObject({ identifier: "social-database-reads-2", availability_zone: "eu-central-1c" });
});

test("the site's key encrypts it, changes wait if the page says so, and what is measured is a choice", () => {
  const roleArn = "arn:aws:iam::123456789012:role/monitoring";
  const { stack } = managedPage({
    cloud: { kmsKeyArn: "arn:aws:kms:eu-central-1:123456789012:key/1", protectDatabases: false },
    rds: { changesWait: true, replicas: 1, monitoring: { seconds: 60, roleArn }, standby: false, backupDays: 14 },
  });
  const { Databases: database, Database_Replica1: replica } = all(stack, "aws_db_instance");
  expect(database).toMatchObject({
    kms_key_id: "arn:aws:kms:eu-central-1:123456789012:key/1",
    deletion_protection: false,
    lifecycle: { prevent_destroy: false },
    for_each: {
      "social-database": { atOnce: false, standby: false, backupDays: 14, monitoringSeconds: 60, monitoringRole: roleArn },
    },
  });
  expect(replica).toMatchObject({ apply_immediately: false, monitoring_interval: 60, monitoring_role_arn: roleArn });
});

test("a disk from 400 GiB on has the operations a second that its price includes, so that one may grow to that size", () => {
  const disk = (storageGib: number) => {
    const { stack } = managedPage({ rds: { storageGib } });
    const each = all(stack, "aws_db_instance")["Databases"]!["for_each"] as Readonly<Record<string, Record<string, unknown>>>;
    expect(schemaCheck(Testing.synth(stack), schema)).toEqual([]);
    return each["social-database"]!["iops"];
  };
  expect([20, 399, 400, 1000].map(disk)).toEqual([undefined, undefined, 12_000, 12_000]);
});

test("Ruby, psql and Node verify the database by the root of its region, and PgBouncer does", () => {
  const { web, streaming, sidekiq } = managedPage({ pooler: false, rds: { replicas: 1 } });
  const ROOT = "/etc/mastodon/tls/<known after apply>.pem";
  const database = { DB_HOST: "<known after apply>", DB_PORT: "5432", DB_NAME: "mastodon_production", DB_USER: "mastodon" };
  for (const env of [web.env, sidekiq.env, sidekiq.taskEnv!]) {
    expect(readable(env)).toMatchObject({ ...database, DB_SSLMODE: "verify-full", PGSSLROOTCERT: ROOT });
    expect(readable(env)["DB_PASS"]).toBe("<secret database_password>");
  }
  expect(readable(web.env)).toMatchObject({ REPLICA_DB_HOST: "<known after apply>", REPLICA_DB_PORT: "5432" });
  expect(readable(streaming.envs.get(4000)!)).toMatchObject({
    ...database,
    DB_SSLMODE: "verify-full",
    NODE_EXTRA_CA_CERTS: "/etc/mastodon/tls/streaming.pem",
  });

  const pooled = managedPage({ rds: { replicas: 2 } });
  expect(readable(pooled.web.env)).toMatchObject({ DB_HOST: "pool-1", DB_PORT: "6432", PREPARED_STATEMENTS: "false" });
  expect(readable(pooled.sidekiq.taskEnv!)).toMatchObject({ ...database, DB_SSLMODE: "verify-full", PGSSLROOTCERT: ROOT });
  const text = textOf(pooled.stack, "Social_Pool_1_MachineBoot");
  expect(text).toContain("server_tls_sslmode = verify-full\n");
  const address = '${aws_db_instance.Social_Databases["social-database"].address}';
  expect(text).toContain(`server_tls_ca_file = /etc/mastodon/tls/${address}.pem\n`);
  const indented = regionRoot("eu-central-1")!.trim().replaceAll("\n", "\n      ");
  expect(text).toContain(indented);
  expect(text.split("BEGIN CERTIFICATE").length).toBe(2);
});

/** A boot text of the plan, whose locals have names with hashes. */
function textOf(stack: TerraformStack, name: string): string {
  const { locals } = JSON.parse(Testing.synth(stack).replaceAll(/_[0-9A-F]{8}(?![0-9A-Za-z])/g, "")) as {
    readonly locals: Readonly<Record<string, string>>;
  };
  return locals[name]!;
}

test("the first user of RDS is known to the database task alone, which makes Mastodon's role and database with it", () => {
  const { web, streaming, sidekiq, server } = managedPage();
  expect(server.admin.user).toBe("postgres");
  const holds = (pool: Pool) => pool.bootText().includes("@secret(database_admin_password)@");
  expect([web, streaming, sidekiq].map(({ pool }) => holds(pool))).toEqual([false, false, true]);
  expect(sidekiq.pool.bootText()).toContain("ExecStartPre=/usr/local/sbin/mastodon-role\n");
});

test("those who call it may reach it, by their groups, and nobody else", () => {
  const into = (stack: TerraformStack) =>
    Object.keys(all(stack, "aws_vpc_security_group_ingress_rule")).filter((name) => name.startsWith("Inbound-managed-database"));
  expect(into(managedPage({ pooler: false }).stack)).toEqual(
    ["pool-streaming", "pool-web", "pool-work"].map((tier) => `Inbound-managed-database-tcp-5432-${tier}`),
  );
  // What needs a session of its own goes past the pooler.
  expect(into(managedPage().stack)).toEqual(
    ["machines-pool", "pool-web", "pool-work"].map((tier) => `Inbound-managed-database-tcp-5432-${tier}`),
  );
});

test("a monitoring machine may reach a database and its replica, with the login of Mastodon's role and the region's root", () => {
  const { stack, monitor } = managedPage({ rds: { replicas: 1 }, monitored: true });
  const rule = all(stack, "aws_vpc_security_group_ingress_rule")["Inbound-managed-database-tcp-5432-machines-monitoring"];
  expect(rule).toMatchObject({
    security_group_id: GROUP,
    referenced_security_group_id: "${aws_security_group.Social_Group-machines-monitoring.id}",
    from_port: 5432,
    to_port: 5432,
    description: "reads its metrics",
  });
  const files = filesOf(monitor!);
  const exporter = (port: number) =>
    'DATA_SOURCE_USER="mastodon"\nDATA_SOURCE_PASS="<secret database_password>"\n' +
    `DATA_SOURCE_URI="<known after apply>:5432/mastodon_production?sslmode=verify-full&sslrootcert=/etc/mastodon/tls/<known after apply>.pem` +
    '&connect_timeout=5&statement_timeout=8000&lock_timeout=1000&default_transaction_read_only=on"\n' +
    `ARGS='--web.listen-address=127.0.0.1:${port}'\n`;
  const roots = Object.keys(files).filter((path) => path.startsWith("/etc/mastodon/tls/"));
  expect(roots.map((path) => files[path])).toEqual([regionRoot("eu-central-1")]);
  expect(files["/etc/default/prometheus-postgres-exporter-social-database 0600"]).toBe(exporter(9187));
  expect(files["/etc/default/prometheus-postgres-exporter-social-database-reads-1 0600"]).toBe(exporter(9188));
  // The machine fetches the password at boot, as the pools do.
  const text = monitor!.bootText();
  expect(text).toContain('DATA_SOURCE_PASS="@secret(database_password)@"');
  expect(text).not.toContain("database_admin_password");
});

test.each([
  ["eu-central-1", "Amazon RDS eu-central-1 Root CA RSA2048 G1"],
  ["us-east-1", "Amazon RDS us-east-1 Root CA RSA2048 G1"],
  ["ap-southeast-4", "Amazon RDS ap-southeast-4 Root CA RSA2048 G1"],
])("the root of %s is found by its name, and signs itself", (region, name) => {
  const root = new X509Certificate(regionRoot(region)!);
  expect(root.subject.split("\n")).toContain(`CN=${name}`);
  expect(root.ca && root.verify(root.publicKey)).toBe(true);
  expect(new Date(root.validTo).getUTCFullYear()).toBeGreaterThan(2060);
});

test("a region whose root is not known is refused, with where its certificates are, and takes them from the page", () => {
  const cloud = { region: "ca-west-1", certificateArn: "arn:aws:acm:ca-west-1:123456789012:certificate/1" };
  expect(problems(managedPage({ cloud }).site)).toEqual([
    "stack/Social/Database: the certificates of RDS in ca-west-1 are not known here / " +
      "give ca the text of https://truststore.pki.rds.amazonaws.com/ca-west-1/ca-west-1-bundle.pem",
  ]);
  const ca = regionRoot("eu-west-1")!;
  const { site, sidekiq } = managedPage({ cloud, rds: { ca }, pooler: false });
  expect(problems(site)).toEqual([]);
  expect(sidekiq.pool.bootText()).toContain(ca.split("\n")[1]!);
});

test.each([
  ["db.t4g.micro", 1],
  ["db.t3.medium", 4],
  ["db.t4g.2xlarge", 32],
  ["db.m7g.large", 8],
  ["db.m6gd.xlarge", 16],
  ["db.m8g.24xlarge", 384],
  ["db.r6i.2xlarge", 64],
  ["db.r7g.16xlarge", 512],
  ["db.x2g.large", 32],
  ["db.r5.large", 16],
  ["db.m7g.medium", undefined],
  ["db.serverless", undefined],
  ["m7g.large", undefined],
  ["db.m7g.large ", undefined],
])("%s has %s GiB", (name, gib) => expect(classGib(name)).toBe(gib));

test("connections are counted against the class: 100 a GiB, ten of which others keep", () => {
  const connections = (props: Partial<RdsProps>) => managedPage({ rds: props }).server.maxConnections;
  expect(connections({})).toBe(790);
  expect(connections({ class: "db.r7g.16xlarge" })).toBe(4990);
  expect(connections({ class: "db.new.large", maxConnections: 300 })).toBe(290);
  const few = managedPage({ pooler: false, rds: { class: "db.t4g.micro", maxConnections: 30 } })
    .site.problems.all()
    .join("\n");
  expect(few).toMatch(/maxConnections of Postgres\.external social-database is 20 \//);
});

const DATABASE = "stack/Social/Database: ";
test.each<[string, Partial<RdsProps>, string]>([
  [
    "a class that is none",
    { class: "large" },
    'class is "large", whose memory is not known here / give a class of RDS, such as db.t4g.medium or db.m7g.large, or maxConnections beside it',
  ],
  [
    "replicas without backups",
    { replicas: 1, backupDays: 0 },
    "replicas is 1 and backupDays is 0, and AWS makes replicas of backups / use backupDays of at least 1, or no replicas",
  ],
  ["too many replicas", { replicas: 16 }, "replicas is 16 / use a whole number from 0 to 15"],
  ["too many days", { backupDays: 36 }, "backupDays is 36 / use a whole number from 0 to 35"],
  ["a disk that is too small", { storageGib: 10 }, "storageGib is 10 / use a whole number from 20 to 65536"],
  [
    "a disk that grows by too little",
    { mostStorageGib: 105 },
    "mostStorageGib is 105 and storageGib is 100 / use 100 for a disk that does not grow by itself, or at least 110",
  ],
  [
    "a disk that cannot grow beside replicas",
    { mostStorageGib: 100, replicas: 1 },
    "mostStorageGib is 100, as storageGib is, and it has replicas, whose disks follow no change of storageGib / use at least 110: replicas grow by themselves alone",
  ],
  ["an old version", { version: "13" }, 'version is "13" / give a major version from 14 on, such as 17'],
  ["a minor version", { version: "17.4" }, 'version is "17.4" / give a major version from 14 on, such as 17'],
  ["too few connections", { maxConnections: 20 }, "maxConnections is 20 / use a whole number from 30 to 5000"],
  ["an hour that is none", { backupHour: "3" }, 'backupHour is "3" / give an hour in UTC, such as "03:00"'],
  [
    "a day that is none",
    { maintenance: { day: "Tue" as "tuesday", hour: "04:30" } },
    'maintenance is {"day":"Tue","hour":"04:30"} / give a day and an hour in UTC, such as { day: "tuesday", hour: "04:30" }',
  ],
  [
    "hours that meet",
    { backupHour: "23:30", maintenance: { day: "monday", hour: "00:10" } },
    "maintenance begins at 00:10 and backups at 23:30, and AWS wants an hour for each of them alone / put at least an hour between them",
  ],
  [
    "a pause that is none",
    { monitoring: { seconds: 20, roleArn: "arn:aws:iam::123456789012:role/monitoring" } },
    "seconds of monitoring is 20 / use one of 1, 5, 10, 15, 30, 60",
  ],
])("a page is told of %s", (_, props, message) => {
  expect(problems(managedPage({ rds: props }).site)).toEqual([DATABASE + message]);
});

test("an hour may pass midnight, also at the end of a week", () => {
  const { stack } = managedPage({ rds: { maintenance: { day: "sunday", hour: "23:30" } } });
  expect(all(stack, "aws_db_instance")["Databases"]!["for_each"]).toMatchObject({
    "social-database": { maintenance: "sun:23:30-mon:00:30" },
  });
});

test("names stay within what RDS takes, and two databases of one name are refused", () => {
  const { stack, site } = page();
  const long = "ADatabaseWhoseNameIsTooLongForAWSAndThereforeIsShortenedByTheLibrary";
  rds(site, long, { class: "db.t4g.micro", storageGib: 20, replicas: 1 });
  rds(site, "Database", { class: "db.t4g.micro", storageGib: 20 });
  expect(site.problems.all()).toEqual([]);
  const { Databases: databases, ...replicas } = all(stack, "aws_db_instance");
  const names = [...Object.keys(databases!["for_each"] as object), ...Object.values(replicas).map((one) => one["identifier"])];
  for (const name of names) expect(name).toMatch(/^(?!.*--)[a-z][a-z0-9-]{0,61}[a-z0-9]$/);
  expect(new Set(names).size).toBe(3);
  rds(new Construct(site, "Other"), "Database", { class: "db.t4g.micro", storageGib: 20 });
  expect(site.problems.all()).toEqual([
    "stack/Social/Other/Database: its name at AWS is social-database, which is already used by another database of the page / give one of them another id",
  ]);
});

test("a page without a database guards those of the page before, until it says otherwise", () => {
  const guard = (protectDatabases?: boolean) =>
    all(page(protectDatabases === undefined ? {} : { protectDatabases }).stack, "aws_db_instance")["Databases"];
  expect(guard()).toMatchObject({ for_each: {}, lifecycle: { prevent_destroy: true } });
  expect(guard()).not.toHaveProperty("password_wo");
  expect(guard(false)).toMatchObject({ for_each: {}, lifecycle: { prevent_destroy: false } });
});

test("another cloud has none of them", () => {
  const site = new Site(new TerraformStack(new App(), "stack"), "Social", {
    cloud: new FakeCloud(),
    domain: "social.example",
    version: "4.7.6",
  });
  expect(() => rds(site, "Database", { class: "db.t4g.micro", storageGib: 20 })).toThrow(
    "stack/Social/Database: its databases are AWS', and its cloud is fake / use aws({ … }) as its cloud",
  );
});
