# A Debian of the machines in which nothing runs but its journal: `unshare -m bash journal-room.sh DIRECTORY LAYERS`. Then performs the commands that it
# reads, and says after each how it ended. All that is mounted ends with it.
set -euo pipefail
room=$1
# A namespace has copies of all mounts, and would keep disks of the local cloud's machines open that are unmounted elsewhere.
findmnt -rno TARGET | { grep '^/var/lib/cdktf-mastodon/sites/' || true; } | tac | xargs -r umount -l
mkdir -p "$room"/{upper,work,root}
mount -t overlay overlay "$room/root" -o "lowerdir=$2,upperdir=$room/upper,workdir=$room/work"
cd "$room/root"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs dev
for name in null zero random urandom; do touch dev/$name && mount --bind /dev/$name dev/$name; done
ln -s /run/systemd/journal/dev-log dev/log
mkdir -p run/systemd/journal var/spool/rsyslog
touch run/systemd/journal/flushed
echo 0123456789abcdef0123456789abcdef >etc/machine-id
# The kernel's lines are the host's.
mkdir -p etc/systemd/journald.conf.d
printf '[Journal]\nAudit=no\nReadKMsg=no\nRateLimitBurst=0\n' >etc/systemd/journald.conf.d/zzz.conf
# shellcheck disable=SC2016 # These are the inner shell's.
exec chroot . bash -c 'while IFS= read -r line; do
  status=0
  eval "$line" </dev/null || status=$?
  printf "\nended %s\n" $status
done
kill $(jobs -p) 2>/dev/null
wait'
