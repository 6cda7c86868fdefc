#!/bin/bash
# Adds one rule to this machine's firewall, before all others, for now and for each boot.
if [ -n "$NAME" ]; then
  # Its package makes the same user, unless it is there.
  id "$NAME" >/dev/null 2>&1 || useradd --system --no-create-home --shell /bin/false "$NAME"
  RULE=${RULE/@/$(id -u "$NAME")}
fi
line="insert rule inet host $RULE accept"
if ! grep -qxF "$line" /etc/nftables.conf; then
  echo "$line" >>/etc/nftables.conf
fi
nft -f /etc/nftables.conf
