# shellcheck shell=bash
install -d -m 0750 "$DIRECTORY/prometheus"
# What is on a kept disk may belong to the number that another machine gave to this user.
chown -R prometheus:prometheus "$DIRECTORY/prometheus"
promtool check config "$CONFIG" >/dev/null
