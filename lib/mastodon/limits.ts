// Limits and intervals of Mastodon and its data that several files must agree on.

/** How long Puma may go on with requests in hand, and Sidekiq with jobs, once they are to stop. Whole requests and most jobs are shorter. */
export const STOP_SECONDS = 60;
/** How long after that systemd kills a container's process: podman needs some seconds to stop it. */
export const KILL_AFTER_SECONDS = 30;

/** How long PgBouncer lets a query wait for a server connection. */
export const POOLER_WAIT_SECONDS = 20;
