// Checks of bucket names, alone and as a part of a host name: `wrongBucket("social-media", true)`.

import { Token } from "cdktf";
import { isIP } from "node:net";
import { Problem } from "./problems";

/** Amazon's rules, which most stores follow. */
const STRICT =
  /^(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]$(?<!-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)/;
/** What some other stores allow as well. */
const LOOSE = /^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/;

/** What is wrong with the name of a bucket, by Amazon's rules if `strict`. */
export function wrongBucket(bucket: string, strict: boolean): Problem | undefined {
  if (Token.isUnresolved(bucket) || ((strict ? STRICT : LOOSE).test(bucket) && isIP(bucket) === 0)) return undefined;
  return {
    wrong: `bucket of objects is "${bucket}"`,
    value: bucket,
    remedy: strict
      ? "give its name alone: 3 to 63 lower-case letters, digits, dots and dashes, none of the last two first, last, or a dot beside a dot, and no address"
      : "give its name alone: 3 to 63 letters, digits, dots, dashes and underscores, the first and the last a letter or digit",
  };
}

/** A problem if files are served from the bucket's own host and its name has a dot: a wildcard certificate covers one label of a host name only. */
export function uncovered(bucket: string, aliasHost: string | undefined, storeHost: string): Problem | undefined {
  const host = aliasHost?.replace(/[:/].*$/s, "");
  if (!bucket.includes(".") || host !== `${bucket}.${storeHost.replace(/:.*$/, "")}`) return undefined;
  return {
    wrong: `aliasHost of objects is "${aliasHost}", and no certificate of ${storeHost} covers a bucket with dots`,
    remedy: `write aliasHost: "${storeHost}/${bucket}", give a host of your own, or use a bucket without dots`,
  };
}
