#!/bin/bash
# psql with the database settings of an env file: mastodon-sql FILE [psql's arguments].
set -euo pipefail
file=$1
shift
# The file is read line by line, not sourced: values are literal, as podman reads them. Split by IFS, a value would lose a = at its end.
while IFS= read -r line; do
  name=${line%%=*} value=${line#*=}
  case $name in
    DB_HOST) export PGHOST=$value ;;
    DB_PORT) export PGPORT=$value ;;
    DB_NAME) export PGDATABASE=$value ;;
    DB_USER) export PGUSER=$value ;;
    DB_PASS) export PGPASSWORD=$value ;;
    DB_SSLMODE) export PGSSLMODE=$value ;;
    PGSSLROOTCERT) export PGSSLROOTCERT=$value ;;
  esac
done <"$file"
export PGCONNECT_TIMEOUT=5
exec psql "$@"
