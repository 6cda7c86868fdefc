# shellcheck shell=bash
# What is done to a whole machine: create, destroy, stop, start, kill, freeze, thaw. One at a time per machine.

machine_create() (
  need SITE NAME CIDR GATEWAY BOOT_TEXT
  [ -n "${ADDRESS:-}${RANGE:-}" ] || need ADDRESS
  [ -z "${RANGE:-}" ] || need RANGE
  [ -z "${DIRECTORIES:-}" ] || need DIRECTORIES
  [ -n "$(ip -o link show "$(bridge)" 2>/dev/null)" ] || die "the network of the site $SITE is not up"
  base_ensure
  lock "$(site_dir)/locks/$NAME"
  # Left by an apply that failed: its boot text may have been another.
  remove_machine
  [ -z "${ALONE:-}" ] || remove_others
  write_record
  mount_root "$NAME"
  write_seed
  # A member that boots takes little from those of its pool that serve. Where there are none, the site waits for it.
  [ -z "${POOL:-}" ] || [ -n "${ALONE:-}" ] || [ -z "$(pool_recorded members)" ] || WEIGHT=20
  boot
  echo "$NAME: up at $(machine_record "$NAME" address)"
)

# Root alone reads the text, which holds secrets; it is a file, since what it runs might read its input.
machine_settings() (
  need SITE NAME SETTINGS
  lock "$(site_dir)/locks/$NAME"
  is_running "$NAME" || die "$NAME is not running, so it has not got its settings: machine start, and deploy once more"
  ! is_frozen "$NAME" || die "$NAME is frozen, so it has not got its settings: machine thaw, and deploy once more"
  local take text
  take='umask 077; file=$(mktemp /run/take-settings.XXXXXX) && cat >"$file" && bash "$file"; status=$?; rm -f "$file"; exit $status'
  text=$(base64 -d <<<"$SETTINGS" | gunzip)
  inside "$NAME" bash -c "$take" <<<"$text"
)

# Terraform forgets what failed while it was made, without asking us to remove it: of a pool that goes stop-first none may be left.
remove_others() {
  local name
  for name in $(pool_members); do
    [ "${name##*-}" = "${NAME##*-}" ] || (NAME=$name && machine_destroy)
  done
}

machine_start() (
  need SITE NAME
  lock "$(site_dir)/locks/$NAME"
  [ -e "$(machine_dir "$NAME")/record" ] || die "there is no machine $NAME in the site $SITE"
  ! is_running "$NAME" || { ! is_frozen "$NAME" || die "$NAME is frozen: machine thaw" && return 0; }
  # After a restart of the host the bridge is gone as well.
  if ! ip link show "$(bridge)" >/dev/null 2>&1; then
    CIDR=$(sed -n 's/^cidr=//p' "$(site_dir)/network") GATEWAY=$(sed -n 's/^gateway=//p' "$(site_dir)/network")
    network_up
  fi
  mount_root "$NAME"
  boot_again
  echo "$NAME: up at $(machine_record "$NAME" address)"
)

machine_stop() (
  need SITE NAME
  lock "$(site_dir)/locks/$NAME"
  power_off
  close_file_systems
)

machine_destroy() (
  need SITE NAME
  [ -d "$(site_dir)" ] || return 0
  lock "$(site_dir)/locks/$NAME"
  remove_machine
)

# Its packets are dropped first: a dying kernel's last act would be to close the connections, which a power cut does not.
machine_kill() (
  need SITE NAME
  lock "$(site_dir)/locks/$NAME"
  local cut=no pid
  pid=$(nspawn_pid "$NAME") || return 0
  is_cut || { cut_off && cut=yes; }
  clear_groups "$(machine_id "$NAME")"
  gone "$pid" 30 || die "$NAME does not end"
  # The kernel keeps a dead machine's sockets, and through a healed cut they would still say goodbye.
  ip link delete "$(link_of "$NAME")" 2>/dev/null || true
  [ $cut = no ] || reconnect
  close_file_systems
)

# It hangs: connections to it are still accepted, and nobody answers on them.
machine_freeze() (
  need SITE NAME
  lock "$(site_dir)/locks/$NAME"
  is_running "$NAME" || die "$NAME is not running"
  freeze "$NAME" && return
  thaw "$NAME"
  die "not all processes of $NAME could be stopped, it goes on"
)

