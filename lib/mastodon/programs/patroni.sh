# shellcheck shell=bash
# PostgreSQL is Patroni's alone: Debian's own units stay off.
systemctl disable --now postgresql.service 2>/dev/null || true
touch "$PREPARED" "$PENDING"
systemctl daemon-reload
systemctl enable "$PATRONI_UNIT.service"
systemctl restart --no-block "$PATRONI_UNIT.service"
