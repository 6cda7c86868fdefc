#!/bin/bash
# Copies the files that browsers load, such as scripts and styles, out of Mastodon's image, so that nginx serves them. Besides those of its own image
# a machine has the packs and assets of every image that another web machine serves, or has served within KEPT_SECONDS: a page that is open in a
# browser loads files of the release that made it, and the front door sends each request to any machine. Tables of ours in Mastodon's database
# record which images are served, and which machine has the files of which. `boot` ends when this machine may serve; `follow` keeps the tables and the
# files up to date.
set -uo pipefail

OWN=$DIRECTORY/own
OTHERS=$DIRECTORY/others
# The images whose files are here, this machine's own first.
HAS=$DIRECTORY/images
me=$(uname -n)
said=

# Through a pooler, if there is one: each question is one transaction, and sets nothing of the session.
sql() { timeout 20 "$SQL_COMMAND" "$ENV_FILE" -v ON_ERROR_STOP=1 -XAtqc "$1" 2>"$SAYS.psql"; }
why() {
  local line
  line=$(sed -n '/error\|fatal/I { p; q }' "$SAYS.psql")
  echo "${line:-$(sed -n 1p "$SAYS.psql")}"
}

# A line is printed once. Before the machine serves, `ready` prints it too.
say() {
  [ "$1" = "$said" ] || echo "$1"
  said=$1
  [ "$mode" = follow ] || echo "$1" >"$SAYS"
}

# `extract IMAGE DIRECTORY [NAME…]`: these folders of the image's public files, or everything but uploads. Times are kept: nginx makes the ETag of
# a file from its time and its length, and it must be the same on all machines.
extract() (
  image=$1 to=$2 had=yes folders=()
  shift 2
  podman image exists "$image" || had=no
  [ "$had" = yes ] || podman pull -q "$image" >/dev/null || exit 1
  # The last line of what failed is told, and that nothing is mounted yet is no failure.
  # A container that never runs: podman mounts no image of a store that others share.
  container=$(podman create --network none "$image" true) || exit 1
  # Its own image is Puma's too.
  [ "$image" != "$IMAGE" ] || had=yes
  trap 'cd / && podman umount "$container" >/dev/null 2>&1; podman rm "$container" >/dev/null; [ "$had" = yes ] || podman image rm "$image" >/dev/null' EXIT
  mounted=$(podman mount "$container") || exit 1
  rm -rf "$to" && install -d "$to" && cd "$mounted$PUBLIC" || exit 1
  for name in "${@:-.}"; do [ ! -e "$name" ] || folders+=("$name"); done
  [ ${#folders[@]} != 0 ] || exit 0
  tar -c --exclude=./system "${folders[@]}" | tar -x -C "$to" --no-same-owner || exit 1
  # nginx is not root.
  chmod -R a+rX "$to"
)

own() {
  [ "$(sed -n 1p "$HAS" 2>/dev/null)" != "$IMAGE" ] || return 0
  extract "$IMAGE" "$OWN.new" || return 1
  rm -rf "$OWN"
  mv "$OWN.new" "$OWN"
  # What is recorded must survive a loss of power.
  sync -f "$OWN"
  echo "$IMAGE" >"$HAS"
}

# Names of packs and assets have a hash of their content. Links, so that nginx never reads a file that is half written.
other() {
  local failed
  say "fetches the packs and assets of $1"
  if ! failed=$(extract "$1" "$OTHERS.new" packs assets 2>&1); then
    say "cannot fetch the packs and assets of $1: $(tail -n 1 <<<"$failed")"
    return 1
  fi
  install -d "$OTHERS"
  cp -rnl "$OTHERS.new/." "$OTHERS" || return 1
  rm -rf "$OTHERS.new"
  sync -f "$OTHERS"
  echo "$1" >>"$HAS"
}

# Of two sessions that make a table at once PostgreSQL fails one, also with "if not exists", so they take turns.
make_tables() {
  sql "
    do 'begin perform pg_advisory_xact_lock(hashtext(''cdktf_mastodon_releases'')); end';
    create table if not exists cdktf_mastodon_releases (image text primary key, served_at timestamptz not null default now());
    create table if not exists cdktf_mastodon_web (machine text primary key, seen_at timestamptz not null default now(), images text[] not null)"
}

has() { paste -sd ' ' "$HAS"; }

# `tell` records what this machine has, and `tell serves` that it serves its own image as well.
tell() {
  local serves=
  [ "${1-}" != serves ] || serves="insert into cdktf_mastodon_releases (image) values ('$IMAGE')
    on conflict (image) do update set served_at = now();"
  sql "$serves
    delete from cdktf_mastodon_web where seen_at < now() - interval '1 day';
    insert into cdktf_mastodon_web (machine, images) values ('$me', string_to_array('$(has)', ' '))
      on conflict (machine) do update set seen_at = now(), images = excluded.images"
}

# Prints the images that are served or were until lately, and whose files are not here.
missing() {
  sql "select image from cdktf_mastodon_releases where served_at > now() - interval '$KEPT_SECONDS seconds'
    and image <> all (string_to_array('$(has)', ' ')) order by served_at desc"
}

# Prints the machines that run and have not fetched this machine's files yet.
behind() {
  sql "select string_agg(machine, ', ' order by machine) from cdktf_mastodon_web
    where seen_at > now() - interval '$((3 * TURN_SECONDS)) seconds' and '$IMAGE' <> all (images)"
}

# Others wait for this machine while it fetches, which takes longer than it may be silent otherwise. What could not be fetched is tried again after
# RETRY_SECONDS: each try may be a pull.
fetch() {
  local image now
  [ -n "$1" ] || return 0
  sql "update cdktf_mastodon_web set seen_at = now() + interval '$LIMIT_SECONDS seconds' where machine = '$me'"
  for image in $1; do
    now=$(date +%s)
    [ "$now" -ge "${next_try[$image]:-0}" ] || continue
    other "$image" || next_try[$image]=$((now + RETRY_SECONDS))
  done
  tell
}

boot() {
  local failed images names='' waited=0
  until failed=$(own 2>&1); do
    say "cannot copy the files of $IMAGE: $(tail -n 1 <<<"$failed")"
    sleep 5
  done
  # Without the tables a page of another release may miss a file; without this machine the site may miss all pages. So it serves.
  # The tables are made only where they are not: not every role may, and PostgreSQL asks that first.
  if ! { { tell serves || { make_tables && tell serves; }; } && images=$(missing); }; then
    echo "serves, but cannot ask the database which other releases are served: $(why)"
    return 0
  fi
  fetch "$images"
  while names=$(behind) && [ -n "$names" ] && [ "$waited" -lt "$LIMIT_SECONDS" ]; do
    say "waits until these machines have the files of its release: $names"
    sleep 2
    waited=$((waited + 2))
  done
  [ -z "$names" ] || echo "serves, although after $LIMIT_SECONDS s these machines do not have the files of its release: $names"
  rm -f "$SAYS"
}

follow() {
  local images serves
  while true; do
    serves=
    ! systemctl is-active -q "$WEB_UNIT" || serves=serves
    # Somebody may have removed the tables.
    if ! { { tell $serves || { make_tables && tell $serves; }; } && images=$(missing); }; then
      say "cannot ask the database which other releases are served: $(why)"
    else
      fetch "$images"
    fi
    sleep "$TURN_SECONDS"
  done
}

declare -A next_try
mode=$1
install -d "$DIRECTORY"
"$mode"
