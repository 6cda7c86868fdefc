# shellcheck shell=bash
# Prometheus and Alertmanager keep what they have on the disk.
install -d -m 0750 -o prometheus -g prometheus "$DIRECTORY/prometheus" "$DIRECTORY/alertmanager"
promtool check config "$CONFIG" >/dev/null
