# shellcheck shell=bash
# The machines' Debian, in three layers that are built once and stacked by overlay: a minimal system with cloud-init, which every
# set of packages shares, the packages that the programs name, and the configuration that makes machines of it.

SUITE=trixie

# Sets SYSTEM_LAYER, PACKAGE_LAYER and CONFIG_LAYER: directories named by a hash of the functions that build them and their inputs.
base_layers() {
  local arch packages key
  arch=$(uname -m)
  packages=$(tr -s ' \n' '\n' <<<"${PACKAGES:-}" | sort -u | tr '\n' ' ')
  key=$(short "$SUITE $arch $(declare -f build_system)" 12)
  SYSTEM_LAYER=$BASE/system-$key
  key=$(short "$key $packages $(declare -f build_packages)" 12)
  PACKAGE_LAYER=$BASE/packages-$key
  key=$(short "$key $(limits_pids && echo pids) $(declare -f build_configuration cloud_init_settings disable_services)" 12)
  CONFIG_LAYER=$BASE/configuration-$key
}

base_ensure() {
  base_layers
  [ ! -d "$CONFIG_LAYER" ] || return 0
  build_missing_layers
}

build_missing_layers() (
  lock "$BASE/lock"
  local started=$SECONDS stale
  for stale in "$BASE"/tmp.*; do
    [ -e "$stale" ] || continue
    unmount "$stale/root" && remove_tree "$stale"
  done
  [ -d "$SYSTEM_LAYER" ] || build_layer build_system "$SYSTEM_LAYER"
  [ -d "$PACKAGE_LAYER" ] || build_layer build_packages "$PACKAGE_LAYER" "$SYSTEM_LAYER"
  [ -d "$CONFIG_LAYER" ] || build_layer build_configuration "$CONFIG_LAYER" "$PACKAGE_LAYER:$SYSTEM_LAYER"
  echo "base: ready after $((SECONDS - started)) s"
)

# Builds in a directory of its own and renames it when whole: `build_layer FUNCTION DIRECTORY [LOWER]`
build_layer() {
  local tmp log=$BASE/log
  tmp=$(mktemp -d "$BASE/tmp.XXXXXX")
  mkdir "$tmp"/{layer,work,root}
  chmod 755 "$tmp/layer"
  if [ -n "${3:-}" ]; then
    mount -t overlay overlay -o "lowerdir=$3,upperdir=$tmp/layer,workdir=$tmp/work" "$tmp/root"
  else
    rmdir "$tmp/root" && ln -s layer "$tmp/root"
  fi
  # errexit would be off inside a function that is tested by `if`: a shell of its own keeps it.
  : >"$log"
  set +e
  (
    set -e
    "$1" "$(readlink -f "$tmp/root")" 3>&1 >>"$log" 2>&1
  )
  local status=$?
  set -e
  unmount "$tmp/root"
  if [ $status != 0 ]; then
    tail -n 20 "$log" >&2
    remove_tree "$tmp"
    die "the base could not be built ($1); the whole log is $log"
  fi
  mv "$tmp/layer" "$2"
  remove_tree "$tmp"
}

build_system() {
  local root=$1 mirror security
  echo "base: debootstrap of Debian $SUITE (1/4)" >&3
  mirror=$(host_mirror debian)
  debootstrap --variant=minbase --include=ca-certificates,systemd-sysv,dbus,iproute2,netbase "$SUITE" "$root" ${mirror:+"$mirror"}
  mirror=$(awk '$1 == "deb" { print $2; exit }' "$root/etc/apt/sources.list")
  security=$(host_mirror debian-security)
  security=${security:-${mirror%/debian}/debian-security}
  echo "deb $mirror $SUITE main" >"$root/etc/apt/sources.list"
  add_source "$root" "$mirror" "$SUITE-updates"
  add_source "$root" "$security" "$SUITE-security"
  # What this host needs to reach its mirror, the mirror needs here as well.
  apt-config dump | grep -E '^Acquire::(.*::Proxy |Check-(Valid-Until|Date) |Retries )' >"$root/etc/apt/apt.conf.d/99build" || true
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
  echo "base: cloud-init and tools (2/4)" >&3
  in_root "$root" -- bash -ec 'apt-get -q update
    apt-get -qy -o Dpkg::Options::=--force-unsafe-io dist-upgrade
    apt-get -qy -o Dpkg::Options::=--force-unsafe-io install --no-install-recommends cloud-init curl jq openssl procps nftables \
      iputils-ping less sudo gzip
    apt-get clean; rm -rf /var/lib/apt/lists/*'
}

add_source() {
  ! wget -q --timeout=10 --tries=2 -O /dev/null "$2/dists/$3/InRelease" || echo "deb $2 $3 main" >>"$1/etc/apt/sources.list"
}

# The first address that ends in /$1 of the host's own apt sources, in both forms, without a slash at the end.
host_mirror() {
  { cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null || true; } |
    sed 's/#.*//; s/\[[^]]*\]//' |
    awk -v name="$1" '$1 == "deb" || $1 == "URIs:" { for (i = 2; i <= NF; i++) {
      uri = $i; sub(/\/+$/, "", uri); if (uri ~ "^https?://.*/" name "$") { print uri; exit } } }'
}

