// What kept machines and the launch templates of pools have in common: `instanceOf(where, network, host, tier)`.

import { TerraformResource } from "cdktf";
import { Construct } from "constructs";
import { HostSpec } from "../../core/host-spec";
import { FoundImage } from "./found-resources";
import { Identity } from "./identity";
import { InstanceType, instanceType } from "./instance-types";
import { AwsNetwork } from "./network";
import { poolsUsedRights } from "./pools-used";
import { Settings } from "./settings";

/** Debian takes 2, its packages 1, the images of Mastodon 2, and the journal 10 at most: what is left is for uploads on their way. */
const ROOT_DISK_GIB = 30;

/** All that an instance is made of besides its boot text and its place. */
export interface InstanceOf {
  readonly type: InstanceType;
  readonly image: FoundImage;
  readonly identity: Identity;
  /** The id of the security group of its tier. */
  readonly group: string;
  /** The EC2 key pair of administrators; left out if port 22 is closed. */
  readonly keyName?: string;
  /** Whether it has a public IPv4 address: only if nothing else leads to the Internet. */
  readonly publicAddress: boolean;
  /** What must stand before it boots: its ways out, and what its role allows. */
  readonly ready: readonly TerraformResource[];
}

/**
 * Also puts the host into the security group of its tier. A size that AWS does not have is a problem of `where`.
 * @param tier the name of what shares a security group and a role
 */
export function instanceOf(where: Construct, network: AwsNetwork, host: HostSpec, tier: string): InstanceOf {
  const { settings, found, groups, identities, vpc } = network;
  const identity = identities.of(where, tier, host);
  network.atEnd(() => {
    if (host.poolsUsed?.() !== undefined) identity.allow(poolsUsedRights(network));
  });
  const type = typeOf(where, network, host);
  if (type !== NO_TYPE) found.runs(type.type);
  return {
    type,
    image: found.image(settings.architecture(host.role)),
    identity,
    group: groups.cover(where, tier, host),
    ...(settings.props.access !== undefined && { keyName: settings.props.access.keyName }),
    publicAddress: vpc.publicAddress,
    ready: [...vpc.ready, ...identity.ready],
  };
}

/** Stands for a type that AWS does not have, so that all problems of a page are told at once. */
const NO_TYPE: InstanceType = { type: "none", cpus: 0, gib: 0, dollars: 0, burstable: false };

/** The cheapest type that is large enough; a problem of `where` if there is none. */
function typeOf(where: Construct, { settings, problems }: AwsNetwork, { role, size }: HostSpec): InstanceType {
  const choice = instanceType(settings.architecture(role), settings.cpus(role), size);
  if ("type" in choice) return choice;
  problems.add(where, choice);
  return NO_TYPE;
}

/**
 * What a kept machine is made of besides its boot text, as a comment at the text's end: so a change of any of it makes the machine older than the page,
 * or a new one of a machine that is replaced.
 */
export function madeOf(where: Construct, network: AwsNetwork, host: HostSpec): string {
  const { settings } = network;
  const { image, imageOwner, props } = settings;
  const { type } = typeOf(where, network, host);
  const words = [type, image, imageOwner, network.vpc.publicAddress ? "public" : "private"];
  return `# ${[...words, ...(props.access === undefined ? [] : [props.access.keyName])].join(" ")}\n`;
}

/**
 * Session tokens are required, and an answer passes one hop: not further than a process of the host itself, since containers share the host's network,
 * and no proxy on a machine can be made to ask for others.
 */
export const METADATA = {
  httpEndpoint: "enabled",
  httpTokens: "required",
  httpPutResponseHopLimit: 1,
  httpProtocolIpv6: "disabled",
  instanceMetadataTags: "disabled",
} as const;

/** The root disk, which holds Debian, container images and logs, and ends with its machine. */
export function rootDisk({ props }: Settings) {
  return {
    volumeSize: ROOT_DISK_GIB,
    volumeType: "gp3",
    encrypted: true,
    deleteOnTermination: true,
    ...(props.kmsKeyArn !== undefined && { kmsKeyId: props.kmsKeyArn }),
  } as const;
}

/**
 * Of a burstable type: what it uses beyond its share is paid for, and it is never slowed down. It is AWS' default, which an account may have changed.
 */
export function credits({ burstable }: InstanceType) {
  return burstable ? ({ creditSpecification: { cpuCredits: "unlimited" } } as const) : {};
}
