#!/bin/bash
# Performs this machine's program. Safe to run again, also on a machine made anew over its disk.
set -euo pipefail
export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
exec 9>/run/boot.lock
flock 9
systemctl enable -q boot-again.service
[ "${1:-}" = again ] || trap '[ $? = 0 ] || systemctl restart --no-block boot-again.service' EXIT
# cloud-init has installed the packages already, unless it could not.
missing=$(for name in $PACKAGES; do dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || echo "$name"; done)
if [ -n "$missing" ]; then
  echo "boot: packages"
  apt-get -q update
  # shellcheck disable=SC2086 # Each of them is a word.
  DEBIAN_FRONTEND=noninteractive apt-get -qy -o Dpkg::Options::=--force-confold install $missing
fi
rm -f /usr/sbin/policy-rc.d
