// TCP ports that core and several clouds speak of. Those of Mastodon and its data stand in `lib/mastodon/ports.ts`.

/** Where nginx on a machine listens, and where front doors take requests without TLS. */
export const HTTP_PORT = 80;
export const HTTPS_PORT = 443;

/**
 * Where a host says whether it serves, for clouds that ask over the network (`CloudCan.readinessPort`). No service that runs on a host has it;
 * one number for all clouds makes flow tables alike.
 */
export const READINESS_PORT = 9180;
/** Name servers. */
export const DNS_PORT = 53;
/** Time servers. */
export const TIME_PORT = 123;
