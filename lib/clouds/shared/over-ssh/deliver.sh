#!/usr/bin/env bash
# Has a machine take its settings over SSH. Inputs are environment variables:
#   HOST  HOST_KEY_NAME  NAME  SETTINGS  [LIMIT_SECONDS=600]
# It is the caller's own `ssh`, with his agent and his ~/.ssh/config. A host key is believed the first time and then remembered; the name under which it
# is remembered is that of the machine and not its address, which another machine may have later.
set -euo pipefail
for name in HOST HOST_KEY_NAME NAME SETTINGS; do
  [ -n "${!name:-}" ] || { echo "deliver: $name is not set" >&2; exit 2; }
done
options=(-o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 -o LogLevel=ERROR
  -o StrictHostKeyChecking=accept-new -o "HostKeyAlias=$HOST_KEY_NAME")
# First, so that a text that cannot be unpacked ends the delivery.
text=$(base64 -d <<<"$SETTINGS" | gunzip)
# A new machine takes a while until it lets anybody in.
until words=$(ssh "${options[@]}" "root@$HOST" true 2>&1 </dev/null); do
  case $words in
    *"REMOTE HOST IDENTIFICATION HAS CHANGED"* | *"Host key verification failed"*)
      echo "$NAME: its host key is not the one that is remembered as $HOST_KEY_NAME, so it has not got its settings" >&2
      exit 1
      ;;
  esac
  if [ $SECONDS -ge "${LIMIT_SECONDS:-600}" ]; then
    echo "$NAME: no way in by SSH to root@$HOST after $SECONDS s, so it has not got its settings: ${words##*$'\n'}" >&2
    exit 1
  fi
  sleep 5
done
# Root alone reads the text, which holds secrets; it is a file, since what it runs might read its input.
# shellcheck disable=SC2016 # The machine's shell fills it in.
take='umask 077; file=$(mktemp /run/take-settings.XXXXXX) && cat >"$file" && bash "$file"; status=$?; rm -f "$file"; exit $status'
ssh "${options[@]}" "root@$HOST" "$take" <<<"$text"
