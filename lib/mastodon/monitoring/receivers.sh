# shellcheck shell=bash
umask 027
# URLs, keys and passwords of whom Alertmanager tells: each in a file of its own, as it reads them.
install -d -m 0750 -o root -g prometheus "$DIRECTORY"
rm -f "$DIRECTORY"/*
while read -r name value; do
  case $name in
    '') ;;
    *.base64) base64 -d <<<"$value" >"$DIRECTORY/${name%.base64}" ;;
    *) printf '%s\n' "$value" >"$DIRECTORY/$name" ;;
  esac
done <"$RECEIVERS"
chgrp -R prometheus "$DIRECTORY"
