#!/bin/bash
# etcdctl with all rights, at the member of this machine: etcd-console member list
set -euo pipefail
# shellcheck disable=SC1090
. "$SECRETS"
export ETCDCTL_USER="root:$ETCD_PASSWORD" ETCDCTL_ENDPOINTS=${ETCDCTL_ENDPOINTS:-http://127.0.0.1:$ETCD_PORT}
exec etcdctl --command-timeout=5s "$@"
