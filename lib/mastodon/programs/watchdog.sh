#!/bin/bash
# Kills processes of Mastodon and PgBouncer that stand still, so that their parent or systemd starts them anew. It asks nobody but the kernel and the
# processes themselves: whoever waits for PostgreSQL, Redis or the network still wakes for his own timers, and who is busy runs.
set -uo pipefail
shopt -s nullglob

answers=$(mktemp -d)
trap 'rm -rf "$answers"' EXIT
# What each process and thread had done at the last look, for how many looks that has been the same, and what they have done now.
declare -A before=() still=() now=() count=() asking=()
jumps=0

# Ruby's and Node's processes of a unit, not what they run for a moment, such as ffmpeg; and PgBouncer's.
processes() {
  local process
  while read -r process; do
    case $(readlink "/proc/$process/exe") in */ruby* | */node* | */pgbouncer*) echo "$process" ;; esac
  done < <(find "$1" -name cgroup.procs -exec cat {} + 2>/dev/null)
}

kills() {
  [ -e "/proc/$1" ] || return 0
  echo "killed process $1 ($(cat "/proc/$1/comm" 2>/dev/null)) of $2, which $3"
  kill -KILL "$1" 2>/dev/null
}

# Sets count[$1] to the number of looks in a row at which $2 was the same.
same() {
  now[$1]=$2
  if [ "${before[$1]-}" = "$2" ]; then count[$1]=$((${still[$1]:-0} + 1)); else count[$1]=0; fi
}

# A process none of whose threads was put on a processor: it is stopped, or all of them wait for each other. Puma and Sidekiq always have one
# that wakes, to say that they live, and PgBouncer looks after its connections three times a second. Node may have nothing to do for long: up to
# 4.1 streaming's first process only waits for its second.
stands_still() {
  local process
  for process in $(processes "$1"); do
    same "$process" "$(grep -hs ctxt_switches "/proc/$process"/task/*/status)"
    [ "${count[$process]}" -lt $((STILL_SECONDS / TICK_SECONDS)) ] || kills "$process" "${1##*/}" "has stood still for $STILL_SECONDS s"
  done
  return 0
}

# Streaming answers this without asking anybody. One request has all the time: a busy loop comes round to it.
does_not_answer() {
  local process answer port=${1##*@}
  port=${port%.service}
  answer=$answers/$port.$jumps
  if [ -s "$answer" ]; then
    # 28: no answer. One that has not come so far yet refuses.
    if [ "$(<"$answer")" = 28 ]; then
      for process in $(processes "$1"); do kills "$process" "${1##*/}" "has not answered for $ANSWER_SECONDS s"; done
    fi
    rm -f "$answer"
  elif [ -n "${asking[$port]-}" ] && kill -0 "${asking[$port]}" 2>/dev/null; then
    return
  fi
  {
    curl -s -m "$ANSWER_SECONDS" -o /dev/null "http://127.0.0.1:$port/api/v1/streaming/health"
    echo $? >"$answer"
  } &
  asking[$port]=$!
}

# How many requests each process on Puma's port has had in hand for too long: something came last, and not the answer. "PROCESS NUMBER" lines.
late_requests() {
  ss -HOtnpi state connected "sport = :$PUMA_PORT" | awk -v limit=$((STUCK_SECONDS * 1000)) '
    function after(name) { return match($0, name "[0-9]+") ? substr($0, RSTART + length(name), RLENGTH - length(name)) + 0 : 0 }
    /pid=/ { if (after("lastrcv:") >= limit && after("lastrcv:") <= after("lastsnd:")) late[after("pid=")]++ }
    END { for (process in late) print process, late[process] }'
}

# A worker of Puma all of whose requests, or all but one, which may be a health check, are late, while their threads wait for other threads.
# One that waits for a socket waits for somebody else, and one that waits with a limit wakes.
is_stuck() {
  local process late thread name threads waiting
  while read -r process late; do
    threads=0 waiting=0
    for thread in "/proc/$process"/task/*; do
      read -r name 2>/dev/null <"$thread/comm" || continue
      [[ $name =~ ^puma\ srv\ tp\ [0-9] ]] || continue
      threads=$((threads + 1))
      same "$thread" "$(grep -s ctxt_switches "$thread/status")"
      [ "${count[$thread]}" -lt 2 ] || [[ $(cat "$thread/wchan" 2>/dev/null) != futex* ]] || waiting=$((waiting + 1))
    done
    [ "$late" -ge $((threads > 1 ? threads - 1 : 1)) ] && [ "$waiting" -ge "$late" ] || continue
    kills "$process" "${1##*/}" "has had $late requests for more than $STUCK_SECONDS s that wait for each other"
  done < <(late_requests)
}

look() {
  local unit
  for unit in /sys/fs/cgroup/system.slice/{,system-mastodon*.slice/,system-pgbouncer.slice/}{mastodon-{web,streaming@*,sidekiq@*},pgbouncer@*}.service; do
    [ -d "$unit" ] || continue
    case $unit in
      */mastodon-streaming@*) does_not_answer "$unit" ;;
      */mastodon-web.service) stands_still "$unit" && is_stuck "$unit" ;;
      *) stands_still "$unit" ;;
    esac
  done
}

[ -d /sys/fs/cgroup/system.slice ] || echo "there is no /sys/fs/cgroup/system.slice: no process can be watched here" >&2
last=$SECONDS
while :; do
  # The machine itself stood still, or its clock was set: what was known says nothing, nor do answers that are still to come.
  if [ $((SECONDS - last)) -gt $((3 * TICK_SECONDS)) ] || [ $SECONDS -lt "$last" ]; then
    before=() still=() jumps=$((jumps + 1))
  fi
  last=$SECONDS
  now=() count=()
  look
  # What was not seen is forgotten: its number may come back as another process.
  before=() still=()
  for key in "${!now[@]}"; do
    before[$key]=${now[$key]} still[$key]=${count[$key]}
  done
  sleep "$TICK_SECONDS"
done
