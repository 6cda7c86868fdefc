#!/bin/bash
# Frees what etcd no longer needs on this member's disk, and keeps a snapshot beside it.
set -euo pipefail
"$CONSOLE" --command-timeout=60s snapshot save "$DIRECTORY/snapshot.new" >/dev/null
mv "$DIRECTORY/snapshot.new" "$DIRECTORY/snapshot"
"$CONSOLE" --command-timeout=60s defrag >/dev/null
# It refuses all writes once its limit was reached, also when there is room again.
"$CONSOLE" alarm disarm >/dev/null
