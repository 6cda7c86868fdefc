# shellcheck shell=bash
address=$(ip -4 -o addr show | awk -v start="$START" '{ split($4, part, "/") } index(part[1], start) == 1 && !found++ { print part[1] }')
sed -i "s/$OWN_ADDRESS/$address/" "$OPTIONS"
