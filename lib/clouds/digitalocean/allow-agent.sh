# shellcheck shell=bash
# Allows the user of DigitalOcean's monitoring agent to use the metadata service, by one rule of this machine's firewall before all others.
# The agent's package makes the same user, unless it exists.
id "$AGENT" >/dev/null 2>&1 || useradd --system --no-create-home --shell /bin/false "$AGENT"
rule="insert rule inet host output meta skuid $(id -u "$AGENT") ip daddr $METADATA accept"
grep -qxF "$rule" /etc/nftables.conf || echo "$rule" >>/etc/nftables.conf
nft -f /etc/nftables.conf
