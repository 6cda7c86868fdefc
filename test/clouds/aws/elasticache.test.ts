// A Valkey that ElastiCache runs, as a page's tiers take it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Testing } from "cdktf";
import { Construct } from "constructs";
import { elastiCache, ElastiCacheProps } from "../../../lib/clouds/aws";
import { secretsInState } from "../../../lib/clouds/aws/state-secrets";
import { wrongWith } from "../../../lib/core/secret-rule";
import { ProvidersSchema, schemaCheck } from "../../../lib/testing";
import { filesOf } from "../../mastodon/external-page";
import { readable } from "../../mastodon/mixes";
import { managedPage } from "./managed-page";
import { all, page, problems } from "./page";

const schema = JSON.parse(readFileSync(join(__dirname, "schema.json"), "utf8")) as ProvidersSchema;

const common = (name: string, id: string) => ({
  version: "8.1",
  nodeType: "cache.t4g.small",
  subnets: `\${aws_elasticache_subnet_group.Social_${id}_Subnets.name}`,
  group: `\${aws_security_group.Social_Group-managed-${name}.id}`,
  parameters: `\${aws_elasticache_parameter_group.Social_${id}_Parameters.name}`,
  backup: "03:00-04:00",
  maintenance: "tue:04:30-tue:05:30",
  atOnce: true,
});
const lasting = (name: string, id: string) => ({
  nodes: 2,
  failsOver: true,
  snapshotDays: 7,
  lastSnapshot: `social-${name}-last-\${substr(terraform_data.Social_${id}_LastSnapshot.id, 0, 8)}`,
});

test("a group for each use stands in the zones of the site, encrypted on the way and at rest, with replicas that take over", () => {
  const { stack, site } = managedPage();
  expect(site.problems.all()).toEqual([]);
  expect(all(stack, "aws_elasticache_replication_group")).toEqual({
    Caches: {
      for_each: {
        "social-cache": {
          ...common("cache", "Cache"),
          holds: "The cache of Mastodon",
          nodes: 1,
          failsOver: false,
          snapshotDays: 0,
        },
        "social-feeds": {
          ...common("feeds", "Feeds"),
          holds: "Feeds and pub/sub of Mastodon",
          ...lasting("feeds", "Feeds"),
        },
        "social-jobs": { ...common("jobs", "Jobs"), holds: "Jobs of Mastodon", ...lasting("jobs", "Jobs") },
      },
      replication_group_id: "${each.key}",
      description: "${each.value.holds}",
      engine: "valkey",
      engine_version: "${each.value.version}",
      auto_minor_version_upgrade: "false",
      apply_immediately: "${each.value.atOnce}",
      node_type: "${each.value.nodeType}",
      num_cache_clusters: "${each.value.nodes}",
      automatic_failover_enabled: "${each.value.failsOver}",
      multi_az_enabled: "${each.value.failsOver}",
      port: 6379,
      subnet_group_name: "${each.value.subnets}",
      security_group_ids: ["${each.value.group}"],
      parameter_group_name: "${each.value.parameters}",
      at_rest_encryption_enabled: "true",
      transit_encryption_enabled: true,
      transit_encryption_mode: "required",
      auth_token:
        '${lookup({"social-cache" = var.cache_token, "social-feeds" = var.feeds_token, "social-jobs" = var.jobs_token}, each.key)}',
      auth_token_update_strategy: "ROTATE",
      snapshot_retention_limit: "${each.value.snapshotDays}",
      snapshot_window: "${each.value.backup}",
      maintenance_window: "${each.value.maintenance}",
      final_snapshot_identifier: '${lookup(each.value, "lastSnapshot", null)}',
      tags: { Name: "${each.key}", "cdktf-mastodon:site": "social" },
      lifecycle: { prevent_destroy: true },
      depends_on: ["terraform_data.secrets"],
    },
  });
  expect(all(stack, "aws_elasticache_subnet_group")["Feeds_Subnets"]).toEqual({
    name: "social-feeds",
    description: "The zones of social-feeds",
    subnet_ids: ["a", "b", "c"].map((letter) => `\${aws_subnet.Social_Subnet-services-${letter}.id}`),
    tags: { Name: "social-feeds", "cdktf-mastodon:site": "social" },
  });
  expect(schemaCheck(Testing.synth(stack), schema)).toEqual([]);
});

