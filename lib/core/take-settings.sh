#!/bin/bash
# Brings this machine the settings of the page, and has whoever reads them take what has changed. Safe to run again, also when it was cut off.
set -uo pipefail
export LC_ALL=C.UTF-8 PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
umask 077
say() { printf '%s: %s\n' "$MACHINE" "$*"; }
fail() { say "$@" >&2; failed=yes; }

mkdir -p "$KEPT" "$WORK"
exec 9>"$WORK/lock"
flock -w "$LIMIT_SECONDS" 9 || { fail "another delivery has not ended after $LIMIT_SECONDS s"; exit 1; }
until [ -e "$BOOTED" ]; do
  [ $SECONDS -lt "$LIMIT_SECONDS" ] || { fail "it has not booted after $LIMIT_SECONDS s, so it has not got its settings"; exit 1; }
  sleep 1
done
stage=$(mktemp -d "$WORK/XXXXXX")
trap 'rm -rf "$stage"' EXIT
failed=no told=no

# For settings: a unit reads its files again, if it runs; where a file was, as it was before; the file with these lines between its marks.
runs() {
  systemctl is-active -q "$1" && return
  touch "$stage/rests"
  return 1
}
reload() { ! runs "$1" || systemctl reload "$1"; }
before() { echo "$former/${1//\//%}"; }
between_marks() {
  sed '/^# cdktf-mastodon begin$/,/^# cdktf-mastodon end$/d' "$1"
  cat
}

# begin ID WHAT reload|restart|set|nothing secret|shown; what it then holds is brought by `bring`.
begin() {
  id=$1 what=$2 does=$3 secret=$4 former=$KEPT/$1
  paths=() modes=() owners=() renewed=() written=()
  rm -rf "${stage:?}"/*
}

# setting PATH MODE OWNER RENEWED_LINES WRITTEN_BY, with the content as its input.
setting() {
  cat >"$stage/${#paths[@]}"
  paths+=("$1") modes+=("$2") owners+=("$3") renewed+=("$4") written+=("$5")
}

lines() { if [ -n "${renewed[$1]}" ]; then grep -vE -e "${renewed[$1]}" "$2"; else cat "$2"; fi; }

# Makes of the n-th content what the file is to hold.
prepare() {
  local n=$1 new=$stage/$1 filled=/usr/local/sbin/fill-secrets
  eval "${written[n]}" <"$new" >"$new.written" && mv "$new.written" "$new" || return 1
  if [ -x $filled ] && grep -qE '@secret(-in-url)?\(' "$new"; then $filled "$new" || return 1; fi
  [ -n "${renewed[n]}" ] || return 0
  { grep -E -e "${renewed[n]}" "${paths[n]}"; lines "$n" "$new"; } >"$new.kept"
  mv "$new.kept" "$new"
}

# Another file in its place at one go: put FROM N
put() {
  local path=${paths[$2]} new
  new=$(dirname "$path")/.$(basename "$path").new
  cp "$1" "$new" && chown --reference="$path" "$new" && attributes "$2" "$new" && mv -f "$new" "$path"
}
attributes() { { [ -z "${owners[$1]}" ] || chown "${owners[$1]}" "$2"; } && chmod "${modes[$1]}" "$2"; }

# The files become what they were, and what they were to become is what was before.
restore() {
  local n path
  for n in "${!paths[@]}"; do
    path=${paths[n]}
    cp -p "$path" "$stage/refused"
    put "$(before "$path")" "$n"
    mv "$stage/refused" "$(before "$path")"
  done
}

words_of() { if [ "$secret" = shown ]; then tail -n 5 "$1" | paste -sd ' '; else echo "its words are not shown, since the files hold secrets"; fi; }

bring() {
  local n path status changed=() list
  for n in "${!paths[@]}"; do
    path=${paths[n]}
    if [ ! -e "$path" ]; then
      say "$path is not there: $what comes with a renewal of this machine"
      told=yes
      return 0
    fi
    if ! prepare "$n" 2>"$stage/errors"; then
      fail "$path cannot be written: $(words_of "$stage/errors")"
      return 0
    fi
    if cmp -s <(lines "$n" "$stage/$n") <(lines "$n" "$path"); then attributes "$n" "$path"; else changed+=("$n"); fi
  done
  # Left by a delivery that was cut off: whoever reads the files may not have taken them.
  [ ${#changed[@]} -gt 0 ] || [ -d "$former" ] || return 0
  told=yes
  if [ ! -d "$former" ]; then
    rm -rf "$former.new"
    mkdir "$former.new"
    for path in "${paths[@]}"; do cp -p "$path" "$former.new/${path//\//%}" || { fail "$path cannot be kept"; return 0; }; done
    mv "$former.new" "$former"
  fi
  for path in "${paths[@]}"; do [ -e "$(before "$path")" ] || cp -p "$path" "$(before "$path")"; done
  status=0
  for n in "${changed[@]}"; do put "$stage/$n" "$n" 2>>"$stage/errors" || status=1; done
  list=$(for n in "${changed[@]}"; do echo "${paths[n]}"; done | paste -sd , | sed 's/,/, /g')
  list=${list:-the files of $what}
  # Not in a condition, in which bash would go on after an error inside.
  if [ $status = 0 ]; then
    (set -e; check) >"$stage/errors" 2>&1 </dev/null
    status=$?
  fi
  if [ $status != 0 ]; then
    restore
    rm -rf "$former"
    fail "$list: $what would not take what is new, and the old stays: $(words_of "$stage/errors")"
    return 0
  fi
  (set -e; take) >"$stage/said" 2>"$stage/errors" </dev/null
  status=$?
  if [ $status != 0 ]; then
    # The reason is of the first time.
    list="$list: $what has not taken what is new, and the old is back: $(words_of "$stage/errors")"
    restore
    (set -e; take) >/dev/null 2>&1 </dev/null
    rm -rf "$former"
    fail "$list"
    return 0
  fi
  rm -rf "$former"
  case $does in
    reload) list="$list changed: $what reloaded" ;;
    restart) list="$list changed: $what restarted" ;;
    set) list="$list changed: $what has it without a restart" ;;
    nothing) list="$list changed: in effect" ;;
  esac
  [ ! -e "$stage/rests" ] || list="${list%%: *}: $what is not running, and reads it when it starts"
  say "$list"
  while IFS= read -r line; do say "$line"; done <"$stage/said"
}

finish() {
  [ "$failed$told" != nono ] || say "it has the settings of the page"
  [ "$failed" = no ]
}
