#!/bin/bash
# Makes Mastodon's roles and its database, and sets their passwords; as the user postgres, on the primary. Safe to run again.
# Passwords come from the environment: an argument would show in the process list, and a failed statement in the log.
set -euo pipefail
# Patroni calls it also for standbys: postgres-roles ACTION ROLE CLUSTER.
[ "${2:-primary}" = primary ] || exit 0
# It does so when a promotion has begun; until that has ended nothing can be written.
for _ in $(seq 60); do
  [ "$(psql -XAtqc 'select pg_is_in_recovery()' postgres)" != f ] || break
  sleep 1
done
set -a
# shellcheck disable=SC1090
. "$SECRETS"
set +a
psql -v ON_ERROR_STOP=1 -Xq -d postgres <<'SQL'
\getenv database_password DATABASE_PASSWORD
\getenv replication_password REPLICATION_PASSWORD
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
-- No standby can be there before these roles are.
SET synchronous_commit = 'local';
SELECT 'CREATE ROLE mastodon LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mastodon') \gexec
SELECT 'CREATE ROLE replicator LOGIN REPLICATION' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'replicator') \gexec
ALTER ROLE mastodon PASSWORD :'database_password';
ALTER ROLE replicator LOGIN REPLICATION PASSWORD :'replication_password';
SELECT 'CREATE DATABASE mastodon OWNER mastodon' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'mastodon') \gexec
-- What pg_rewind reads.
GRANT EXECUTE ON FUNCTION pg_ls_dir(text, boolean, boolean), pg_stat_file(text, boolean), pg_read_binary_file(text),
  pg_read_binary_file(text, bigint, bigint, boolean) TO replicator;
SQL
