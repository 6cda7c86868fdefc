// Limits and intervals that programs of several files must agree on. Those of Mastodon and its data stand in `lib/mastodon/limits.ts`, and those
// that one file alone has in that file.

/** How long a front door waits for the answer to a health check. What answers on a machine must do so within this time, also when it is busy. */
export const HEALTH_TIMEOUT_SECONDS = 5;

/**
 * TCP's questions on a silent connection. A machine that loses power closes no connection; with these its peers close theirs after
 * 5 + 3 × 2 = 11 s. The kernel's own settings need two hours.
 */
export const KEEPALIVE = { idleSeconds: 5, intervalSeconds: 2, probes: 3 } as const;

/** Open files of nginx or HAProxy, which use two for each connection. Debian's units leave them 1024. */
export const PROXY_OPEN_FILES = 16_384;
