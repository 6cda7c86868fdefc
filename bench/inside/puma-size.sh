#!/bin/bash
# Starts Puma anew with other numbers, on a web machine that then keeps to some processors: `puma-size PROCESSES THREADS PROCESSORS QUEUE`.
# QUEUE is HAProxy's section for Puma. Prints the memory of Puma's processes in KiB, as `puma-size` alone does.
set -euo pipefail

if [ $# -gt 0 ]; then
  sed -i "s/^WEB_CONCURRENCY=.*/WEB_CONCURRENCY=$1/; s/^MAX_THREADS=.*/MAX_THREADS=$2/" /etc/mastodon/web.env
  # The file keeps its mode, since it holds passwords.
  config=$(QUEUE=$4 awk '/^# to / { puma = $0 == "# to Puma"; if (puma) print ENVIRON["QUEUE"] } !puma' /etc/haproxy/haproxy.cfg)
  printf '%s\n' "$config" >/etc/haproxy/haproxy.cfg
  systemctl restart haproxy mastodon-web
  until curl -fsS -m 2 -o /dev/null http://127.0.0.1/health 2>/dev/null; do sleep 0.2; done
  for _ in $(seq 50); do
    mapfile -t workers < <(pgrep -f '^puma: cluster worker')
    [ ${#workers[@]} -ne "$1" ] || break
    sleep 0.2
  done
  [ ${#workers[@]} -eq "$1" ] || { echo "Puma has ${#workers[@]} processes and not $1" >&2 && exit 1; }
  # What they start later inherits it. A container that starts does not.
  for process in /proc/[0-9]*; do
    taskset -acp "$3" "${process#/proc/}" >/dev/null 2>&1 || true
  done
  for worker in "${workers[@]}"; do
    said=$(taskset -cp "$worker")
    [ "${said##*: }" = "$3" ] || { echo "not kept to the processors $3: $said" >&2 && exit 1; }
  done
fi

# In proportion where they share it.
for process in $(pgrep -f '^puma'); do
  cat "/proc/$process/smaps_rollup" 2>/dev/null || true
done | awk '/^Pss:/ { sum += $2 } END { print sum + 0 }'
