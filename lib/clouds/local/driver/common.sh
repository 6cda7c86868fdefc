# shellcheck shell=bash disable=SC2034
# Names, paths and small tools that the other parts share.

ROOT=${CDKTF_MASTODON_ROOT:-/var/lib/cdktf-mastodon}
SITES=$ROOT/sites
BASE=$ROOT/base
IMAGE_STORE=$ROOT/images
IMAGE_STORE_INSIDE=/var/lib/shared-images
# Where a plan reads how large disks are. It knows no environment, so the place is fixed; sites are told apart by their owner.
SIZES=/var/lib/cdktf-mastodon.sizes

die() {
  printf 'local: %s\n' "$*" >&2
  exit 1
}

# Stops unless each named variable has a value that is safe in a path.
need() {
  local name
  for name in "$@"; do
    [ -n "${!name:-}" ] || die "\`$COMMAND\` needs the variable $name"
    case $name in
      SITE | NAME | DISK | POOL | ROLE) [[ ${!name} =~ ^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$ ]] || die "$name=${!name} is not a plain name" ;;
      GIB) [[ ${!name} =~ ^[1-9][0-9]{0,5}$ ]] || die "GIB=${!name} is not a whole number of GiB" ;;
      DIRECTORIES) [[ ${!name} =~ ^([a-z]+=/srv/[a-z]+ ?)+$ ]] || die "DIRECTORIES=${!name} is not as in files=/srv/files" ;;
      CIDR | RANGE) [[ ${!name} =~ ^[0-9.]+/[0-9]+$ ]] || die "$name=${!name} is not a range such as 10.20.0.0/16" ;;
    esac
  done
}

short() { printf %s "$1" | sha256sum | cut -c "1-$2"; }

# Interface names hold 15 characters and "vb-" is systemd's: 5 for the site and 7 for the machine make them unique on the host.
# The root is part of it so that two roots can live side by side.
site_id() { short "$ROOT $SITE" 5; }
machine_id() { printf '%s%s\n' "$(site_id)" "$(short "$1" 7)"; }
bridge() { printf 'cm-%s\n' "$(site_id)"; }
link_of() { printf 'vb-%s\n' "$(machine_id "$1")"; }

site_dir() { printf '%s/%s\n' "$SITES" "$SITE"; }
machine_dir() { printf '%s/%s/machines/%s\n' "$SITES" "$SITE" "$1"; }
machine_names() {
  [ ! -d "$(site_dir)/machines" ] || find "$(site_dir)/machines" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort -V
}
# Empty when the machine is gone meanwhile.
machine_record() { sed -n "s/^$2=//p" "$(machine_dir "$1")/record" 2>/dev/null || true; }

# Holds the named lock until the (sub)shell ends. The machines themselves must not inherit it: see `launch`.
lock() {
  mkdir -p "$(dirname "$1")"
  exec {LOCK}>"$1"
  flock "$LOCK"
}

is_mounted() { grep -qF " $1 " /proc/self/mountinfo; }

unmount() {
  local _
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    is_mounted "$1" || return 0
    umount "$1" 2>/dev/null || sleep 0.1
  done
  umount -l "$1"
}

# Never follows a mount that is still there: it may be a disk that must outlive the machine.
remove_tree() { rm -rf --one-file-system -- "$@"; }

to_number() {
  local a b c d
  IFS=. read -r a b c d <<<"$1"
  echo $(((a << 24) + (b << 16) + (c << 8) + d))
}
to_address() { echo "$(($1 >> 24 & 255)).$(($1 >> 16 & 255)).$(($1 >> 8 & 255)).$(($1 & 255))"; }
first_of() { echo $(($(to_number "${1%/*}") & ~((1 << (32 - ${1#*/})) - 1))); }
last_of() { echo $(($(to_number "${1%/*}") | ((1 << (32 - ${1#*/})) - 1))); }
overlaps() { [ "$(first_of "$1")" -le "$(last_of "$2")" ] && [ "$(first_of "$2")" -le "$(last_of "$1")" ]; }

# The trees in which a machine needs a group of its own: one on a cgroup v2 host, two on a hybrid one.
cgroup_trees() {
  if [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]; then
    echo /sys/fs/cgroup
  else
    local tree
    for tree in unified systemd; do [ ! -d /sys/fs/cgroup/$tree ] || echo /sys/fs/cgroup/$tree; done
  fi
}
CPU_TREE=/sys/fs/cgroup/cpu
cgroup_controllers() { cat "$(cgroup_trees | head -n 1)/cgroup.controllers"; }

# Runs a command in a root directory as in a chroot, with the host's network: `in_root DIRECTORY [nspawn options] -- COMMAND…`
# What is filtered out is nspawn's harmless complaint about its own scratch directory.
in_root() {
  local dir=$1 options=()
  shift
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  systemd-nspawn --quiet --register=no --keep-unit --settings=no --pipe --resolv-conf=bind-host --timezone=off \
    --machine="cm-$BASHPID" --directory="$dir" --setenv=DEBIAN_FRONTEND=noninteractive --setenv=LC_ALL=C.UTF-8 \
    --setenv=PODMAN_IGNORE_CGROUPSV1_WARNING=1 "${options[@]}" -- "$@" </dev/null 2> >(sed '/Attempted to remove disk file system/d' >&2)
}