build_packages() {
  local root=$1
  local packages
  read -ra packages <<<"$(tr -s '\n' ' ' <<<"${PACKAGES:-}")"
  [ ${#packages[@]} -gt 0 ] || return 0
  echo "base: ${#packages[@]} packages (3/4)" >&3
  # shellcheck disable=SC2016
  in_root "$root" -- bash -ec 'apt-get -q update
    apt-get -qy -o Dpkg::Options::=--force-unsafe-io install --no-install-recommends "$@"
    apt-get clean; rm -rf /var/lib/apt/lists/*' install "${packages[@]}"
}

build_configuration() {
  local root=$1
  echo "base: configuration (4/4)" >&3
  disable_services "$root"
  # Without sources apt fails at once instead of waiting for a network: all packages are there already.
  rm -rf "$root/usr/sbin/policy-rc.d" "$root/etc/apt/apt.conf.d/99build" "$root"/etc/apt/sources.list.d/*
  : >"$root/etc/apt/sources.list"
  : >"$root/etc/machine-id"
  rm -f "$root/var/lib/dbus/machine-id" "$root/etc/hostname"
  rm -f "$root/etc/resolv.conf"
  echo 'nameserver 127.0.0.1' >"$root/etc/resolv.conf"
  echo 'LANG=C.UTF-8' >"$root/etc/default/locale"
  # A journal on disk can be read from the host, also when the machine is dead.
  mkdir -p "$root/var/log/journal" "$root/var/lib/cloud/seed/nocloud" "$root$IMAGE_STORE_INSIDE" "$root/var/lib/containers"
  mkdir -p "$root/etc/containers/containers.conf.d" "$root/etc/cloud/cloud.cfg.d"
  cloud_init_settings >"$root/etc/cloud/cloud.cfg.d/90_local.cfg"
  cat >"$root/etc/containers/storage.conf" <<EOT
[storage]
driver = "overlay"
runroot = "/run/containers/storage"
graphroot = "/var/lib/containers/storage"
[storage.options]
additionalimagestores = ["$IMAGE_STORE_INSIDE"]
EOT
  if ! limits_pids; then
    printf '[containers]\npids_limit = 0\n' >"$root/etc/containers/containers.conf.d/90-local.conf"
  fi
}

cloud_init_settings() {
  cat <<'EOT'
datasource_list: [NoCloud, None]
locale: C.UTF-8
ssh_genkeytypes: []
growpart: {mode: 'off'}
resize_rootfs: false
EOT
}

# Packages enable their services; here, as in a cloud where the boot text holds them back, only the boot text does.
disable_services() {
  local root=$1 units
  mapfile -t units < <(find "$PACKAGE_LAYER/etc/systemd/system" -path '*.wants/*' -type l -printf '%f\n' 2>/dev/null | sort -u)
  # shellcheck disable=SC2016
  in_root "$root" -- bash -ec '[ $# = 0 ] || systemctl disable "$@"
    if command -v pg_lsclusters; then
      pg_lsclusters -h | while read -r version name _; do pg_dropcluster "$version" "$name"; done
    fi
    systemctl enable systemd-networkd.service
    systemctl mask systemd-networkd-wait-online.service systemd-modules-load.service systemd-logind.service \
      console-getty.service getty@.service ldconfig.service apt-daily.timer apt-daily.service apt-daily-upgrade.timer \
      apt-daily-upgrade.service dpkg-db-backup.timer fstrim.timer systemd-pstore.service systemd-tmpfiles-clean.timer \
      cloud-init-hotplugd.socket remote-fs.target' disable "${units[@]}"
}

# On a hybrid host no controllers reach the machines, and podman's default limit would stop every container.
limits_pids() { [[ " $(cgroup_controllers) " == *" pids "* ]]; }
