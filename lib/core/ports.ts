// Ports that core and the clouds use. Those of Mastodon and its data are in `lib/mastodon/ports.ts`.

/** The port of nginx on a machine, and of front doors without TLS. */
export const HTTP_PORT = 80;
export const HTTPS_PORT = 443;

/**
 * The port of the readiness check, for clouds that check over the network (`CloudCan.readinessPort`). No service of a host uses it. The same number
 * on all clouds keeps flow tables comparable.
 */
export const READINESS_PORT = 9180;
/** Name servers. */
export const DNS_PORT = 53;
/** Time servers. */
export const TIME_PORT = 123;
