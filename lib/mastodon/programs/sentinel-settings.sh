# shellcheck shell=bash
# Gives a running sentinel the times that have changed. Whom it watches comes with a renewal, since others must know it as well.
file=/etc/redis/sentinel.masters
runs redis-sentinel || exit 0
while read -r _ key name value; do
  # It does not watch that one before its renewal.
  grep -q "^sentinel monitor $name " $file || continue
  words=$(sentinel-console sentinel set "$name" "$key" "$value" 2>&1 </dev/null) || true
  [ "$words" = OK ] || { echo "the sentinel does not take $key of $name: ${words%%$'\n'*}" >&2; exit 1; }
done < <(grep -vxF -f "$(before $file)" $file)
