# shellcheck shell=bash
# Looking at machines and into them: run, wait, list, logs.

# A drill on a machine that is not there would look like one that was passed.
must_exist() {
  need SITE NAME
  local names
  [ -d "$(site_dir)/machines" ] || die "there is no site $SITE on this host; there are: $(all_sites | tr '\n' ' ')"
  [ ! -e "$(machine_dir "$NAME")/record" ] || return 0
  names=$(machine_names | tr '\n' ' ')
  die "there is no machine $NAME in the site $SITE; there are: $names"
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

machine_list() {
  need SITE
  local name state pool
  for name in $(machine_names); do
    [ -e "$(machine_dir "$name")/record" ] || continue
    state=stopped
    ! is_running "$name" || state=running
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
  need SITE
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
