# shellcheck shell=bash
# A machine's disks: image files of the size that the page says, sparse, mounted on this host and handed to the machine as directories.
# Where the host cannot mount an image, and where an older driver has made one, a disk is a plain directory.

disk_dir() { printf '%s/disks/%s\n' "$(site_dir)" "$1"; }
disk_image() { printf '%s/disk-images/%s\n' "$(site_dir)" "$1"; }
# What several machines of a site share, or what must outlive one without being a disk: it goes with the site.
shared_dir() { printf '%s/shared/%s\n' "$(site_dir)" "$1"; }
disk_names() { find "$(site_dir)/disk-images" -mindepth 1 -maxdepth 1 -type f ! -name '.*' -printf '%f\n' 2>/dev/null || true; }

# The running machines that have it.
disk_users() {
  local name
  for name in $(machine_names); do
    [[ " $(machine_record "$name" disks) " != *" $1="* ]] || ! is_running "$name" || echo "$name"
  done
}

# Makes the disk, or lets it grow.
disk_create() (
  need SITE DISK GIB
  lock "$(site_dir)/locks/.disk-$DISK"
  if [ -e "$(disk_image "$DISK")" ]; then
    grow
  elif [ -d "$(disk_dir "$DISK")" ]; then
    echo "disk $DISK has no size of its own: it has been a directory so far, and stays one"
  else
    make_disk
  fi
  record_size
)

# What the next plan is checked against. A disk without a size of its own has none.
record_size() {
  local sizes
  sizes=$(sizes_dir) && [ -e "$(disk_image "$DISK")" ] || return 0
  mkdir -p "$sizes"
  echo "$GIB" >"$sizes/$DISK"
}

# Fails for a site that no plan owns.
sizes_dir() {
  local owner
  owner=$(cat "$(site_dir)/owner" 2>/dev/null) && [[ $owner =~ ^[0-9a-f-]+$ ]] && echo "$SIZES/$owner"
}

make_disk() {
  local image new why
  image=$(disk_image "$DISK") new=$(site_dir)/disk-images/.$DISK.new
  mkdir -p "${image%/*}"
  # Whole under another name first, so that what a crash leaves is never taken for a disk.
  why=$({ make_image "$new" && mv "$new" "$image" && mount_disk "$DISK"; } 2>&1) && return
  rm -f "$new" "$image"
  mkdir -p "$(disk_dir "$DISK")"
  echo "disk $DISK has no size of its own, since this host mounts no image: $(grep -m 1 . <<<"$why")"
}

# All of it is for the machine's programs. The journal is small, since it is written over and over and soon not sparse any more.
make_image() {
  rm -f "$1"
  truncate -s "${GIB}G" "$1" && mkfs.ext4 -q -m 0 -J size=32 -E lazy_itable_init=1,lazy_journal_init=1,root_owner=0:0 "$1"
}

# At once where the kernel lets a mounted file system grow, which takes a right that a container may lack; else when it is mounted next.
grow() {
  local image have device said
  image=$(disk_image "$DISK")
  have=$(stat -c %s "$image")
  [ $((GIB << 30)) -ge "$have" ] ||
    die "the disk $DISK has $((have >> 30)) GiB and never shrinks: the page must say at least that, not $GIB"
  truncate -s "${GIB}G" "$image"
  is_mounted "$(disk_dir "$DISK")" || return 0
  device=$(disk_device "$DISK")
  losetup --set-capacity "$device"
  if ! said=$(resize2fs "$device" 2>&1); then
    echo "disk $DISK grows to $GIB GiB when its machine is stopped and started: $(grep -m 1 '^resize2fs: ' <<<"$said")"
  elif [ $((GIB << 30)) -gt "$have" ]; then
    echo "disk $DISK has grown to $GIB GiB"
  fi
}

