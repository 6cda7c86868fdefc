// Mastodon's access to a bucket at AWS without ACLs: `objects: awsObjects({ bucket: "social-media", region: "eu-central-1", accessKey, secretKey })`.
// The key is that of an IAM user who may do what `mediaRights` says; or machines use their own role, with `by: "role"`.

import { Construct } from "constructs";
import { wrongHost } from "../../core/address";
import { wrongBucket } from "../../core/bucket";
import { HostSpec } from "../../core/host-spec";
import { Installation } from "../../core/installation";
import { ObjectStore, ObjectStoreFacts } from "../../core/objects";
import { Problem } from "../../core/problems";
import { Secret } from "../../core/secret";
import { Statement } from "./identity";
import { poolTier } from "./launch-template";
import { AwsNetwork } from "./network";
import { isRegion } from "./settings";

/** Where the bucket is. */
export interface MediaPlace {
  /** The bucket's name, unique among all customers of AWS, without dots. */
  readonly bucket: string;
  /**
   * Its region. In the region of the machines their traffic to it costs nothing, since it does not pass the NAT gateway.
   * @throws at synth if it has not the form of a region's name
   */
  readonly region: string;
}

/** How Mastodon opens the bucket. A change replaces the machines of web and Sidekiq. */
export type MediaAccess =
  | {
      /** The key of an IAM user who may use this bucket and nothing else, as a `Secret` or a sensitive variable. */
      readonly accessKey: string | Secret;
      /** Its secret half, likewise. */
      readonly secretKey: string | Secret;
    }
  | {
      /**
       * The role of the machines, so that there is no key. Root and Mastodon's user on web and Sidekiq machines can then ask the metadata service for
       * the credentials of that role, and so can whoever makes Mastodon's processes run code or send requests to any address with headers of their choice.
       * The role may: use the files of this bucket and list them (`mediaRights`); read in Parameter Store the secrets of its tier's machines, most of
       * which these processes have in their environment; and complete lifecycle actions and set the health of the members of its own pool.
       * @throws at synth on another cloud than `aws`
       */
      readonly by: "role";
    };

export type AwsObjectsProps = MediaPlace &
  MediaAccess & {
    /**
     * A host that has the bucket's files at its root, such as that of a CloudFront distribution. Changed later, clients keep the old policy for about
     * a week.
     * @default - the bucket's own, which needs a bucket policy by which everyone may read objects
     */
    readonly aliasHost?: string;
  };

/** The host of S3 in a region. */
export function storeHost(region: string): string {
  return `s3.${region}.amazonaws.com`;
}

/** A bucket that stands already and refuses ACLs, as all buckets do that were made since April 2023. */
export function awsObjects(props: AwsObjectsProps): ObjectStore {
  return {
    attach: (scope): ObjectStoreFacts => {
      const { bucket, region } = props;
      const { problems } = Installation.of(scope);
      for (const problem of wrongPlace(props)) problems.add(scope, problem);
      if (props.aliasHost !== undefined)
        problems.add(scope, wrongHost("aliasHost of objects", props.aliasHost, { port: true, path: true }));
      if ("by" in props) allowRoles(scope, bucket);
      return {
        bucket,
        region,
        endpoint: undefined,
        hostname: storeHost(region),
        aliasHost: props.aliasHost ?? `${bucket}.${storeHost(region)}`,
        access: "none",
        keys: "by" in props ? undefined : { id: props.accessKey, secret: props.secretKey },
        takesChecksums: true,
      };
    },
  };
}

/** What is wrong with the place of a bucket. */
export function wrongPlace({ bucket, region }: MediaPlace): readonly (Problem | undefined)[] {
  const dots = {
    wrong: `bucket of objects is "${bucket}", which has dots`,
    value: bucket,
    remedy: `use a name without dots: no certificate of ${storeHost(region)} covers it, and neither browsers nor CloudFront would reach its files`,
  };
  return [
    wrongBucket(bucket, true) ?? (bucket.includes(".") ? dots : undefined),
    isRegion(region)
      ? undefined
      : { wrong: `region of objects is "${region}"`, value: region, remedy: "give the name of a region, such as eu-central-1" },
  ];
}

/**
 * What Mastodon does with a bucket, no more. Large files are sent in parts, and those of a failed upload are removed. The list is what
 * `tootctl media remove-orphans` reads; without that right, a file that is not there would look like one that is forbidden. ACLs are never changed.
 * @param arn the bucket's
 */
export function mediaRights(arn: string): readonly Statement[] {
  const files = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"];
  return [
    { Sid: "MediaFiles", Action: files, Resource: [`${arn}/*`] },
    { Sid: "MediaList", Action: ["s3:ListBucket"], Resource: [arn] },
  ];
}

/** The same as a whole policy. */
export function mediaPolicy(arn: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: mediaRights(arn).map(({ Sid, ...of }) => ({ Sid, Effect: "Allow", ...of })),
  });
}

/** Gives those rights to the roles of all pools in which a process asks for them; which these are, is known when the page is whole. */
function allowRoles(scope: Construct, bucket: string): void {
  const { session, cloud, problems } = Installation.of(scope);
  const { network } = session as { readonly network?: unknown };
  if (!(network instanceof AwsNetwork)) {
    // Where machines have no role at all, each that needs one says so.
    if (cloud.can.identity === true) problems.add(scope, foreign(cloud.name));
    return;
  }
  network.atEnd(() => {
    for (const { scope: where, spec } of network.all) {
      if (!asks(network, spec)) continue;
      const identity = network.identities.of(where, poolTier(spec.name), spec);
      for (const statement of mediaRights(`arn:${network.found.partition}:s3:::${bucket}`)) identity.allow(statement);
    }
  });
}

// Ruby processes are in pools alone, and ask the metadata service for nothing else.
function asks(network: AwsNetwork, spec: HostSpec): boolean {
  return network.isPool(spec) && spec.identity().length > 0;
}

function foreign(cloud: string): Problem {
  return {
    wrong: `objects are opened by the role of machines at AWS, and its cloud is ${cloud}`,
    remedy: "give accessKey and secretKey",
  };
}
