// nginx of a web machine, around Puma: static files, the cache of pages, limits for clients, and an error page. `webNginx(plan)` are its lines.

import { MastodonVersion } from "../version";
import { proxied } from "./application";
import { ClientLimits, clientLimits } from "./client-limits";
import { pageCache } from "./page-cache";
import { staticLocations, StaticLocationsPlan } from "./static-files";

export interface WebNginxPlan {
  readonly version: MastodonVersion;
  /** The upstream that leads to Puma. */
  readonly upstream: string;
  readonly uploads: StaticLocationsPlan["uploads"];
  readonly cacheMib: number;
  /** Whether other servers must sign what they ask for. */
  readonly signed: boolean;
  readonly limits: ClientLimits;
  /** Addresses that are no client's. */
  readonly proxies: readonly string[];
  readonly servedBy: boolean;
}

/** A page of Mastodon may take as long; its own sample for nginx says so from 4.6 on. */
const READ_SECONDS = 120;
// What Mastodon sends besides HTML, which nginx compresses without being told. Pictures and videos are compressed by themselves.
const TYPES =
  "application/activity+json application/javascript application/jrd+json application/json application/ld+json application/manifest+json " +
  "application/rss+xml application/xml application/xrd+xml image/svg+xml image/x-icon text/css text/javascript text/plain text/xml";

export function webNginx(plan: WebNginxPlan): { readonly outside: readonly string[]; readonly inside: readonly string[] } {
  const headers = plan.servedBy ? ["X-Served-By $hostname always"] : [];
  const cache = pageCache({ ...plan, mib: plan.cacheMib });
  const limits = clientLimits(plan.limits, plan.proxies, headers);
  return {
    outside: [...cache.zone, ...limits.zones],
    inside: [
      `  client_max_body_size ${bodyMib(plan.version)}m;`,
      "  gzip on;",
      "  gzip_vary on;",
      "  gzip_proxied any;",
      "  gzip_comp_level 5;",
      `  gzip_types ${TYPES};`,
      "  brotli on;",
      "  brotli_comp_level 4;",
      `  brotli_types ${TYPES};`,
      ...limits.server,
      // When Puma does not answer or is busy, HAProxy says 503 with a page of its own. This is for a HAProxy that does not answer.
      "  error_page 502 = @away;",
      "  location @away {",
      "    default_type text/html;",
      ...headers.map((header) => `    add_header ${header};`),
      "    add_header Retry-After 5 always;",
      "    add_header Cache-Control no-store always;",
      `    return 503 '${AWAY}';`,
      "  }",
      ...staticLocations({ headers, puma: "@puma", uploads: plan.uploads }),
      ...proxied(
        "@puma",
        plan.upstream,
        READ_SECONDS,
        // nginx compresses, so that the cache has one answer for all.
        '    proxy_set_header Accept-Encoding "";',
        ...limits.location,
        ...cache.location,
        // A location with such a line of its own has none of the server's.
        ...(cache.location.length === 0
          ? []
          : ["    proxy_hide_header X-Served-By;", ...headers.map((header) => `    add_header ${header};`)]),
      ),
    ],
  };
}

/** The largest file that this version takes is a video of 40 MiB, from 4.2 on of 99 MiB; a form takes some more. */
function bodyMib(version: MastodonVersion): number {
  return version.isBefore("4.2") ? 41 : 100;
}

const AWAY =
  '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Back soon</title><h1>Back soon</h1>' +
  "<p>This server starts anew. Please try again in a few seconds.</p></html>";
