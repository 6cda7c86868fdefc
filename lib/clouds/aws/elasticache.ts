// A Valkey that AWS runs, which is Redis to Mastodon: `Redis.external(elastiCache(site, "Jobs", { use: "sidekiq", node: "cache.t4g.small" }))`.
// Whoever calls it finds the node that is primary at one address, so no sentinel watches. Its token stands in Terraform's state.

import { ElasticacheParameterGroup } from "@cdktf/provider-aws/lib/elasticache-parameter-group";
import { ElasticacheSubnetGroup } from "@cdktf/provider-aws/lib/elasticache-subnet-group";
import { Construct } from "constructs";
import { Managed } from "../../core/managed";
import { Secret } from "../../core/secret";
import { wholeNumber } from "../../core/whole-number";
import { addressOf } from "../shared/terraform-address";
import { REPLICATION_GROUP_NAME_LENGTH } from "./limits";
import { lastSnapshot, managedGroup, managedName, ManagedProps, placeOf, secretName, windows } from "./managed-place";
import type { AwsNetwork } from "./network";
import { VALKEY_PORT } from "./ports";

export type ElastiCacheUse = keyof typeof USES;

export interface ElastiCacheProps extends ManagedProps {
  /**
   * What it holds, as of a `Redis` of the page: `main` for feeds and pub/sub, `sidekiq` for jobs, `cache`. Only the cache gives up old keys when its
   * memory is full. A change takes effect at once.
   * @default "main"
   */
  readonly use?: ElastiCacheUse;
  /**
   * ElastiCache's type of node, as in `cache.t4g.small`. A change takes minutes, of which some seconds without an answer.
   * @throws at synth if it is no type of a node
   */
  readonly node: string;
  /**
   * Nodes, in different zones: one, or a primary with replicas, one of which takes over by itself at the same address. A change adds or removes them.
   * @default 2
   * @throws at synth if it is not a whole number from 1 to 6
   */
  readonly nodes?: number;
  /**
   * Valkey's version. A later one is taken in place. An earlier one would make it anew, which a plan refuses unless `protectDatabases` is false.
   * @default "8.1"
   * @throws at synth if it is no major and minor version of Valkey
   */
  readonly version?: string;
  /**
   * For how many days AWS keeps the snapshot of each day. A change costs nothing.
   * @default 7, and 0 for the cache
   * @throws at synth if it is not a whole number from 0 to 35
   */
  readonly snapshotDays?: number;
}

/** For `Redis.external`. */
export interface ElastiCacheValkey {
  readonly use: ElastiCacheUse;
  readonly host: string;
  readonly port: number;
  readonly password: Secret;
  readonly tls: true;
  readonly managed: Managed;
}

/** A job or a feed that was given up is lost; what the cache holds can be made again. */
const USES = {
  main: { holds: "Feeds and pub/sub of Mastodon", whenFull: "noeviction", snapshotDays: 7, lastSnapshot: true },
  sidekiq: { holds: "Jobs of Mastodon", whenFull: "noeviction", snapshotDays: 7, lastSnapshot: true },
  cache: { holds: "The cache of Mastodon", whenFull: "allkeys-lru", snapshotDays: 0, lastSnapshot: false },
} as const;
/** What ElastiCache takes: docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth.html. */
const TOKEN = "^[0-9A-Za-z!#$&<>^-]{16,128}$";
const MOST_NODES = 6;

export function elastiCache(scope: Construct, id: string, props: ElastiCacheProps): ElastiCacheValkey {
  const within = new Construct(scope, id);
  const network = placeOf(within);
  const { problems } = network;
  const name = managedName(network, within, REPLICATION_GROUP_NAME_LENGTH);
  const use = useOf(network, within, props.use ?? "main");
  const { holds, whenFull, ...ofUse } = USES[use];
  const { id: group, managed } = managedGroup(network, within, name);
  const nodes = wholeNumber(problems, within, "nodes", props.nodes ?? 2, { least: 1, most: MOST_NODES });
  const version = versionOf(network, within, props.version ?? "8.1");
  if (!/^cache\.[a-z0-9-]+\.(\d*xlarge|large|medium|small|micro)$/.test(props.node)) {
    problems.add(within, {
      wrong: `node is "${props.node}"`,
      value: props.node,
      remedy: "give one of ElastiCache's types of nodes, such as cache.t4g.small",
    });
  }
  const limits = { least: 0, most: 35 };
  const snapshotDays = wholeNumber(problems, within, "snapshotDays", props.snapshotDays ?? ofUse.snapshotDays, limits);
  const token = new Secret(within, secretName(within, "token"), {
    length: 128,
    pattern: TOKEN,
    generated: true,
    description: `The token of ${name} at ElastiCache. It stands in Terraform's state.`,
  });
  const made = { key: network.settings.props.kmsKeyArn ?? "" };
  const kept = ofUse.lastSnapshot ? { lastSnapshot: lastSnapshot(within, name, made) } : {};
  const value = token.forState();
  const computed = network.caches.add(
    within,
    name,
    {
      holds,
      version,
      nodeType: props.node,
      nodes,
      failsOver: nodes > 1,
      subnets: subnetGroup(network, within, name),
      group,
      parameters: parameterGroup(network, within, { name, major: version.split(".")[0]!, whenFull }),
      snapshotDays,
      ...windows(network, within, props),
      atOnce: props.changesWait !== true,
      ...kept,
    },
    { auth_token: () => value },
  );
  return { use, host: computed("primary_endpoint_address"), port: VALKEY_PORT, password: token, tls: true, managed };
}

function useOf({ problems }: AwsNetwork, scope: Construct, use: ElastiCacheUse): ElastiCacheUse {
  if (Object.hasOwn(USES, use)) return use;
  problems.add(scope, { wrong: `use is "${String(use)}"`, remedy: `use one of ${Object.keys(USES).join(", ")}` });
  return "main";
}

function versionOf({ problems }: AwsNetwork, scope: Construct, version: string): string {
  if (/^[7-9]\.\d+$/.test(version)) return version;
  problems.add(scope, { wrong: `version is "${version}"`, value: version, remedy: "give a version of Valkey, such as 8.1" });
  return "8.1";
}

function subnetGroup(network: AwsNetwork, scope: Construct, name: string): string {
  const made = new ElasticacheSubnetGroup(scope, "Subnets", {
    name,
    description: `The zones of ${name}`,
    subnetIds: [...network.vpc.serviceSubnets],
    tags: { ...network.tags(""), Name: name },
  });
  return `\${${addressOf(made)}.name}`;
}

interface Parameters {
  readonly name: string;
  readonly major: string;
  readonly whenFull: string;
}

function parameterGroup(network: AwsNetwork, scope: Construct, { name, major, whenFull }: Parameters): string {
  const made = new ElasticacheParameterGroup(scope, "Parameters", {
    // A later version has another group, which is there before Valkey leaves the one that it has.
    name: `${name}-valkey${major}`,
    family: `valkey${major}`,
    description: `The settings of ${name}`,
    parameter: [{ name: "maxmemory-policy", value: whenFull }],
    tags: { ...network.tags(""), Name: name },
    // Another version of this library may describe it in other words, for which AWS would want another name.
    lifecycle: { createBeforeDestroy: true, ignoreChanges: ["description"] },
  });
  return `\${${addressOf(made)}.name}`;
}
