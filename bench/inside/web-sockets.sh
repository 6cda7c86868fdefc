#!/bin/bash
# What programs and the kernel of a machine hold, one fact in a line: memory in KiB in proportion where processes share it, and open files.
# WORKERS is how many workers nginx is to have from now on, or nothing.
set -euo pipefail

if [ -n "${WORKERS:-}" ]; then
  sed -i "s/^worker_processes .*/worker_processes $WORKERS;/" /etc/nginx/nginx.conf
  systemctl restart nginx
  sleep 2
fi

of() {
  local name=$1 pid processes=0 kib=0 files=0 most=0 limit=0 open
  shift
  for pid in $(pgrep "$@" || true); do
    processes=$((processes + 1))
    kib=$((kib + $(awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup")))
    open=$(find "/proc/$pid/fd" -mindepth 1 | wc -l)
    files=$((files + open))
    [ "$open" -le "$most" ] || most=$open
    limit=$(awk '/^Max open files/ { print $4 }' "/proc/$pid/limits")
  done
  echo "$name processes $processes"
  echo "$name kib $kib"
  echo "$name files $files"
  echo "$name most $most"
  echo "$name limit $limit"
}

of nginx -f "^nginx: worker"
of node -f "^node .*streaming/index.js"
of haproxy -x haproxy
awk '/^TCP:/ { print "kernel sockets " $3 }' /proc/net/sockstat
echo "kernel tracked $(cat /proc/sys/net/netfilter/nf_conntrack_count 2>/dev/null || echo 0)"
