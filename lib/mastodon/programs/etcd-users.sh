#!/bin/bash
# Makes the users of etcd, of which patroni may write below /service only, and closes etcd to everybody else. Members may do it at the same time, and
# each goes on where another, or itself, was cut off.
set -uo pipefail
# shellcheck disable=SC1090
. "$SECRETS"
until curl -fsS -m 2 "http://127.0.0.1:$ETCD_PORT/health" 2>/dev/null | grep '"health":"true"' >/dev/null; do sleep 1; done
may() {
  "$CONSOLE" user get patroni 2>/dev/null | grep 'Roles: patroni' >/dev/null &&
    "$CONSOLE" role get patroni 2>/dev/null | grep -F '/service/' >/dev/null
}
! may || exit 0
open() { etcdctl --endpoints="http://127.0.0.1:$ETCD_PORT" --command-timeout=5s "$@" >/dev/null 2>&1; }
open user add root --interactive=false <<<"$ETCD_PASSWORD"
open user grant-role root root
open auth enable
closed() { "$CONSOLE" "$@" >/dev/null 2>&1; }
closed role add patroni
closed role grant-permission patroni --prefix=true readwrite /service/
closed user add patroni --interactive=false <<<"$ETCD_PASSWORD"
closed user grant-role patroni patroni
may
