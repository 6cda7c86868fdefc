#!/bin/bash
# Writes the targets of this member to each monitoring machine, again and again; with the word `gone` it removes them.
set -uo pipefail
name=$(hostname)
each() {
  local monitor
  for monitor in $MONITORS; do
    curl -sS -o /dev/null -f -m 5 "$@" "http://$monitor:$TARGETS_PORT/members/$name.json" 2>/dev/null
  done
}
[ "${1:-}" != gone ] || { each -X DELETE; exit 0; }
while true; do
  address=$(ip -4 -o addr show | awk -v start="$PATTERN" '{ split($4, part, "/") } index(part[1], start) == 1 { print part[1]; exit }')
  if [ -n "$address" ]; then
    sed "s/@ADDRESS@/$address/; s/@NAME@/$name/" "$FILE" >"/run/own-targets.json"
    each -T /run/own-targets.json
  fi
  sleep "$REGISTERED_SECONDS"
done
