# shellcheck shell=bash
# Looking at machines and into them: run, wait, list, logs.

# Stops unless SITE is one of this host's. A command on a site that is not there would look like one that found nothing.
site_must_exist() {
  local sites
  [ -z "${SITE:-}" ] || need SITE
  [ -z "${SITE:-}" ] || [ ! -d "$(site_dir)" ] || return 0
  sites=$(all_sites | tr '\n' ' ')
  sites=${sites:+"; there are: ${sites% }"}
  [ -n "${SITE:-}" ] || die "\`$COMMAND\` wants the name of a site${sites:-"; there is none on this host"}"
  die "there is no site $SITE on this host${sites:-", and no other"}"
}

# Stops unless NAME is a machine of SITE. Members of pools have names that change with each roll-out, so a beginning that only one machine has
# will do, and NAME then is the whole name.
must_exist() {
  site_must_exist
  local names found
  names=$(machine_names)
  [ -n "${NAME:-}" ] || die "\`$COMMAND\` wants the name of a machine of $SITE; there are: ${names//$'\n'/ }"
  need NAME
  [ ! -e "$(machine_dir "$NAME")/record" ] || return 0
  # web-1 is the beginning of web-10-8c4a7e too, but it means web-1-8c4a7e.
  found=$(grep -F -- "$NAME-" <<<"$names" | grep "^${NAME//./\\.}-" || grep "^${NAME//./\\.}" <<<"$names" || true)
  case $found in
    "") die "there is no machine $NAME in the site $SITE; there are: ${names//$'\n'/ }" ;;
    *$'\n'*) die "several machines of the site $SITE begin with $NAME: ${found//$'\n'/ }" ;;
  esac
  NAME=$found
}

# The whole names of these machines of SITE, one in a line.
whole_names() {
  local name
  for name in "$@"; do (NAME=$name && must_exist && echo "$NAME") || return 1; done
}

machine_run() {
  need SITE NAME
  [ "${1:-}" != -- ] || shift
  [ $# -gt 0 ] || set -- bash -l
  inside "$NAME" "$@"
}

READY=/usr/local/sbin/ready

# Exits 0 when the machine serves; prints its last word on why not.
readiness() {
  local words status=0
  ! is_frozen "$1" || { echo "it is frozen: machine thaw" && return 1; }
  ! (NAME=$1 && is_cut) || { echo "it is cut off from the network: partition heal" && return 1; }
  words=$(WITHIN_SECONDS=30 inside "$1" timeout 20 "$READY" 2>&1 </dev/null) || status=$?
  [ $status = 0 ] || grep -m 1 '^refused: ' <<<"$words" || tail -n 1 <<<"${words:-no answer (status $status)}"
  return $status
}

# A machine that says so will never be ready, however long one waits.
is_refusal() { [[ $1 == "refused: "* ]]; }

now_ms() {
  local us=${EPOCHREALTIME//[!0-9]/}
  echo "${us%???}"
}

# Asking takes processor from what is waited for: a tenth of a second each time, and several times that on a busy machine. So it
# happens for a fifth of the time at most: `rest_from_asking SINCE_MS`.
rest_from_asking() {
  local rest=$((($(now_ms) - $1) * 4))
  [ "$rest" -ge 500 ] || rest=500
  [ "$rest" -le 5000 ] || rest=5000
  sleep "$((rest / 1000)).$(printf %03d $((rest % 1000)))"
}

machine_wait() {
  need SITE NAME
  local limit=${LIMIT_SECONDS:-600} started=$SECONDS told=$SECONDS why since
  while since=$(now_ms) && ! why=$(readiness "$NAME"); do
    ! is_refusal "$why" || die "$NAME will not become ready: ${why#refused: }"
    [ $((SECONDS - started)) -lt "$limit" ] || die "$NAME is not ready after $limit s: $why"
    if [ $((SECONDS - told)) -ge 10 ]; then
      echo "$NAME: waiting ($((SECONDS - started)) s): $why"
      told=$SECONDS
    fi
    rest_from_asking "$since"
  done
  echo "$NAME: ready after $((SECONDS - started)) s"
}

# With a heading. In columns for a person; a program gets tabs.
table() {
  if [ -t 1 ]; then
    awk -F '\t' '{ for (i = 1; i <= NF; i++) { cell[NR, i] = $i; if (length($i) > width[i]) width[i] = length($i) } fields[NR] = NF }
      END { for (row = 1; row <= NR; row++) for (i = 1; i <= fields[row]; i++)
        printf "%-" (i < fields[row] ? width[i] + 2 : 0) "s%s", cell[row, i], i < fields[row] ? "" : "\n" }'
  else
    cat
  fi
}

site_list() {
  local name running
  [ -n "$(all_sites)" ] || { echo "there is no site on this host" >&2 && return 0; }
  {
    printf 'SITE\tNETWORK\tMACHINES\tRUNNING\n'
    for SITE in $(all_sites); do
      running=0
      for name in $(machine_names); do ! is_running "$name" || running=$((running + 1)); done
      printf '%s\t%s\t%s\t%s\n' "$SITE" "$(sed -n 's/^cidr=//p' "$(site_dir)/network" 2>/dev/null || true)" "$(machine_names | wc -l)" "$running"
    done
  } | table
}

machine_list() {
  [ -n "${SITE:-}" ] || { site_list && return; }
  site_must_exist
  { printf 'NAME\tADDRESS\tPOOL\tSTATE\tMIB\n' && machine_rows; } | table
}

machine_rows() {
  local name state pool pairs
  pairs=$(cut_pairs)
  for name in $(machine_names); do
    [ -e "$(machine_dir "$name")/record" ] || continue
    state=stopped
    ! is_running "$name" || state=running
    [[ $pairs != *"\"$(link_of "$name")\""* ]] || state=partly-cut
    ! (NAME=$name && is_cut) || state="cut"
    ! is_frozen "$name" || state=frozen
    pool=$(machine_record "$name" pool)
    printf '%s\t%s\t%s\t%s\t%s\n' "$name" "$(machine_record "$name" address)" "${pool:--}" "$state" "$(memory_of "$name")"
  done
}

# Only where the host gives machines a memory controller; adding up processes would count shared pages many times.
memory_of() {
  local bytes
  bytes=$(cat "$(cgroup_trees | head -n 1)/cdktf-mastodon-$(machine_id "$1")/memory.current" 2>/dev/null) || { echo - && return; }
  echo $((bytes / 1048576))
}

# The catcher's machine has Python, which decodes what mail programs encode.
mail_read() {
  site_must_exist
  local name
  for name in $(machine_names); do
    [[ " $(machine_record "$name" directories)" != *" mail="* ]] || {
      inside "$name" python3 - "$@" <"$DRIVER/mails.py"
      return
    }
  done
  die "no machine of the site $SITE catches mail: it has a mail server of its own, or none of its processes sends any"
}

# From the host's side, so that a dead machine can still be asked.
machine_logs() {
  need SITE NAME
  local journal
  journal=$(machine_dir "$NAME")/upper/var/log/journal
  [ -d "$journal" ] || die "$NAME has no journal; its console is $(machine_dir "$NAME")/console"
  journalctl --directory="$journal" "$@"
}
