# shellcheck shell=bash
# Has PostgreSQL read its settings again. What only a restart brings is told and left to a person: all sessions would end with it.
server=/etc/postgresql/$MAJOR/main
# shellcheck disable=SC2086 # It is several words.
sql() { timeout 10 $AS_POSTGRES psql -XAtqc "$1"; }

install -o postgres -g postgres -m 0640 "$CONF" "$server/conf.d/50-mastodon.conf"
install -o postgres -g postgres -m 0640 "$HBA" "$server/pg_hba.conf"
# Nothing but the error is printed.
# shellcheck disable=SC2086
$AS_POSTGRES "$BIN/postgres" -C max_connections -D "$DATA" -c config_file="$server/postgresql.conf" >/dev/null
runs "$UNIT" || exit 0
wrong=$(sql "select string_agg('line ' || line_number || ' of pg_hba.conf: ' || error, ', ') from pg_hba_file_rules where error is not null")
[ -z "$wrong" ] || { echo "$wrong" >&2; exit 1; }
loaded=$(sql 'select pg_conf_load_time()')
systemctl reload "$UNIT"
for _ in $(seq 50); do
  [ "$(sql 'select pg_conf_load_time()')" = "$loaded" ] || break
  sleep 0.2
done
waiting=$(sql "select string_agg(name, ', ' order by name) from pg_settings where pending_restart")
[ -z "$waiting" ] || echo "$waiting of PostgreSQL: takes effect after a restart: systemctl restart $UNIT"
