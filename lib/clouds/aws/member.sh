#!/bin/bash
# Tells AWS what only a member of a pool knows: that it serves, that its work has ended, and that it hangs.
#
# It serves: `ready` says so for the first time. It completes the launch hook, and gets requests. A member that does not in time is ended by AWS, and
# another one is launched; that needs nobody here.
#
# It leaves: AWS has said so in its metadata, for whatever reason, or announces that it takes the spare capacity back, two minutes before. Connections
# end first, which the load balancer has stopped to open; then what the boot text has installed is stopped in systemd's order, so that Sidekiq's jobs
# have their time; then it completes the terminate hook, and AWS ends the machine.
#
# It hangs: for UNHEALTHY_SECONDS without a pause `ready` has not succeeded once, and the fault is on this machine by what is seen on it alone:
# - the watchdog has killed processes that stood still, and that were started anew and stood still again, KILLS times in this time, or
# - a service that the boot text has installed is given up by systemd, or
# - the root file system takes no more writes.
# So a busy machine is never replaced: `ready` has a thread of its own in Puma, a long queue does not change it, and the watchdog leaves alone whoever
# uses a processor. Nor is one that waits for PostgreSQL, Redis or anybody else: others in its place would wait as well.
set -uo pipefail

LOOK_SECONDS=5
HEALTH_LOOK_SECONDS=60

meta() {
  local token
  token=$(curl -sf -m 2 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$METADATA/latest/api/token") || return
  curl -sf -m 2 -H "X-aws-ec2-metadata-token: $token" "$METADATA/latest/meta-data/$1"
}

autoscaling() {
  said=$(aws autoscaling "$@" --region "$REGION" --instance-id "$instance" 2>&1) && return
  echo "AWS did not take $1: ${said##*$'\n'}"
  return 1
}

completes() {
  autoscaling complete-lifecycle-action --auto-scaling-group-name "$group" --lifecycle-hook-name "$1" --lifecycle-action-result "$2"
}

# Since the machine has booted: a clock that nobody sets.
clock() {
  local up
  read -r up _ <"$UPTIME"
  seconds=${up%.*}
}

# Services that the boot text has written, and containers that podman has made units of, as "NAME STATE TYPE" lines.
services() {
  systemctl show -p Id -p FragmentPath -p ActiveState -p Type '*.service' | awk -v RS= '
    function value(name) { return match($0, "(^|\n)" name "=[^\n]*") ? substr($0, RSTART, RLENGTH) : "" }
    function of(name, text) { text = value(name); sub(/^[^=]*=/, "", text); return text }
    of("FragmentPath") ~ "^(/etc/systemd/system|/run/systemd/generator)/" { print of("Id"), of("ActiveState"), of("Type") }'
}

# Connections to this machine that others have opened on the port of web and streaming.
visitors() {
  ss -Htn state established "( sport = :$HTTP_PORT )" | awk '$4 !~ /^(127\.|\[::(1|ffff:127\.[0-9.]+)\])/' | grep -c .
}

leaves() {
  echo "$1: what runs here ends first"
  # It waits for no launch any more.
  [ -e "$SERVED" ] || completes "$LAUNCH" ABANDON >/dev/null
  local n
  # One without a connection waits as well: the load balancer's nodes hear a little later than this machine that it leaves.
  for ((n = 0; n < DEREGISTRATION_SECONDS && (n < QUIET_SECONDS || $(visitors) > 0); n++)); do sleep 1; done
  mapfile -t units < <(services | awk -v self="${UNIT_NAME}" '$1 != self && $2 != "inactive" && $2 != "failed" && $3 != "oneshot" { print $1 }')
  [ ${#units[@]} -eq 0 ] || systemctl stop "${units[@]}"
  echo "all has ended here"
  # Before the load balancer has deregistered this member the hook has not begun, and AWS refuses.
  until completes "$TERMINATE" CONTINUE; do sleep "$LOOK_SECONDS"; done
  exit 0
}

# The fault of this machine, if there is one.
fault() {
  local kills
  kills=$(journalctl -q -o cat -u mastodon-watchdog.service --since "-${UNHEALTHY_SECONDS}s" | grep -c '^killed process ')
  if [ "$kills" -ge "$KILLS" ]; then
    echo "processes that stood still were killed $kills times"
  elif services | grep -E '^[^ ]+ failed ' | grep -qv ' oneshot$'; then
    echo "systemd has given up $(services | awk '$2 == "failed" && $3 != "oneshot" { print $1; exit }')"
  elif ! touch "$SERVED"; then
    echo "its root file system takes no writes"
  else
    return 1
  fi
} 2>/dev/null

# Called at most once in HEALTH_LOOK_SECONDS.
looks_after_health() {
  local why
  # A machine that has stood still itself knows nothing of the time in between.
  [ $((seconds - looked)) -le $((3 * HEALTH_LOOK_SECONDS)) ] || bad=
  looked=$seconds
  if ready; then
    bad=
    return
  fi
  bad=${bad:-$seconds}
  [ $((seconds - bad)) -ge "$UNHEALTHY_SECONDS" ] || return
  why=$(fault) || return
  echo "this member does not serve, and $why: AWS replaces it"
  autoscaling set-instance-health --health-status Unhealthy
}

ready() {
  timeout 20 "$READY_SCRIPT" >/dev/null 2>&1
}

until instance=$(meta instance-id) && group=$(meta "tags/instance/$GROUP_TAG"); do sleep "$LOOK_SECONDS"; done
bad=
clock
looked=$seconds
while :; do
  [ "$(meta autoscaling/target-lifecycle-state)" != Terminated ] || leaves "AWS ends this member"
  ! meta spot/instance-action >/dev/null || leaves "AWS takes this capacity back"
  clock
  if [ ! -e "$SERVED" ]; then
    if ready && { completes "$LAUNCH" CONTINUE || [[ $said == *"No active Lifecycle Action"* ]]; }; then
      echo "this member serves"
      touch "$SERVED"
    fi
  elif [ $((seconds - looked)) -ge "$HEALTH_LOOK_SECONDS" ]; then
    looks_after_health
  fi
  sleep "$LOOK_SECONDS"
done
