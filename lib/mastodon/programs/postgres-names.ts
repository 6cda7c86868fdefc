// Where things are on a PostgreSQL machine; its programs, scripts and tests must agree on them.

export const MAJOR = 17;
export const DISK = "/var/lib/postgresql";
export const DATA = `${DISK}/${MAJOR}/main`;
export const BIN = `/usr/lib/postgresql/${MAJOR}/bin`;
/** PostgreSQL on one machine, and its settings. */
export const UNIT = `postgresql@${MAJOR}-main`;
export const CONF = "/etc/mastodon/postgres/50-mastodon.conf";
export const HBA = "/etc/mastodon/postgres/pg_hba.conf";
/** Passwords as lines NAME=value, for scripts and units. */
export const SECRETS = "/etc/mastodon/postgres/secrets";
export const ROLES = "/usr/local/sbin/postgres-roles";
/** With standbys Patroni runs it. */
export const PATRONI_UNIT = "patroni";
/** Its command, with the settings and passwords of the machine. */
export const PATRONICTL = "/usr/local/sbin/patronictl";
/** The settings of this machine. */
export const PATRONI_CONF = "/etc/patroni/config.yml";
/** Those of all machines, which Patroni keeps in etcd. */
export const DYNAMIC = "/etc/patroni/dynamic.json";
/** Without a login session, which would fill the journal: what is asked here is asked each second. */
export const AS_POSTGRES = "env HOME=/var/lib/postgresql setpriv --reuid=postgres --regid=postgres --init-groups --inh-caps=-all";
/** A file here while this standby is in time. */
export const STATUS = "/run/postgres-status";
