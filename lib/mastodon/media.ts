// How Ruby's processes find the site's object store: `mediaEnv(env, site.objects, tier)`.

import { Construct } from "constructs";
import { Env } from "../core/env";
import { ObjectStoreFacts } from "../core/objects";
import { Site } from "../core/site";

/**
 * Web stores what people upload and Sidekiq what it fetches. Without a store that lies inside one container: no other machine has it, and the
 * next roll-out takes it away, while the database says that it is there.
 */
export function checkFiles(site: Site, by: Construct, env: Env): void {
  const kept = ["S3_ENABLED", "SWIFT_ENABLED", "AZURE_ENABLED"].some((name) => env.all[name] !== undefined);
  if (kept || site.cloud.can.rehearsal) return;
  site.problems.add(by, {
    wrong: "no object store is given, and files that people upload would be lost with their machine",
    remedy: "give the site objects, such as s3Objects({ … }) or the cloud's own; beside an existing server, the same that it has",
  });
}

export function mediaEnv(env: Env, store: ObjectStoreFacts | undefined, by: Construct): void {
  if (store === undefined) return;
  env
    .set("S3_ENABLED", true, by)
    .set("S3_BUCKET", store.bucket, by)
    .set("S3_REGION", store.region, by)
    .set("S3_ENDPOINT", store.endpoint, by)
    .set("S3_HOSTNAME", store.hostname, by)
    .set("S3_ALIAS_HOST", store.aliasHost, by)
    .set("S3_PERMISSION", store.access === "none" ? "" : store.access, by)
    .set("AWS_ACCESS_KEY_ID", store.keys?.id, by)
    .set("AWS_SECRET_ACCESS_KEY", store.keys?.secret, by);
  if (!store.takesChecksums) {
    env.set("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required", by).set("AWS_RESPONSE_CHECKSUM_VALIDATION", "when_required", by);
  }
}
