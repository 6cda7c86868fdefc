// nginx' cache of Puma's answers, which obeys Mastodon's `Cache-Control` and `Vary`: `pageCache({ mib: 1024, version, signed: false })`.

import { MastodonVersion } from "../version";

export interface PageCache {
  /** Lines outside of the server. */
  readonly zone: readonly string[];
  /** Lines of the location that asks Puma. */
  readonly location: readonly string[];
}

const DIRECTORY = "/var/cache/mastodon-pages";
/** An answer that nobody asked for during this time is removed. */
const UNUSED = "1h";
/**
 * How long a request waits for the answer to an equal one, before it goes to Puma as well. nginx does not know before the answer whether it may be
 * kept, so equal requests whose answers may not be kept wait as long, if they come at the same time. It looks every 500 ms.
 */
const LOCK_MS = 500;
// Answers to these are never kept, so requests need not wait for each other.
const NEVER = "health|auth|oauth|invite|settings|admin|media|media_proxy|filters|relationships|statuses_cleanup|disputes|backups";
// Mastodon gives everybody the same answer, whoever asks; the list of emojis is the largest that the web interface loads at each start.
const FOR_ALL = "v[12]/instance|v1/custom_emojis";
const RATE_LIMITS = ["Limit", "Remaining", "Reset"];

export interface PageCachePlan {
  /** The most disk space that it takes; 0 for no cache. */
  readonly mib: number;
  readonly version: MastodonVersion;
  /** Whether servers must sign what they ask for, so that each answer is for one of them. */
  readonly signed: boolean;
}

export function pageCache({ mib, version, signed }: PageCachePlan): PageCache {
  if (mib === 0) return { zone: [], location: [] };
  const variable = (name: string) => `$said_${name.toLowerCase()}`;
  return {
    zone: [
      `proxy_cache_path ${DIRECTORY} levels=1:2 keys_zone=pages:10m inactive=${UNUSED} max_size=${mib}m use_temp_path=off;`,
      "",
      // Whoever sends a cookie or a token gets an answer for himself alone, from 4.2 on; up to 4.1 Vary names no cookie, so it is not left to Vary.
      `map "$http_cookie$http_authorization${signed ? "$http_signature" : ""}" $personal {`,
      "  default 1;",
      '  "" "";',
      "}",
      "map $uri $not_kept {",
      "  default $personal;",
      `  "~^/(${NEVER})(/|$)" 1;`,
      ...(version.isBefore("4.2") ? [] : [`  "~^/api/(${FOR_ALL})(/|$)" "";`]),
      "}",
      // Rails reads parameters from the body of a GET as well, and the key has none of them.
      'map "$http_content_length$http_transfer_encoding" $has_body {',
      "  default 1;",
      '  "" "";',
      "}",
      "",
      // What Mastodon counts of one client is not for the next one who gets the same answer.
      ...RATE_LIMITS.flatMap((name) => [
        `map $upstream_cache_status ${variable(name)} {`,
        `  default $upstream_http_x_ratelimit_${name.toLowerCase()};`,
        '  ~^(HIT|STALE|UPDATING|REVALIDATED)$ "";',
        "}",
      ]),
      "",
    ],
    location: [
      "    proxy_cache pages;",
      // The host, since one server may have several, and http as well as https: Rails answers both differently. nginx adds the headers that Vary names.
      '    proxy_cache_key "$forwarded_proto $host $request_uri";',
      // Answers without Cache-Control are not kept. What may be served after its time, `stale-while-revalidate` and `stale-if-error` say, and:
      "    proxy_cache_use_stale error timeout http_502 http_503 http_504;",
      "    proxy_cache_background_update on;",
      "    proxy_cache_lock on;",
      `    proxy_cache_lock_timeout ${LOCK_MS}ms;`,
      "    proxy_cache_bypass $not_kept $has_body;",
      "    proxy_no_cache $not_kept $has_body;",
      // The first part of an answer is read into this, behind the key with the whole address; a policy and cookies need 4 KiB by themselves.
      "    proxy_buffer_size 16k;",
      "    proxy_buffers 8 16k;",
      ...RATE_LIMITS.map((name) => `    proxy_hide_header X-RateLimit-${name};`),
      ...RATE_LIMITS.map((name) => `    add_header X-RateLimit-${name} ${variable(name)} always;`),
      "    add_header X-Cached $upstream_cache_status always;",
    ],
  };
}
