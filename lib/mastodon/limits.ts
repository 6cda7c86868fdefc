// Limits and intervals that several files share.

/** How long Puma may finish running requests, and Sidekiq running jobs, after a stop signal. Requests and most jobs are shorter. */
export const STOP_SECONDS = 60;
/** How long after that systemd kills a container's process: podman needs some seconds to stop it. */
export const KILL_AFTER_SECONDS = 30;

/** How long a query may wait in PgBouncer for a server connection. */
export const POOLER_WAIT_SECONDS = 20;
