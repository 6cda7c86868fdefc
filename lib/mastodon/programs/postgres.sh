# shellcheck shell=bash
# Makes the first cluster, or takes over the one on the disk. Debian keeps the settings in /etc, which a machine that is made anew has lost; those
# that Patroni has left beside the data are of no use to a single server.
etc=/etc/postgresql/$MAJOR/main
systemctl stop "$UNIT" || true
if [ ! -e "$etc/postgresql.conf" ]; then
  if [ -e "$DATA/PG_VERSION" ]; then
    rm -f "$DATA"/patroni.dynamic.json "$DATA"/postgresql.base.conf "$DATA"/pg_hba.conf.backup "$DATA"/postgresql.conf.backup
    for name in postgresql pg_hba pg_ident; do
      install -o postgres -g postgres -m 0640 "/usr/share/postgresql/$MAJOR/$name.conf.sample" "$DATA/$name.conf"
    done
  fi
  pg_createcluster "$MAJOR" main
fi
install -d -o postgres -g postgres "$etc/conf.d"
install -o postgres -g postgres -m 0640 "$CONF" "$etc/conf.d/50-mastodon.conf"
install -o postgres -g postgres -m 0640 "$HBA" "$etc/pg_hba.conf"
systemctl enable "$UNIT"
systemctl restart "$UNIT"
[ -e "$DATA/standby.signal" ] || runuser -u postgres -- "$ROLES"
# Those of former standbys would keep log for them.
[ -e "$DATA/standby.signal" ] || runuser -u postgres -- psql -XAtqc "select pg_drop_replication_slot(slot_name) from pg_replication_slots
  where slot_type = 'physical' and not active and slot_name ~ '^${SLOTS}[0-9]+\$'" postgres >/dev/null
