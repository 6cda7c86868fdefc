// Where files of all machines are kept: an object store that speaks S3, given to a site as `objects`.

import { Construct } from "constructs";
import { Secret } from "./secret";

export interface ObjectStore {
  /** Makes what must be made for a site whose web interface is at `domain`, and says how to reach the store. */
  attach(scope: Construct, spec: { readonly domain: string }): ObjectStoreFacts;
}

export interface ObjectStoreFacts {
  readonly bucket: string;
  readonly region: string;
  /** The store's URL, or `undefined` for Amazon's. */
  readonly endpoint: string | undefined;
  /** The store's host, as browsers ask for files. */
  readonly hostname: string;
  /** A host that has the bucket's files at its root, or `undefined` if browsers go to the store. */
  readonly aliasHost: string | undefined;
  /** `public-read` marks each file, `none` leaves it to the bucket. */
  readonly access: "public-read" | "none";
  /** The key and its secret half, or `undefined` where the machine's own role opens the store. */
  readonly keys: { readonly id: string | Secret; readonly secret: string | Secret } | undefined;
  /** Whether the store takes the checksums that Amazon's newer programs send. */
  readonly takesChecksums: boolean;
}
