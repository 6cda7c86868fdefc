# shellcheck shell=bash
# Has PostgreSQL read its settings again. What only a restart brings is told and left to a person: all sessions would end with it.
server=/etc/postgresql/17/main
# A machine that waits for its first copy has no cluster yet, and gets the files with it.
[ -d $server/conf.d ] || { runs "$UNIT" || true; exit 0; }
# shellcheck disable=SC2086 # It is several words.
sql() { timeout 10 $AS_POSTGRES psql -XAtqc "$1"; }

install -o postgres -g postgres -m 0640 "$CONF" $server/conf.d/50-mastodon.conf
install -o postgres -g postgres -m 0640 "$HBA" $server/pg_hba.conf
# Nothing but the error is printed.
# shellcheck disable=SC2086
$AS_POSTGRES /usr/lib/postgresql/17/bin/postgres -C max_connections -D "$PLACE" -c config_file=$server/postgresql.conf >/dev/null
runs "$UNIT" || exit 0
wrong=$(sql "select string_agg('line ' || line_number || ' of pg_hba.conf: ' || error, ', ') from pg_hba_file_rules where error is not null")
[ -z "$wrong" ] || { echo "$wrong" >&2; exit 1; }
# Otherwise every commit would wait until a standby has its first copy.
if grep -q '^synchronous_standby_names' "$CONF" && [ "$(sql 'select pg_is_in_recovery()')" = f ] &&
  [ "$(sql 'show synchronous_standby_names')" = '' ] && [ "$(sql 'select count(*) from pg_stat_replication')" = 0 ]; then
  echo "commits are to wait for a standby, and none follows yet: deploy again when one does" >&2
  exit 1
fi
loaded=$(sql 'select pg_conf_load_time()')
systemctl reload "$UNIT"
for _ in $(seq 50); do
  [ "$(sql 'select pg_conf_load_time()')" = "$loaded" ] || break
  sleep 0.2
done
waiting=$(sql "select string_agg(name, ', ' order by name) from pg_settings where pending_restart")
[ -z "$waiting" ] || echo "$waiting of PostgreSQL: takes effect after a restart (a higher max_connections on standbys first, a lower one on the primary first): systemctl restart $UNIT"
