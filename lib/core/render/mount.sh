# shellcheck shell=bash
# A disk may be attached after the first boot began, and a cloud that keeps disks as directories gives a directory.
echo "boot: disk $DEVICE at $AT"
for _ in $(seq 150); do [ -e "$DEVICE" ] && break; sleep 2; done
[ -e "$DEVICE" ] || { echo "boot: no disk $DEVICE after 300 s" >&2; exit 1; }
mkdir -p "$AT"
if [ -d "$DEVICE" ]; then
  kind=none options=bind
else
  kind=ext4 options=defaults,noatime
  # Not by blkid alone: a device that cannot be read for a moment looks to it like a blank one.
  if ! blkid -p "$DEVICE" >/dev/null; then
    cmp -s -n 4194304 "$DEVICE" /dev/zero || { echo "boot: $DEVICE is neither a file system nor blank" >&2; exit 1; }
    mkfs.ext4 -q -m 1 "$DEVICE"
  fi
fi
grep -q " $AT " /etc/fstab || echo "$DEVICE $AT $kind $options,nofail 0 2" >>/etc/fstab
mountpoint -q "$AT" || mount "$AT"
