# shellcheck shell=bash
# Whom this machine finds by name. Its own address is looked up here: where the cloud computes it, a boot text cannot hold it.
sed -i '/^# cdktf-mastodon begin$/,/^# cdktf-mastodon end$/d; / # cdktf-mastodon$/d' /etc/hosts
if [ -n "$NAME" ]; then
  own=$(ip -4 -o addr show | awk '{ sub("/.*", "", $4); print $4 }' | grep -m 1 "^$PATTERN")
  sed -i '/^127\.0\.1\.1[[:space:]]/d' /etc/hosts
  echo "$own $NAME # cdktf-mastodon" >>/etc/hosts
fi
printf '# cdktf-mastodon begin%s# cdktf-mastodon end\n' "$MAPPED" >>/etc/hosts
