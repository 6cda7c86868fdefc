# shellcheck shell=bash
# Removes all there is of a site from what the host shows, not from the records, which a crash may have lost.

clean() {
  local base=no all=no argument
  for argument in "$@"; do
    case $argument in
      --base) base=yes ;;
      --all) all=yes ;;
      *) die "clean does not know $argument" ;;
    esac
  done
  # Every site is never meant by a word that may be a name, nor by a name that is missing.
  if [ $all = yes ]; then
    [ -z "${SITE:-}" ] || die "clean takes a site or --all, not both"
    for SITE in $(all_sites); do clean_site; done
  elif [ -n "${SITE:-}" ] || [ $base = no ]; then
    need SITE
    [ "$SITE" != all ] || [ -d "$(site_dir)" ] || die "there is no site called all; clean --all removes every site of this host with its disks"
    clean_site
  fi
  [ $base = yes ] || return 0
  [ -z "$(all_sites)" ] || die "the base is in use by: $(all_sites | tr '\n' ' ')"
  unmount_below "$ROOT"
  remove_tree "$BASE" "$IMAGE_STORE" "$ROOT/image-records" "$ROOT/trial".*
  rmdir "$SITES" "$ROOT" 2>/dev/null || true
}

all_sites() {
  {
    find "$SITES" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' 2>/dev/null || true
    ip -d link show type bridge | sed -n "s|^ *alias cdktf-mastodon $ROOT ||p"
    # A process may end while it is read.
    { cat /proc/[0-9]*/cmdline 2>/dev/null || true; } | tr '\0' '\n' | sed -n "s|^--directory=$SITES/\([^/]*\)/.*|\1|p"
  } | sort -u
}

clean_site() {
  local id pid tree group link disk sizes
  id=$(site_id)
  for pid in $(grep -lsz -e "^--directory=$(site_dir)/" /proc/[0-9]*/cmdline | sed -n 's|^/proc/\([0-9]*\)/.*|\1|p'); do
    kill -KILL "$pid" 2>/dev/null || true
  done
  for tree in $(cgroup_trees); do
    for group in "$tree/cdktf-mastodon-$id"*; do
      [ ! -d "$group" ] || clear_groups "${group##*/cdktf-mastodon-}"
    done
  done
  for link in $(ip -o link show | sed -n "s/^[0-9]*: \(vb-${id}[0-9a-f]*\)@.*/\1/p"); do
    ip link delete "$link" 2>/dev/null || true
  done
  network_down
  for disk in $(disk_names); do close_disk "$disk"; done
  unmount_below "$(site_dir)"
  detach_loops "$(site_dir)"
  if sizes=$(sizes_dir); then remove_tree "$sizes"; fi
  rmdir "$SIZES" 2>/dev/null || true
  remove_tree "$(site_dir)"
}

unmount_below() {
  local point
  for point in $(awk -v below="$1/" 'index($5, below) == 1 { print $5 }' /proc/self/mountinfo | sort -r); do
    unmount "$point"
  done
}

# What has left the page, before anything of the page is made: kept machines, and pools of which no two generations may run at once. A pool that
# goes start-first stays until others of its role serve, see `retire`, unless the page has none. Disks stay: they may be the only copy.
sweep() {
  need SITE
  local name pool role gone=()
  for name in $(machine_names); do
    pool=$(machine_record "$name" pool)
    role=$(machine_record "$name" role)
    if [ -n "$pool" ]; then
      [[ " ${KEEP_POOLS:-} " != *" $pool "* ]] || continue
      [ -n "$(machine_record "$name" alone)" ] || [[ " ${KEEP_ROLES:-} " != *" $role "* ]] || continue
    else
      [[ " ${KEEP_MACHINES:-} " != *" $name "* ]] || continue
    fi
    gone+=("$name")
  done
  remove_all "${gone[@]}"
}

# The pools of a role that have left the page, once those of the page serve.
retire() {
  need SITE ROLE
  local name pool gone=()
  for name in $(machine_names); do
    pool=$(machine_record "$name" pool)
    [ -n "$pool" ] && [ "$(machine_record "$name" role)" = "$ROLE" ] || continue
    [[ " ${KEEP_POOLS:-} " == *" $pool "* ]] || gone+=("$name")
  done
  remove_all "${gone[@]}"
}

remove_all() {
  local name pool pids=()
  for name in "$@"; do
    pool=$(machine_record "$name" pool)
    if [ -n "$pool" ]; then
      (NAME=$name POOL=$pool pool_remove) &
    else
      (NAME=$name machine_destroy) &
    fi
    pids+=($!)
    echo "$name: no longer on the page, removed"
  done
  [ ${#pids[@]} = 0 ] || wait "${pids[@]}"
}
