# shellcheck shell=bash
# Has both processes of PgBouncer read their files again, and tells what only a restart brings.
ini=/etc/pgbouncer/pgbouncer.ini
keys=$(diff "$(before $ini)" $ini | sed -n 's/^[<>] \([a-z_]*\) =.*/\1/p' | sort -u || true)
for process in 1 2; do
  runs "pgbouncer@$process" || continue
  pgbouncer-console "@$process" -Atqc RELOAD
  [ "$process" = 1 ] || continue
  fixed=$(pgbouncer-console @1 -Atqc 'SHOW CONFIG' | awk -F '|' '$4 == "no" { print $1 }')
  waiting=$(grep -xF -e "$fixed" <<<"$keys" | paste -sd , | sed 's/,/, /g' || true)
  [ -z "$waiting" ] || echo "$waiting of PgBouncer: takes effect after a restart: systemctl restart pgbouncer"
done