machine_thaw() (
  need SITE NAME
  lock "$(site_dir)/locks/$NAME"
  ! is_running "$NAME" || thaw "$NAME"
)

close_file_systems() {
  local disk
  unmount "$(machine_dir "$NAME")/root"
  for disk in $(machine_record "$NAME" disks); do
    # One that wanted a disk of another's and was refused must not take it away when it goes.
    [ -n "$(disk_users "${disk%%=*}")" ] || close_disk "${disk%%=*}"
  done
}

remove_machine() {
  local dir
  dir=$(machine_dir "$NAME")
  power_off
  partition_heal
  [ -d "$dir" ] || return 0
  close_file_systems
  remove_tree "$dir"
}

power_off() {
  local pid leader limit=${LIMIT_SECONDS:-60} end
  if pid=$(nspawn_pid "$NAME"); then
    # It could not hear the signal.
    ! is_frozen "$NAME" || thaw "$NAME"
    end=$((SECONDS + limit))
    # The signal by which systemd powers off in order.
    ! leader=$(leader_of "$NAME") || kill -s RTMIN+4 "$leader" 2>/dev/null || true
    until gone "$pid" 1; do
      [ -z "$leader" ] || wake_visitors "$leader"
      [ $SECONDS -ge $end ] || continue
      echo "$NAME: still up after $limit s, its power is cut" >&2
      clear_groups "$(machine_id "$NAME")"
      gone "$pid" 30 || die "$NAME does not end"
    done
  fi
  clear_groups "$(machine_id "$NAME")"
  rm -f "$(machine_dir "$NAME")/pid"
}

# Launches NAME for the first time and waits until cloud-init has finished, and well.
boot() {
  local dir limit=${LIMIT_SECONDS:-180} end status=0
  dir=$(machine_dir "$NAME") end=$((SECONDS + limit))
  rm -f "$dir"/root/var/lib/cloud/instances/*/boot-finished "$dir/root/var/lib/cloud/data/result.json"
  launch "$NAME"
  until compgen -G "$dir/upper/var/lib/cloud/instances/*/boot-finished" >/dev/null && [ -e "$dir/upper/var/lib/cloud/data/result.json" ]; do
    kill -0 "$STARTED" 2>/dev/null || boot_failed "the machine stopped while it booted"
    [ $SECONDS -lt $end ] || boot_failed "not booted after $limit s"
    sleep 0.1
  done
  # Status 2 is "degraded": among others, a boot text that is no YAML and of which nothing was run.
  inside "$NAME" timeout 30 cloud-init status --wait --long >"$dir/cloud-init-status" 2>&1 || status=$?
  [ $status = 0 ] || boot_failed "cloud-init ended with status $status"
}

# Launches NAME over what it has written and waits until its systemd answers. Not until all has started: the first machine of a cluster
# to come back waits for the others.
boot_again() {
  local limit=${LIMIT_SECONDS:-180} end
  end=$((SECONDS + limit))
  launch "$NAME"
  # Its exit status is about health: a machine that is still starting has one like that of a machine that does not answer.
  until [[ $(inside "$NAME" systemctl is-system-running 2>/dev/null || true) =~ ^(starting|running|degraded) ]]; do
    kill -0 "$STARTED" 2>/dev/null || boot_failed "the machine stopped while it booted"
    [ $SECONDS -lt $end ] || boot_failed "not booted after $limit s"
    sleep 0.5
  done
}

boot_failed() {
  local dir
  dir=$(machine_dir "$NAME")
  {
    [ ! -s "$dir/upper/var/log/cloud-init-output.log" ] || tail -n 40 "$dir/upper/var/log/cloud-init-output.log"
    is_running "$NAME" || tail -n 20 "$dir/console"
    [ ! -e "$dir/cloud-init-status" ] || tr -d '\r' <"$dir/cloud-init-status" | grep -v '^[.]*$'
    echo "$NAME: $1. It is kept for a look: \`run $SITE $NAME\` and \`logs $SITE $NAME\` of this command"
  } >&2
  exit 1
}
