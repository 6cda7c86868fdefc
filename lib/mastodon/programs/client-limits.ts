// How often one client may ask for what is expensive, before its requests reach Puma: `clientLimits({ search: 120, signUp: 10, upload: 60 }, …)`.

import { Problem } from "../../core/problems";
import { wrongNumber } from "../../core/whole-number";

/**
 * Requests of one client at once, and then in each minute; 0 for no limit. The defaults are above what Mastodon itself allows, and what the web interface
 * asks for while somebody types. A change replaces the web machines.
 */
export interface ClientLimits {
  /**
   * Searches, also those that the web interface makes while somebody types a name.
   * @default 120
   */
  readonly search?: number;
  /**
   * Sign-ups by form and by app. Mastodon itself allows each address 25 by form in five minutes and 5 by app in half an hour.
   * @default 10
   */
  readonly signUp?: number;
  /**
   * Uploads of pictures, videos and sounds. Mastodon itself allows each user 30 in half an hour.
   * @default 60
   */
  readonly upload?: number;
}

type Kind = keyof ClientLimits;

const USUAL: Readonly<Record<Kind, number>> = { search: 120, signUp: 10, upload: 60 };
/** Method and path, as nginx sees it: without query. */
const REQUESTS: Readonly<Record<Kind, readonly string[]>> = {
  search: ["(GET|HEAD) /api/v[12]/search", "(GET|HEAD) /api/v1/accounts/search"],
  signUp: ["POST /auth", "POST /api/v1/accounts"],
  upload: ["POST /api/v[12]/media"],
};
const MOST = 6000;

/** The limits of all kinds, without those that are 0. */
function given(limits: ClientLimits): readonly (readonly [Kind, number])[] {
  return (Object.keys(REQUESTS) as Kind[])
    .map((kind) => [kind, limits[kind] ?? USUAL[kind]] as const)
    .filter(([, perMinute]) => perMinute > 0);
}

/** The problems of the numbers. */
export function wrongLimits(limits: ClientLimits): readonly (Problem | undefined)[] {
  return (Object.keys(REQUESTS) as Kind[]).map((kind) =>
    wrongNumber(`limitsPerMinute.${kind}`, limits[kind] ?? USUAL[kind], { least: 0, most: MOST }),
  );
}

/**
 * Lines outside of the server, and of the location that asks Puma.
 * @param unknown the addresses of proxies: a request with such an address is not limited, since nobody said which client it comes from
 * @param headers those of all responses
 */
export function clientLimits(
  limits: ClientLimits,
  unknown: readonly string[],
  headers: readonly string[],
): { readonly zones: readonly string[]; readonly location: readonly string[]; readonly server: readonly string[] } {
  const all = given(limits);
  if (all.length === 0) return { zones: [], location: [], server: [] };
  return {
    zones: [
      "geo $client_known {",
      "  default 1;",
      ...["127.0.0.0/8", "::1", ...unknown].map((range) => `  ${range} 0;`),
      "}",
      // One client has a whole /64 of IPv6.
      "map $remote_addr $client {",
      "  default $remote_addr;",
      '  "~^(?<client_network>[0-9a-f]*:[0-9a-f]*:[0-9a-f]*:[0-9a-f]*:)" $client_network;',
      "}",
      ...all.flatMap(([kind, perMinute]) => [
        `map "$client_known $request_method $uri" $client_${zone(kind)} {`,
        '  default "";',
        ...REQUESTS[kind].map((request) => `  "~^1 ${request}/?$" $client;`),
        "}",
        `limit_req_zone $client_${zone(kind)} zone=${zone(kind)}:10m rate=${perMinute}r/m;`,
      ]),
      "",
    ],
    server: [
      "  limit_req_status 429;",
      // The access log has each of them.
      "  limit_req_log_level notice;",
      "  error_page 429 @too-many;",
      "  location @too-many {",
      "    default_type application/json;",
      ...headers.map((header) => `    add_header ${header};`),
      "    add_header Retry-After 60 always;",
      `    return 429 '{"error":"Too many requests"}';`,
      "  }",
    ],
    location: all.map(([kind, perMinute]) => `    limit_req zone=${zone(kind)} burst=${perMinute} nodelay;`),
  };
}

function zone(kind: Kind): string {
  return kind === "signUp" ? "sign_up" : kind;
}
