#!/bin/bash
# Patroni's command with the settings and passwords of this machine: patronictl list
set -euo pipefail
set -a
# shellcheck disable=SC1090
. "$ENVIRONMENT"
export LC_ALL=C.UTF-8
exec /usr/bin/patronictl -c "$PATRONI_CONF" "$@"
