# shellcheck shell=bash
# Sentinel owns its file: it remembers who is master and who else watches. All that it does not learn by itself comes from here.
conf=/var/lib/redis/sentinel.conf
systemctl stop redis-sentinel.service
{
  cat /etc/redis/sentinel.settings
  [ ! -s $conf ] || grep -E '^sentinel (myid|monitor|config-epoch|leader-epoch|current-epoch|known-replica|known-sentinel) ' $conf || true
} >$conf.new
while read -r words; do
  name=$(cut -d ' ' -f 3 <<<"$words")
  [[ $words = "sentinel monitor "* ]] && grep -q "^sentinel monitor $name " $conf.new || echo "$words" >>$conf.new
done </etc/redis/sentinel.masters
chown redis:redis $conf.new && chmod 0640 $conf.new && mv $conf.new $conf
chown redis:redis /var/lib/redis
systemctl daemon-reload
systemctl enable redis-sentinel.service
systemctl restart --no-block redis-sentinel.service
