// Where things are on a PostgreSQL machine; its programs, scripts and tests must agree on them.

export const CONF = "/etc/mastodon/postgres/50-mastodon.conf";
export const HBA = "/etc/mastodon/postgres/pg_hba.conf";
export const SECRETS = "/etc/mastodon/postgres/secrets";
export const PASSFILE = "/etc/mastodon/postgres/replicator.pgpass";
export const ROLE = "/etc/mastodon/postgres/role";
export const UNIT = "postgresql@17-main";
/** Without a login session, which would fill the journal: what is asked here is asked each second. */
export const AS_POSTGRES = "env HOME=/var/lib/postgresql setpriv --reuid=postgres --regid=postgres --init-groups --inh-caps=-all";
export const PLACE = "/var/lib/postgresql/17/main";
/** The machines that were heard of, each as address@name; on the disk, since the machine may be made anew. */
export const PEERS = "/var/lib/postgresql/peers";
/** The path of the status endpoint with the machine's role. */
export const STATUS = "/run/postgres-status";
