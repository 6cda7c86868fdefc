# shellcheck shell=bash
# Rolling a pool: the new members first prove that they serve, then get the traffic, then the old ones go.

pool_members() {
  local name
  for name in $(machine_names); do
    [ "$(machine_record "$name" pool)" != "$POOL" ] || echo "$name"
  done
}

pool_state() { printf '%s/pools/%s\n' "$(site_dir)" "$POOL"; }
pool_recorded() { sed -n "s/^$1=//p" "$(pool_state)" 2>/dev/null || true; }

pool_settle() {
  need SITE POOL MEMBERS
  [ -z "${TARGETS_BACKENDS:-}" ] || need FRONT_DOOR
  pool_gate
  pool_serve
}

# Waits until every member is ready; asks them all at once, since one that hangs must not hold up the news of the others.
pool_gate() {
  local limit=${LIMIT_SECONDS:-600} started=$SECONDS told=$SECONDS tmp name asked waiting still why since
  read -ra waiting <<<"$MEMBERS"
  tmp=$(mktemp -d)
  while :; do
    asked=()
    since=$(now_ms)
    for name in "${waiting[@]}"; do
      (readiness "$name" >"$tmp/$name" && rm -f "$tmp/$name") &
      asked+=($!)
    done
    wait "${asked[@]}" || true
    still=()
    for name in "${waiting[@]}"; do
      [ ! -e "$tmp/$name" ] || { still+=("$name") && continue; }
      weigh "$name" 100
      echo "$POOL: $name is ready ($((SECONDS - started)) s)"
    done
    [ ${#still[@]} -gt 0 ] || break
    waiting=("${still[@]}")
    for name in "${waiting[@]}"; do
      why=$(cat "$tmp/$name")
      is_refusal "$why" || continue
      remove_tree "$tmp"
      die "the pool $POOL did not settle, $name refuses to serve: ${why#refused: }; the members that served before are untouched"
    done
    if [ $((SECONDS - started)) -ge "$limit" ]; then
      for name in "${waiting[@]}"; do echo "$POOL: $name is not ready after $limit s: $(cat "$tmp/$name")" >&2; done
      remove_tree "$tmp"
      die "the pool $POOL did not settle: the members that served before are untouched"
    fi
    if [ $((SECONDS - told)) -ge 10 ]; then
      for name in "${waiting[@]}"; do echo "$POOL: waiting for $name ($((SECONDS - started)) s): $(cat "$tmp/$name")"; done
      told=$SECONDS
    fi
    rest_from_asking "$since"
  done
  remove_tree "$tmp"
}

# Gives the members the traffic and removes the others. What was set is recorded, for `pool remove` to set again with one less.
pool_serve() (
  local name old=() pids=() failed=no served
  lock "$(site_dir)/locks/.pool-$POOL"
  served=$(pool_recorded members)
  set_targets "${FRONT_DOOR:-}" "${TARGETS_BACKENDS:-}" "$MEMBERS" || die "the front door did not take the members of $POOL; the old ones are untouched"
  mkdir -p "$(site_dir)/pools"
  printf '%s\n' "members=$MEMBERS" "front_door=${FRONT_DOOR:-}" "backends=${TARGETS_BACKENDS:-}" >"$(pool_state)"
  take_routes
  for name in $(pool_members); do
    [[ " $MEMBERS " != *" $name "* ]] || continue
    # One of this generation that served is Terraform's to end, since the page is smaller. Should the apply end before that, and the next page be
    # as large as the one before, Terraform would not make it again.
    [ "${name##*-}" != "${MEMBERS##*-}" ] || [[ " $served " != *" $name "* ]] || continue
    old+=("$name")
  done
  for name in "${old[@]}"; do
    (NAME=$name LIMIT_SECONDS='' machine_destroy) &
    pids+=($!)
  done
  for name in "${!pids[@]}"; do
    if wait "${pids[$name]}"; then echo "$POOL: ${old[$name]} removed"; else failed=yes; fi
  done
  [ $failed = no ]
)

# A route leads to one pool. Another one that had it before, such as the same under its former name, must not give it members when it goes.
take_routes() {
  local state backend kept
  for state in "$(site_dir)"/pools/*; do
    [ "$state" != "$(pool_state)" ] || continue
    kept=""
    for backend in $(sed -n 's/^backends=//p' "$state"); do
      [[ " ${TARGETS_BACKENDS:-} " == *" $backend "* ]] || kept+="${kept:+ }$backend"
    done
    sed -i "s/^backends=.*/backends=$kept/" "$state"
  done
}

# `set_targets FRONT_DOOR BACKENDS MEMBERS`
set_targets() {
  local backend name targets=()
  for name in $3; do targets+=("$name=$(machine_record "$name" address)"); done
  for backend in $2; do
    WITHIN_SECONDS=60 inside "$1" /usr/local/sbin/targets "$backend" "${targets[@]}" </dev/null || return 1
  done
}

# Before a whole site goes: Sidekiq puts the jobs in its hands back into Redis, and without Redis it waits for it as long as it may.
pools_stop() {
  need SITE
  local name pids=()
  for name in $(machine_names); do
    [ -n "$(machine_record "$name" pool)" ] || continue
    (NAME=$name machine_stop) &
    pids+=($!)
  done
  [ ${#pids[@]} = 0 ] || wait "${pids[@]}" || true
}

pool_remove() (
  need SITE POOL NAME
  [ -d "$(site_dir)" ] || return 0
  local members rest="" name front_door
  unserve
  machine_destroy
)

unserve() (
  lock "$(site_dir)/locks/.pool-$POOL"
  members=$(pool_recorded members) front_door=$(pool_recorded front_door)
  [[ " $members " == *" $NAME "* ]] || return 0
  for name in $members; do [ "$name" = "$NAME" ] || rest+="${rest:+ }$name"; done
  if [ -n "$front_door" ] && is_running "$front_door"; then
    set_targets "$front_door" "$(pool_recorded backends)" "$rest" || echo "$POOL: the front door did not let go of $NAME" >&2
  fi
  sed -i "s/^members=.*/members=$rest/" "$(pool_state)"
)
