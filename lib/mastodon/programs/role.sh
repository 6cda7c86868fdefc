#!/bin/bash
# Makes the role and the database of ENV_FILE with the user of ADMIN_FILE, if they are not there, and gives the role its password.
set -euo pipefail

setting() { sed -n "s/^$1=//p" "$ENV_FILE"; }
role=$(setting DB_USER) database=$(setting DB_NAME) password=$(setting DB_PASS)
admin() { "$SQL_COMMAND" "$ADMIN_FILE" -v ON_ERROR_STOP=1 -v role="$role" -v database="$database" -XAtq "$@"; }

# As long as the role can log in, nobody needs more rights than it has.
! "$SQL_COMMAND" "$ENV_FILE" -XAtqc 'select 1' >/dev/null 2>&1 || exit 0
admin -c 'select 1' >/dev/null
admin <<'SQL'
set client_min_messages = warning;
select format('create role %I login', :'role') where not exists (select from pg_roles where rolname = :'role') \gexec
-- Who is no superuser may make a database for those roles only that it is a member of.
select format('grant %I to %I', :'role', current_user) where not (select rolsuper from pg_roles where rolname = current_user) \gexec
SQL
# psql asks for the password where it has no terminal on its standard input, and sends a hash of it: it stands neither in an argument of a process nor
# in the server's log.
printf '%s\n' "$password" "$password" | setsid -w "$SQL_COMMAND" "$ADMIN_FILE" -XAtqc "\password \"$role\""
admin <<'SQL'
set client_min_messages = warning;
select format('create database %I owner %I encoding ''UTF8'' template template0', :'database', :'role')
  where not exists (select from pg_database where datname = :'database') \gexec
SQL
echo "the role $role has its password, and the database $database is there"