test("only the cache gives up keys when its memory is full", () => {
  const groups = all(managedPage().stack, "aws_elasticache_parameter_group");
  const parameters = (policy: string) => [{ name: "maxmemory-policy", value: policy }];
  expect(groups["Jobs_Parameters"]).toEqual({
    name: "social-jobs-valkey8",
    family: "valkey8",
    description: "The settings of social-jobs",
    parameter: parameters("noeviction"),
    tags: { Name: "social-jobs", "cdktf-mastodon:site": "social" },
    lifecycle: { create_before_destroy: true, ignore_changes: ["description"] },
  });
  expect(groups["Feeds_Parameters"]!["parameter"]).toEqual(parameters("noeviction"));
  expect(groups["Cache_Parameters"]!["parameter"]).toEqual(parameters("allkeys-lru"));
});

test("Ruby and Node call it by TLS with its token, and verify it by the public authorities", () => {
  const { web, streaming, sidekiq } = managedPage({ pooler: true });
  const url = (name: string) => `rediss://:<secret ${name}_token>@<known after apply>:6379/0`;
  for (const env of [web.env, sidekiq.env, sidekiq.taskEnv!]) {
    expect(readable(env)).toMatchObject({
      REDIS_URL: url("feeds"),
      CACHE_REDIS_URL: url("cache"),
      SIDEKIQ_REDIS_URL: url("jobs"),
      REDIS_DRIVER: "ruby",
    });
  }
  const node = readable(streaming.envs.get(4000)!);
  expect(node["REDIS_URL"]).toBe(url("feeds"));
  // Nobody's certificate goes unchecked, and a file of authorities would take the place of the public ones.
  expect(JSON.stringify([readable(web.env), readable(sidekiq.env), node])).not.toMatch(
    /SSL_CERT_FILE|NODE_EXTRA_CA_CERTS|NODE_TLS_REJECT_UNAUTHORIZED|no-verify|SENTINEL/,
  );
});

test("those who call it may reach it, by their groups, and nobody else", () => {
  const into = Object.keys(all(managedPage().stack, "aws_vpc_security_group_ingress_rule")).filter((name) =>
    name.includes("6379"),
  );
  expect(into).toEqual([
    "Inbound-managed-cache-tcp-6379-pool-web",
    "Inbound-managed-cache-tcp-6379-pool-work",
    "Inbound-managed-feeds-tcp-6379-pool-streaming",
    "Inbound-managed-feeds-tcp-6379-pool-web",
    "Inbound-managed-feeds-tcp-6379-pool-work",
    "Inbound-managed-jobs-tcp-6379-pool-web",
    "Inbound-managed-jobs-tcp-6379-pool-work",
  ]);
});

test("a monitoring machine may reach them, with the token and the public authorities", () => {
  const { stack, monitor } = managedPage({ monitored: true });
  const rules = Object.keys(all(stack, "aws_vpc_security_group_ingress_rule")).filter((name) =>
    name.endsWith("tcp-6379-machines-monitoring"),
  );
  expect(rules).toEqual(["cache", "feeds", "jobs"].map((name) => `Inbound-managed-${name}-tcp-6379-machines-monitoring`));
  const files = filesOf(monitor!);
  const file = (name: string, token: string, further: string) =>
    expect(files[`/etc/default/prometheus-redis-exporter-${name} 0600`]).toBe(
      `REDIS_ADDR="rediss://<known after apply>:6379"\nREDIS_PASSWORD="<secret ${token}>"\nARGS='-web.listen-address=127.0.0.1:${further}'\n`,
    );
  file("cache-social-cache", "cache_token", "9121");
  file("main-social-feeds", "feeds_token", "9122");
  file("sidekiq-social-jobs", "jobs_token", "9123 -script=/etc/prometheus/sidekiq-queues.lua");
  expect(monitor!.program.packages).toContain("ca-certificates");
});

test("its token stands in the state, and no other secret does", () => {
  const { stack } = managedPage({ rds: { replicas: 1 } });
  const text = Testing.synth(stack);
  const kept = secretsInState(text).map((line) => line.replace(/_[0-9A-F]{8}:/, ":"));
  expect(kept).toEqual(["aws_elasticache_replication_group.Social_Caches: auth_token"]);
  const { variable } = JSON.parse(text) as { readonly variable: Readonly<Record<string, { readonly ephemeral?: boolean }>> };
  // Terraform refuses an ephemeral value where it would be kept.
  const wanted = ["cache_token", "feeds_token", "jobs_token", "database_admin_password", "database_password"];
  expect(wanted.map((name) => variable[name]!.ephemeral ?? false)).toEqual([false, false, false, true, true]);
});

