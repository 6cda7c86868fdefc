# shellcheck shell=bash
# Says what this host lacks before anything is built, all of it at once; `setup` installs it where apt can.

# command=Debian package
NEEDED="systemd-nspawn=systemd-container debootstrap=debootstrap nft=nftables ip=iproute2 nsenter=util-linux flock=util-linux
mount=mount losetup=mount mkfs.ext4=e2fsprogs pgrep=procps journalctl=systemd sha256sum=coreutils gunzip=gzip awk=mawk find=findutils wget=wget curl=curl"

missing_packages() {
  local pair
  for pair in $NEEDED; do
    command -v "${pair%=*}" >/dev/null || echo "${pair#*=}"
  done | sort -u
  ls /usr/share/keyrings/debian-archive-*trixie* >/dev/null 2>&1 || [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] ||
    echo debian-archive-keyring
}

preflight() {
  if [ "$(uname -s)" != Linux ] || [ "$(id -u)" != 0 ]; then
    die "the local cloud needs Linux and root: run it again with sudo on a Linux host"
  fi
  local problems packages
  problems=$(
    packages=$(missing_packages | tr '\n' ' ')
    [ -z "$packages" ] || echo "commands are missing: apt-get install $packages"
    terraform_problem
    overlay_problem
    cgroup_problem
    size_problems
    [ -z "${CIDR:-}" ] || cidr_problems
  )
  [ -z "$problems" ] && return
  while read -r line; do printf 'local: %s\n' "$line" >&2; done <<<"$problems"
  exit 1
}

terraform_problem() {
  local binary=${TERRAFORM_BINARY_NAME:-terraform} version
  version=$("$binary" version 2>/dev/null | sed -n '1s/^[^v]*v\([0-9.]*\).*/\1/p') || true
  if [ -z "$version" ]; then
    echo "$binary is missing: install Terraform 1.5 or later, https://developer.hashicorp.com/terraform/install"
  elif [ "$(printf '%s\n' 1.5 "$version" | sort -V | head -n 1)" != 1.5 ]; then
    echo "Terraform $version is too old: install 1.5 or later"
  fi
}

# A trial, since it also depends on the file system: an overlay (a container's own root) cannot carry another.
overlay_problem() {
  [[ $ROOT != *[:,\\\ ]* ]] || echo "CDKTF_MASTODON_ROOT=$ROOT must not contain a space, colon, comma or backslash"
  mkdir -p "$ROOT"
  local dir
  dir=$(mktemp -d "$ROOT/trial.XXXXXX")
  mkdir "$dir"/{lower,upper,work,root}
  if mount -t overlay overlay -o "lowerdir=$dir/lower,upperdir=$dir/upper,workdir=$dir/work" "$dir/root" 2>/dev/null; then
    umount "$dir/root"
  else
    echo "no overlay can be mounted under $ROOT: set CDKTF_MASTODON_ROOT to a directory on ext4, xfs or btrfs"
  fi
  remove_tree "$dir"
}

cgroup_problem() {
  local tree
  tree=$(cgroup_trees | head -n 1)
  [ -n "$tree" ] && [ -w "$tree/cgroup.procs" ] && [ -e "$tree/cgroup.controllers" ] ||
    echo "no writable cgroup v2 tree: mount it (mount -t cgroup2 none /sys/fs/cgroup) or boot with systemd.unified_cgroup_hierarchy=1"
}

size_problems() {
  local have
  have=$(awk '/^MemAvailable:/ { printf "%d", $2 / 1048576 + 0.5 }' /proc/meminfo)
  [ "${MEMORY_GIB:-0}" -le "$have" ] ||
    echo "$have GiB of memory are available, ${MEMORY_GIB} GiB are wanted: stop something, or ask for fewer or smaller machines"
  have=$(($(df -Pk "$ROOT" | awk 'NR == 2 { print $4 }') / 1048576))
  [ "${DISK_GIB:-0}" -le "$have" ] ||
    echo "$have GiB are free at $ROOT, ${DISK_GIB} GiB are wanted: make room, or set CDKTF_MASTODON_ROOT to another disk"
}

cidr_problems() {
  local own="" what device
  [ -z "${SITE:-}" ] || own=$(bridge)
  while read -r what device; do
    [ "$device" != "$own" ] || continue
    ! overlaps "$CIDR" "$what" ||
      echo "the network $CIDR overlaps $what of $device on this host: give the local cloud another range"
  done < <({
    ip -o -4 address show | awk '{ print $4, $2 }'
    ip -4 route show | awk '$1 ~ /^[0-9]/ { for (i = 2; i < NF; i++) if ($i == "dev") print ($1 ~ /\// ? $1 : $1 "/32"), $(i + 1) }'
  } | sort -u)
}

setup() {
  [ "$(id -u)" = 0 ] || die "setup needs root: run it again with sudo"
  local packages extra
  packages=$(missing_packages)
  for extra in "$@"; do
    dpkg-query -s "$extra" >/dev/null 2>&1 || packages+=${packages:+$'\n'}$extra
  done
  if [ -n "$packages" ]; then
    command -v apt-get >/dev/null || die "install the equivalents of: ${packages//$'\n'/ }"
    echo "setup: installing ${packages//$'\n'/ }"
    # Without lists apt would first complain of every package.
    ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 || apt-get -qq update >/dev/null || true
    # shellcheck disable=SC2086
    install_packages $packages || { apt-get -qq update && install_packages $packages; } ||
      die "apt-get could not install: ${packages//$'\n'/ }"
  fi
  preflight
}

install_packages() { DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >/dev/null; }
