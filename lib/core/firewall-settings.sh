# shellcheck shell=bash
# Has the kernel take the rules as one transaction: the machine is never without rules, and open connections stay open.
nft -f "$FIREWALL"
ports=$(sed -n 's/.* dport \([0-9]*\) accept # until .*/\1/p' "$FIREWALL" | sort -nu | paste -sd ' ')
[ -z "$ports" ] || echo "access that the page has no longer stays open until this machine is renewed, at the ports $ports"