test("its token has the characters that ElastiCache takes, and no others", () => {
  const { rules } = elastiCache(page().site, "Feeds", { node: "cache.t4g.small" }).password;
  const fit = (value: string) => rules.every((rule) => wrongWith(value, rule) === undefined);
  expect(["0123456789abcdef", "A-b!c#d$e&f^g<h>", "a".repeat(128)].filter(fit)).toHaveLength(3);
  const others = [..." \"%'()*+,./:;=?@[\\]_`{|}~"].map((one) => `0123456789abcdef${one}`);
  expect(["a".repeat(15), "a".repeat(129), ...others].filter(fit)).toEqual([]);
});

test("the site's key encrypts it, and a page may choose what it costs", () => {
  const { stack } = managedPage({
    cloud: { kmsKeyArn: "arn:aws:kms:eu-central-1:123456789012:key/1", protectDatabases: false },
    valkey: { nodes: 3, version: "8.0", snapshotDays: 1, changesWait: true, backupHour: "01:00" },
  });
  expect(all(stack, "aws_elasticache_replication_group")["Caches"]).toMatchObject({
    kms_key_id: "arn:aws:kms:eu-central-1:123456789012:key/1",
    lifecycle: { prevent_destroy: false },
    for_each: {
      "social-feeds": { nodes: 3, failsOver: true, version: "8.0", snapshotDays: 1, atOnce: false, backup: "01:00-02:00" },
    },
  });
});

const FEEDS = "stack/Social/Feeds: ";
test.each<[string, Partial<ElastiCacheProps>, string]>([
  [
    "a node that is none",
    { node: "t4g.small" },
    'node is "t4g.small" / give one of ElastiCache\'s types of nodes, such as cache.t4g.small',
  ],
  ["too many nodes", { nodes: 7 }, "nodes is 7 / use a whole number from 1 to 6"],
  ["a major version", { version: "8" }, 'version is "8" / give a version of Valkey, such as 8.1'],
  ["too many days", { snapshotDays: 36 }, "snapshotDays is 36 / use a whole number from 0 to 35"],
  ["an hour that is none", { backupHour: "25:00" }, 'backupHour is "25:00" / give an hour in UTC, such as "03:00"'],
  ["a use that is none", { use: "queues" as "main" }, 'use is "queues" / use one of main, sidekiq, cache'],
])("a page is told of %s", (_, props, message) => {
  expect(problems(managedPage({ valkey: props }).site)).toEqual([FEEDS + message]);
});

test("a Mastodon that cannot encrypt is refused", () => {
  const told = problems(managedPage({ version: "4.2.20" }).site).join("\n");
  expect(told).toContain("it is encrypted, and Mastodon 4.2.20 does not support that");
});

test("names stay within what ElastiCache takes, and two groups of one name are refused", () => {
  const { stack, site } = page();
  elastiCache(site, "AStoreWhoseNameIsTooLongForAWSAndThereforeIsShortened", { node: "cache.t4g.micro" });
  elastiCache(site, "Feeds", { node: "cache.t4g.micro" });
  expect(site.problems.all()).toEqual([]);
  const names = Object.keys(all(stack, "aws_elasticache_replication_group")["Caches"]!["for_each"] as object);
  for (const name of names) expect(name).toMatch(/^(?!.*--)[a-z][a-z0-9-]{0,38}[a-z0-9]$/);
  expect(names.length).toBe(2);
  elastiCache(new Construct(site, "Other"), "Feeds", { node: "cache.t4g.micro" });
  expect(site.problems.all()).toEqual([
    "stack/Social/Other/Feeds: its name at AWS is social-feeds, which is already used by another database of the page / give one of them another id",
  ]);
});

test("a page without one guards those of the page before", () => {
  const guard = all(page().stack, "aws_elasticache_replication_group")["Caches"]!;
  expect(guard).toMatchObject({ for_each: {}, lifecycle: { prevent_destroy: true } });
  expect(guard).not.toHaveProperty("auth_token");
});
