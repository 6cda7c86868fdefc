# shellcheck shell=bash
# Reads this machine's secrets from AWS' Parameter Store, by the rights of its role, into files of their names. It asks until it has all: the rights of a new
# role and the way to the Internet may come later than the machine. /run is empty after a restart; by then the values are in the files that need them.
install -d -m 0700 "$DIRECTORY"
read -ra rest <<<"$NAMES"
end=$((SECONDS + LIMIT_SECONDS)) told=
while [ ${#rest[@]} -gt 0 ]; do
  # A request takes ten names.
  asked=("${rest[@]:0:10}")
  if answer=$(AWS_RETRY_MODE=standard AWS_MAX_ATTEMPTS=2 aws ssm get-parameters --region "$REGION" --with-decryption --output json \
    --cli-connect-timeout 10 --cli-read-timeout 20 --names "${asked[@]/#/$STORE}" 2>"$DIRECTORY/.why"); then
    why=$(printf %s "$answer" | jq -r --argjson asked ${#asked[@]} \
      'if (.Parameters | length) == $asked then "has all" else "there is no " + (.InvalidParameters | join(", ")) end' 2>/dev/null) || why=
  else
    why=$(grep -v '^[[:space:]]*$' "$DIRECTORY/.why" | tail -n 1) || why=
  fi
  if [ "$why" = "has all" ]; then
    for name in "${asked[@]}"; do
      # Through a pipe: a text after <<< may be written to a disk.
      (umask 077 && printf %s "$answer" | jq -je --arg name "$STORE$name" '.Parameters[] | select(.Name == $name) | .Value' >"$DIRECTORY/$name")
    done
    rest=("${rest[@]:10}")
    continue
  fi
  why=${why:-no answer}
  [ "$why" = "$told" ] || echo "boot: waits for secrets: $why"
  told=$why
  if [ "$SECONDS" -ge "$end" ]; then
    echo "boot: no secrets after $LIMIT_SECONDS s; the boot begins again" >&2
    exit 1
  fi
  sleep "$PAUSE_SECONDS"
done
rm -f "$DIRECTORY/.why"
unset answer
echo "boot: has the secrets $NAMES with the numbers $NUMBERS"
