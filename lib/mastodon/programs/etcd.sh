# shellcheck shell=bash
# etcd's package enables it; without this file it does not start before its disk is mounted and its peers have names.
touch "$PREPARED"
install -d -o etcd -g etcd -m 0700 "$DIRECTORY"
systemctl daemon-reload
systemctl enable etcd.service etcd-users.service
systemctl restart --no-block etcd.service etcd-users.service
