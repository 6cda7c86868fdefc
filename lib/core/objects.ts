// The interface of an S3-compatible object store for uploaded files, given to a site as `objects`.

import { Construct } from "constructs";
import { Secret } from "./secret";

export interface ObjectStore {
  /** Makes the resources that a site with its web interface at `domain` needs, and returns how to reach the store. */
  attach(scope: Construct, spec: { readonly domain: string }): ObjectStoreFacts;
}

export interface ObjectStoreFacts {
  readonly bucket: string;
  readonly region: string;
  /** The store's URL, or `undefined` for Amazon's. */
  readonly endpoint: string | undefined;
  /** The store's host, from which browsers load files. */
  readonly hostname: string;
  /** A host that serves the bucket's files at its root, or `undefined` if browsers load from the store. */
  readonly aliasHost: string | undefined;
  /** The ACL of each file: `public-read`, or `none` if the bucket's policy decides. */
  readonly access: "public-read" | "none";
  /** Access key and secret key, or `undefined` if the machine's role gives access. */
  readonly keys: { readonly id: string | Secret; readonly secret: string | Secret } | undefined;
  /** Whether the store accepts the checksums that newer versions of Amazon's SDKs send. */
  readonly takesChecksums: boolean;
}
