# shellcheck shell=bash
# Makes the role of the exporter, which may read what PostgreSQL counts. It waits for no lock of a
# migration: what it would have read is missing then.
psql -v ON_ERROR_STOP=1 -Xq -d postgres <<'SQL'
SET synchronous_commit = 'local';
SELECT 'CREATE ROLE prometheus LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'prometheus') \gexec
SELECT 'GRANT pg_monitor TO prometheus' WHERE NOT pg_has_role('prometheus', 'pg_monitor', 'member') \gexec
ALTER ROLE prometheus LOGIN CONNECTION LIMIT 6;
ALTER ROLE prometheus SET default_transaction_read_only = 'on';
ALTER ROLE prometheus SET statement_timeout = '8s';
ALTER ROLE prometheus SET lock_timeout = '1s';
SQL
