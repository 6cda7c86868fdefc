// Where Ruby processes store files: in the site's object store, `mediaEnv(env, host, site.objects, tier)`, or in a directory that the cloud shares
// between machines, `filesVolumes(pool, tier, env)`.

import { Site } from "./site";
import { Construct } from "constructs";
import { Env } from "../core/env";
import { Host } from "../core/host";
import { ObjectStoreFacts } from "../core/objects";
import { Pool } from "../core/pool";

const STORES = ["S3_ENABLED", "SWIFT_ENABLED", "AZURE_ENABLED"];
/** The directory for files in the image, and the uid of its user. */
const FILES = "/opt/mastodon/public/system";
const USER = 991;

/**
 * The volumes for files in the pool's containers; none with an object store.
 * Web stores uploads, and Sidekiq stores files that it fetches. Without a store or a shared directory they would be inside one container: other
 * machines could not read them, and the next roll-out would delete them while the database still refers to them. So that is refused.
 */
export function filesVolumes(pool: Pool, by: Construct, env: Env): readonly string[] {
  if (STORES.some((name) => env.all[name] !== undefined)) return [];
  const directory = pool.shareFiles();
  if (directory === undefined) {
    Site.of(pool).problems.add(by, {
      wrong: "no object store is given, so uploaded files would be lost with their machine",
      remedy:
        "give the site objects, such as s3Objects({ … }) or the cloud's own; beside an existing server, the store that it uses",
      cause: "no place for files",
    });
    return [];
  }
  // On each machine, since any of them may boot first.
  const script = `install -d -o ${USER} -g ${USER} -m 0755 ${directory}/system\n`;
  pool.program.add({ kind: "run", why: "a directory for uploads", script });
  return [`${directory}/system:${env.all["PAPERCLIP_ROOT_PATH"] ?? FILES}`];
}

/** Where a web machine's nginx finds users' files, and under which path browsers load them; `undefined` if they are in an object store. */
export function uploadsOf(
  volumes: readonly string[],
  env: Env,
): { readonly path: string; readonly directory: string } | undefined {
  const [volume] = volumes;
  const path = env.all["PAPERCLIP_ROOT_URL"] ?? "/system";
  // At another address than the site's, somebody else serves them.
  return volume === undefined || !/^(\/[\w.-]+)+$/.test(path) ? undefined : { path, directory: volume.split(":")[0]! };
}

/** The variables of the site's object store. A store without keys is opened by the machine's own role at the cloud, as Mastodon's user asks for it. */
export function mediaEnv(env: Env, host: Host, store: ObjectStoreFacts | undefined, by: Construct): void {
  if (store === undefined) return;
  if (store.keys === undefined) host.asksAsItself(USER, "access to the object store, which has no keys on the page,");
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
