#!/bin/bash
# Gives Patroni the settings of all machines, once after this machine was made, when some machine is primary. It would end a pause, so it waits.
set -uo pipefail
settings() { curl -fsS -m 5 "http://127.0.0.1:$PATRONI_PORT/config" 2>/dev/null; }
until now=$(settings) && ! grep '"pause": true' <<<"$now" >/dev/null &&
  timeout 30 "$PATRONICTL" edit-config --force --quiet --replace "$DYNAMIC" >/dev/null 2>&1; do sleep 5; done
rm -f "$PENDING"
