# shellcheck shell=bash
# Prometheus keeps its metrics on the disk.
install -d -m 0750 -o prometheus -g prometheus "$DIRECTORY/prometheus"
promtool check config "$CONFIG" >/dev/null
