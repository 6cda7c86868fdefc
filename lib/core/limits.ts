// Limits and intervals that several files use. Those of Mastodon and its data are in `lib/mastodon/limits.ts`; those used by one file are in that
// file.

/** Time-out of the front door's health checks. A machine must answer within this time, also under load. */
export const HEALTH_TIMEOUT_SECONDS = 5;

/**
 * TCP keepalive. A machine that loses power does not close its connections; with these settings its peers close them after 5 + 3 × 2 = 11 s. The
 * kernel's defaults take two hours.
 */
export const KEEPALIVE = { idleSeconds: 5, intervalSeconds: 2, probes: 3 } as const;

/** Limit of open files for nginx or HAProxy, which use two for each connection. Debian's units allow 1024. */
export const PROXY_OPEN_FILES = 16_384;

/**
 * Local ports of outgoing connections. One address has so many connections to one port of another. The kernel's own range is 32768 to 60999; the wider
 * one begins above the lowest ports on which programs of our machines listen.
 */
export const LOCAL_PORTS = { ofTheKernel: 28_232, widened: { first: 10_240, last: 65_535 } } as const;
