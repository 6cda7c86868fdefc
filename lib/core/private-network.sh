# shellcheck shell=bash
# Some clouds attach the private interface after the machine has started.
for _ in $(seq 120); do ip -4 -o addr show | grep -q " $PATTERN" && break; sleep 1; done
ip -4 -o addr show | grep -q " $PATTERN" || { echo "boot: no address in $NETWORK after 120 s" >&2; exit 1; }