# What could not grow while it was mounted. Never while anything has it open: two at once would destroy it.
grow_unmounted() {
  local image blocks bytes said
  image=$(disk_image "$1")
  read -r blocks bytes < <(dumpe2fs -h "$image" 2>/dev/null | awk '/^Block count:/ { n = $3 } /^Block size:/ { print n, $3 }') || return 0
  [ $((blocks * bytes)) -lt "$(stat -c %s "$image")" ] && [ -z "$(loops_of "$image")" ] || return 0
  said=$(e2fsck -fp "$image" 2>&1) || [ $? = 1 ] || die "the disk $1 is damaged: $said"
  said=$(resize2fs "$image" 2>&1) || die "the disk $1 could not grow: $said"
  echo "disk $1 has grown to $(($(stat -c %s "$image") >> 30)) GiB"
}

disk_device() { awk -v at="$(disk_dir "$1")" '$5 == at { for (i = 6; $i != "-"; i++); print $(i + 2) }' /proc/self/mountinfo; }

# Every machine that boots takes a copy of this host's mounts with it. Where they are not shared, an end of one here would not reach the
# copies, and the machines would hold each other's disks.
share_mounts() (
  local disks
  disks=$(site_dir)/disks
  lock "$(site_dir)/locks/.disks"
  mkdir -p "$disks"
  is_mounted "$disks" || { mount --bind "$disks" "$disks" && mount --make-shared "$disks"; }
)

# After a restart of the host it is no longer mounted. Two at once may want the same loop device, and one of them the next.
mount_disk() {
  local free why _
  ! is_mounted "$(disk_dir "$1")" || return 0
  share_mounts || return 1
  mkdir -p "$(disk_dir "$1")"
  [ -e /dev/loop-control ] || modprobe -q loop 2>/dev/null || true
  for _ in 1 2 3 4 5; do
    # In a container the kernel's new devices have no nodes.
    free=$(losetup --find 2>/dev/null) || true
    [ -z "$free" ] || [ -e "$free" ] || mknod -m 600 "$free" b 7 "${free#/dev/loop}" 2>/dev/null || true
    # What is deleted inside is given back to the host; unused inode tables are zero already, without being written.
    why=$(mount -t ext4 -o loop,discard,noatime,noinit_itable "$(disk_image "$1")" "$(disk_dir "$1")" 2>&1) && return
    sleep 0.1
  done
  echo "$why" >&2
  return 1
}

# Before the machine NAME boots with it.
open_disk() {
  local user
  for user in $(disk_users "$1"); do [ "$user" = "$NAME" ] || die "the disk $1 of $NAME is in use by the machine $user"; done
  if [ -e "$(disk_image "$1")" ]; then
    is_mounted "$(disk_dir "$1")" || grow_unmounted "$1"
    mount_disk "$1" || die "the disk $1 of $NAME could not be mounted"
  else
    [ -d "$(disk_dir "$1")" ] || die "there is no disk $1 for $NAME"
  fi
}

# Lets the loop device go. The kernel does so by itself a moment after the last process that used the disk.
close_disk() {
  local _
  unmount "$(disk_dir "$1")"
  for _ in $(seq 50); do
    [ -n "$(loops_of "$(disk_image "$1")")" ] || return 0
    sleep 0.1
  done
  detach_loops "$(disk_image "$1")"
}

# The loop devices of a file, or of the files below a directory; they may be deleted already.
loops_of() {
  local file path
  for file in /sys/block/loop*/loop/backing_file; do
    path=$(cat "$file" 2>/dev/null) || continue
    file=${file#/sys/block/}
    case $path in "$1" | "$1 (deleted)" | "$1"/*) echo "/dev/${file%%/*}" ;; esac
  done
}

detach_loops() {
  local device
  for device in $(loops_of "$1"); do losetup --detach "$device" 2>/dev/null || true; done
}

disk_destroy() (
  need SITE DISK
  [ -d "$(site_dir)" ] || return 0
  lock "$(site_dir)/locks/.disk-$DISK"
  local user sizes
  user=$(disk_users "$DISK")
  [ -z "$user" ] || die "the disk $DISK is in use by the machine $user: destroy that first"
  close_disk "$DISK"
  remove_tree "$(disk_dir "$DISK")" "$(disk_image "$DISK")"
  ! sizes=$(sizes_dir) || rm -f "$sizes/$DISK"
)
