# shellcheck shell=bash
# Prometheus keeps its metrics on the disk.
install -d -m 0750 "$DIRECTORY/prometheus"
chown -R prometheus:prometheus "$DIRECTORY/prometheus"
promtool check config "$CONFIG" >/dev/null
