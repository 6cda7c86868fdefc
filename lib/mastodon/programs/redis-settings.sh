# shellcheck shell=bash
# Gives a running Redis each setting that has changed, and tells what only a restart brings.
file=/etc/redis/$NAME.settings
runs "redis-server@$NAME" || exit 0
REDISCLI_AUTH=$(sed -n 's/^requirepass //p' "$file")
export REDISCLI_AUTH
ask() { timeout 10 redis-cli -p "$PORT" "$@" 2>&1; }
words=$(ask config get maxmemory) || true
[[ $words = maxmemory* ]] || { echo "Redis $NAME does not answer: ${words%%$'\n'*}" >&2; exit 1; }
waiting=()
while read -r key value; do
  [ "$value" != '""' ] || value=""
  [ "$(ask config set "$key" "$value" </dev/null)" = OK ] || waiting+=("$key")
done < <(grep -vxF -f "$(before "$file")" "$file")
# What the page says no longer is Redis' own default again, which it tells nobody.
while read -r key _; do
  [ -z "$key" ] || grep -q "^$key " "$file" || waiting+=("$key")
done < <(grep -vxF -f "$file" "$(before "$file")")
[ ${#waiting[@]} = 0 ] || echo "${waiting[*]} of Redis $NAME: takes effect after a restart: systemctl restart redis-server@$NAME"
