// Who watches a Redis, however its apps find it: `await watchers(site, "CACHE_")`. With Sentinel's variables the apps know it themselves; through
// the HAProxy of their host they know a port and a password, and a machine of Redis says which instance has that password.

import { SENTINEL_PORT } from "../lib/mastodon/ports";
import { Use } from "./questions";
import { Site } from "./site";

/** The instance, and its sentinels with their ports; nothing of both if nobody watches it. */
export interface Watchers {
  readonly name: string;
  readonly sentinels: string;
}

// The password itself stays where it is.
const KNOWN = `
use=$1
grep -q "^\${use}REDIS_" /etc/mastodon/web.env || use=
value() { sed -n "s/^\${use}REDIS_$1=//p" /etc/mastodon/web.env; }
echo "$(value SENTINEL_MASTER)"
echo "$(value SENTINELS | tr , ' ')"
printf %s "$(value PASSWORD)" | sha256sum | cut -d ' ' -f 1`;

const BY_PASSWORD = `
for file in /etc/redis/*.settings; do
  [ "$(printf %s "$(sed -n 's/^requirepass //p' "$file")" | sha256sum | cut -d ' ' -f 1)" = "$1" ] || continue
  name=$(basename "$file" .settings)
  [ -e "/etc/redis/$name.role" ] || continue
  . "/etc/redis/$name.role"
  echo "$name"
  for one in $sentinels; do printf '%s:${SENTINEL_PORT} ' "$one"; done
  exit 0
done`;

export async function watchers(site: Site, use: Use): Promise<Watchers> {
  const [name = "", sentinels = "", password = ""] = (await site.on((await site.web()).name, KNOWN, use)).split("\n");
  if (sentinels.trim() !== "") return { name, sentinels };
  for (const host of await site.with("redis")) {
    const [found = "", ports = ""] = (await site.on(host.name, BY_PASSWORD, password)).split("\n");
    if (found !== "") return { name: found, sentinels: ports.trim() };
  }
  return { name: "", sentinels: "" };
}
