# shellcheck shell=bash
# What a machine is made of: its record, file system, seed, process and control groups.

NSPAWN_OPTIONS=(--quiet --boot --register=no --keep-unit --settings=no --link-journal=no --timezone=off --resolv-conf=off
  --capability=all "--system-call-filter=@keyring bpf add_key keyctl") # the last two are for podman

# The nspawn process of a machine of this site; fails when there is none.
nspawn_pid() {
  local pid
  pid=$(cat "$(machine_dir "$1")/pid" 2>/dev/null) && grep -qzxF -e "--machine=$(machine_id "$1")" "/proc/$pid/cmdline" 2>/dev/null && echo "$pid"
}

is_running() { nspawn_pid "$1" >/dev/null; }

# The machine's first process: nspawn's child in another pid namespace.
leader_of() {
  local pid child
  pid=$(nspawn_pid "$1") || return 1
  for child in $(pgrep -P "$pid"); do
    if [ "$(readlink "/proc/$child/ns/pid")" != "$(readlink "/proc/$pid/ns/pid")" ]; then
      echo "$child"
      return
    fi
  done
  return 1
}

# Runs a command inside a machine; its own control groups are needed where podman is called.
# With WITHIN_SECONDS it ends by then.
inside() {
  local leader limit=()
  [ -z "${WITHIN_SECONDS:-}" ] || limit=(timeout -k 5 "$WITHIN_SECONDS")
  leader=$(leader_of "$1") || { echo "$1 is not running" >&2 && return 125; }
  shift
  "${limit[@]}" nsenter -t "$leader" -m -u -i -n -p -C -- env -i HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# A machine that shuts down stops all its processes for a moment; nsenter then stops itself, and unless somebody wakes it, it never
# collects its child, without which the machine never ends.
wake_visitors() { pkill -CONT -f "^nsenter -t $1 -m " || true; }

# Prints ADDRESS, or the lowest of RANGE that no machine of the site has. The caller holds the site's lock.
choose_address() {
  local name number taken=" $GATEWAY "
  for name in $(machine_names); do taken+="$(machine_record "$name" address) "; done
  if [ -n "${ADDRESS:-}" ]; then
    [[ $taken != *" $ADDRESS "* ]] || die "the address $ADDRESS is taken in the site $SITE"
    echo "$ADDRESS"
    return
  fi
  for ((number = $(first_of "$RANGE") + 1; number < $(last_of "$RANGE"); number++)); do
    ADDRESS=$(to_address "$number")
    [[ $taken == *" $ADDRESS "* ]] || { echo "$ADDRESS" && return; }
  done
  die "no address is free in $RANGE"
}

write_record() (
  lock "$(site_dir)/lock"
  local dir address
  dir=$(machine_dir "$NAME")
  address=$(choose_address)
  mkdir -p "$dir"/{upper,work,root,containers}
  printf '%s\n' "address=$address" "pool=${POOL:-}" "role=${ROLE:-}" "alone=${ALONE:-}" "disks=${DISKS:-}" "directories=${DIRECTORIES:-}" "layers=$CONFIG_LAYER:$PACKAGE_LAYER:$SYSTEM_LAYER" >"$dir/record"
)

mount_root() {
  local dir
  dir=$(machine_dir "$1")
  is_mounted "$dir/root" || mount -t overlay overlay "$dir/root" \
    -o "lowerdir=$(machine_record "$1" layers),upperdir=$dir/upper,workdir=$dir/work"
}

write_seed() {
  local root seed
  root=$(machine_dir "$NAME")/root seed=$root/var/lib/cloud/seed/nocloud
  chmod 700 "$seed"
  base64 -d <<<"$BOOT_TEXT" | gunzip >"$seed/user-data" || die "BOOT_TEXT of $NAME is not base64 of gzip"
  printf 'instance-id: %s-%s\nlocal-hostname: %s\n' "$NAME" "$(sha256sum <"$seed/user-data" | cut -c 1-12)" "$NAME" >"$seed/meta-data"
  # "to: default" would make the networkd renderer fail, and with it the whole boot.
  cat >"$seed/network-config" <<EOT
version: 2
ethernets:
  host0:
    addresses: [$(machine_record "$NAME" address)/${CIDR#*/}]
    routes: [{to: 0.0.0.0/0, via: $GATEWAY}]
EOT
  echo "$NAME" >"$root/etc/hostname"
  # As Debian's installer does: programs such as sudo look up the machine's own name.
  printf '127.0.1.1\t%s\n' "$NAME" >>"$root/etc/hosts"
  write_stand_in "$root/etc/containers/containers.conf.d/80-stand-in.conf"
  write_resolver "$root/etc/resolv.conf"
}

# How much work the stand-in pretends to do is said to the driver, not on the page: every container of the machine is told.
write_stand_in() {
  local name values=""
  for name in $(compgen -e STANDIN_); do
    [[ ${!name} =~ ^[0-9]{1,9}$ ]] || die "$name=${!name} is not a whole number"
    values+="${values:+, }\"$name=${!name}\""
  done
  [ -z "$values" ] || printf '[containers]\nenv = [%s]\n' "$values" >"$1"
}

# The host's own name servers if it has a way out; loopback ones cannot be reached from a machine.
write_resolver() {
  local servers=""
  if [ -n "$(ip -4 route show default)" ]; then
    servers=$({ cat /run/systemd/resolve/resolv.conf /etc/resolv.conf 2>/dev/null || true; } |
      awk '$1 == "nameserver" && $2 ~ /^[0-9.]+$/ && $2 !~ /^127\./ && !seen[$2]++ && n++ < 2')
  fi
  printf '%s\noptions timeout:2 attempts:2\n' "${servers:-nameserver 127.0.0.1}" >"$1"
}

# Boots a mounted machine and returns at once; the caller waits for it by the process id in STARTED.
launch() {
  local name=$1 dir root disk directory options=("${NSPAWN_OPTIONS[@]}")
  dir=$(machine_dir "$name") root=$dir/root
  options+=("--machine=$(machine_id "$name")" "--hostname=$name" "--directory=$root" "--network-bridge=$(bridge)")
  options+=("--bind=$dir/containers:/var/lib/containers")
  [ ! -d "$IMAGE_STORE" ] || options+=("--bind-ro=$IMAGE_STORE:$IMAGE_STORE_INSIDE")
  # The kernel clears up after a killed machine in its own time.
  ip link delete "$(link_of "$name")" 2>/dev/null || true
  for disk in $(machine_record "$name" disks); do
    open_disk "${disk%%=*}"
    options+=("--bind=$(disk_dir "${disk%%=*}"):${disk#*=}")
  done
  for directory in $(machine_record "$name" directories); do
    mkdir -p "$(shared_dir "${directory%%=*}")"
    options+=("--bind=$(shared_dir "${directory%%=*}"):${directory#*=}")
  done
  (
    # Nothing of the caller's may be held: Terraform waits for its pipes, others for our locks.
    local fd
    for fd in /proc/self/fd/*; do
      fd=${fd##*/}
      [ "$fd" -le 2 ] || [ "$fd" = 255 ] || eval "exec $fd>&-"
    done
    cd /
    enter_groups "$(machine_id "$name")"
    weigh "$name" "${WEIGHT:-100}"
    echo "$BASHPID" >"$dir/pid"
    exec env -i PATH="$PATH" SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 setsid systemd-nspawn "${options[@]}"
  ) </dev/null >>"$dir/console" 2>&1 &
  STARTED=$!
}

# Own groups keep the machine out of Terraform's, and give one switch that stops every process of it.
enter_groups() {
  local tree group
  for tree in $(cgroup_trees); do
    group=$tree/cdktf-mastodon-$1
    mkdir -p "$group"
    echo "$BASHPID" >"$group/cgroup.procs"
    for controller in cpu memory pids io; do
      echo "+$controller" >"$tree/cgroup.subtree_control" || true
    done 2>/dev/null
  done
  # Before v2 processors are shared by a tree of their own.
  if [ -e "$CPU_TREE/cpu.shares" ]; then
    mkdir -p "$CPU_TREE/cdktf-mastodon-$1" && echo "$BASHPID" >"$CPU_TREE/cdktf-mastodon-$1/cgroup.procs"
  fi 2>/dev/null || true
}

# Sets how much of the processors a machine gets while others want them too, in percent of what a machine has otherwise: `weigh NAME PERCENT`.
# Where the host shares by neither tree, all are alike.
weigh() {
  local group
  group=cdktf-mastodon-$(machine_id "$1")
  {
    echo "$2" >"$(cgroup_trees | head -n 1)/$group/cpu.weight" || echo $(($2 * 1024 / 100)) >"$CPU_TREE/$group/cpu.shares"
  } 2>/dev/null || true
}

# Kills whatever is left in the groups of the machine with this id, and removes them.
clear_groups() {
  local tree group pid _
  for tree in $(cgroup_trees); do
    group=$tree/cdktf-mastodon-$1
    [ -d "$group" ] || continue
    for _ in $(seq 50); do
      if [ -e "$group/cgroup.kill" ]; then
        echo 1 >"$group/cgroup.kill"
      else
        for pid in $(find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null); do kill -KILL "$pid" 2>/dev/null || true; done
      fi
      find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
      [ -d "$group" ] || break
      sleep 0.1
    done
  done
  rmdir "$CPU_TREE/cdktf-mastodon-$1" 2>/dev/null || true
}

# The group with the kernel's switch that stops all processes in it; fails before Linux 5.2, and where no v2 tree is.
freezer_of() {
  local tree
  for tree in $(cgroup_trees); do
    [ ! -e "$tree/cdktf-mastodon-$(machine_id "$1")/cgroup.freeze" ] || { echo "$tree/cdktf-mastodon-$(machine_id "$1")" && return; }
  done
  return 1
}

is_frozen() {
  local group leader
  if group=$(freezer_of "$1"); then
    [ "$(cat "$group/cgroup.freeze" 2>/dev/null)" = 1 ]
  else
    leader=$(leader_of "$1") && [ "$(state_of "$leader")" = T ]
  fi
}

# Stops every process of a machine; the host's kernel, which is also the machine's, goes on answering for it.
freeze() {
  local group pid moving
  local end=$((SECONDS + 30))
  if group=$(freezer_of "$1"); then
    echo 1 >"$group/cgroup.freeze"
    until grep -qx 'frozen 1' "$group/cgroup.events"; do
      [ $SECONDS -lt $end ] || return 1
      sleep 0.05
    done
    return
  fi
  # Again until none moves: one that was not stopped yet may have started another.
  while :; do
    moving=no
    for pid in $(processes_of "$1"); do
      case $(state_of "$pid") in
        T | Z | '') ;;
        *) moving=yes && kill -STOP "$pid" 2>/dev/null || true ;;
      esac
    done
    [ $moving = yes ] || return 0
    [ $SECONDS -lt $end ] || return 1
    sleep 0.05
  done
}

thaw() {
  local group pid
  if group=$(freezer_of "$1"); then
    echo 0 >"$group/cgroup.freeze"
  else
    for pid in $(processes_of "$1"); do kill -CONT "$pid" 2>/dev/null || true; done
  fi
}

processes_of() {
  local tree
  for tree in $(cgroup_trees); do
    find "$tree/cdktf-mastodon-$(machine_id "$1")" -name cgroup.procs -exec cat {} + 2>/dev/null || true
  done | sort -un
}

# One letter, as in the process list; nothing of a process that has gone.
state_of() { sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null || true; }

# Waits until a process has gone: `gone PID SECONDS`
gone() {
  local end=$((SECONDS + $2))
  while [ -d "/proc/$1" ] && [ "$(state_of "$1")" != Z ]; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.05
  done
}
