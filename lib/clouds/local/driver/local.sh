#!/usr/bin/env bash
# The local cloud: machines as systemd-nspawn containers on this host. Inputs are environment variables, `local.sh COMMAND`:
#
#   preflight            [SITE] [CIDR] [MEMORY_GIB] [DISK_GIB]       says everything the host lacks
#   setup                [PACKAGE...]                               installs what is missing (Debian-like hosts), and these
#   base                 [PACKAGES]                                 builds the machines' Debian once
#   images               IMAGES [PACKAGES] [IMAGE_SOURCE=auto|stand-in|registry|ARCHIVE|DIRECTORY] [STANDIN]
#   network up|down      SITE (up: CIDR GATEWAY [OWNER])
#   disk create|destroy  SITE DISK (create: GIB)                    a disk that is there already grows to GIB, and never shrinks
#   machine create       SITE NAME ADDRESS|RANGE CIDR GATEWAY BOOT_TEXT [POOL ROLE [ALONE]] [DISKS] [DIRECTORIES] [PACKAGES] [LIMIT_SECONDS=180]
#   machine destroy|stop SITE NAME [LIMIT_SECONDS=60]               asks it to power off, cuts the power at the limit
#   machine start        SITE NAME [LIMIT_SECONDS=180]              boots it again over what it has written
#   machine settings     SITE NAME SETTINGS                         has it take changed settings, and says what it reloads
#   machine kill         SITE NAME                                  power cut: no packet leaves it any more
#   machine freeze|thaw  SITE NAME                                  all its processes stand still, its kernel goes on answering
#   partition cut        SITE NAME [from NAME...]                   silent loss of all its packets, or of those to and from these machines
#   partition heal       SITE NAME                                  its packets pass again, whomever it was cut off from
#   pool settle          SITE POOL MEMBERS [LIMIT_SECONDS=600] [FRONT_DOOR TARGETS_BACKENDS]
#   pool remove          SITE POOL NAME
#   pools stop           SITE                                       every member of every pool, before what they depend on goes
#   sweep                SITE [KEEP_MACHINES] [KEEP_POOLS] [KEEP_ROLES]   removes what the page no longer has, but for pools of these roles
#   retire               SITE ROLE [KEEP_POOLS]                     removes the pools of the role that the page no longer has
#   wait                 SITE NAME [LIMIT_SECONDS=600]
#   run                  SITE NAME [-- COMMAND...]                  inside the machine; a shell without COMMAND
#   list                 [SITE]                                     the sites; or its machines: name, address, pool, state, memory in MiB
#   logs                 SITE NAME [journalctl arguments]           also of a stopped machine
#   mail                 SITE [NUMBER]                              lists the mail that was caught: number, from, to, subject, date; or prints one
#   clean                SITE|--all [--base]                        removes all there is of the site or of every site, also after a crash
#
# State is kept under CDKTF_MASTODON_ROOT (/var/lib/cdktf-mastodon). What a person would type also takes SITE and NAME as arguments:
# `run`, `list`, `logs`, `mail`, `wait`, `clean`, `machine destroy|stop|start|kill|freeze|thaw` and `partition`. In these, all but `clean` and
# `machine destroy`, a beginning of NAME that only one machine has is enough: web-1 for web-1-8c4a7e.
set -euo pipefail
umask 022
export PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH"

DRIVER=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
for part in common preflight network disk base images machine machine-commands inside pool clean; do
  # shellcheck source=/dev/null
  . "$DRIVER/$part.sh"
done

usage() { sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$DRIVER/local.sh"; }

# The first arguments may stand for variables: `arguments_as SITE NAME -- "$@"`; the rest is left in REST.
arguments_as() {
  local names=()
  while [ "$1" != -- ]; do names+=("$1"); shift; done
  shift
  local name
  for name in "${names[@]}"; do
    if [ $# = 0 ] || [[ $1 = -* ]]; then break; fi
    printf -v "$name" %s "$1"
    shift
  done
  REST=("$@")
}

COMMAND=${1:-}
shift || true
case $COMMAND in
  network | disk | machine | pool | pools | partition)
    COMMAND="$COMMAND ${1:-}"
    shift || true
    ;;
esac
case $COMMAND in
  preflight) preflight ;;
  setup) setup "$@" ;;
  base) base_ensure ;;
  images) images_ensure ;;
  "network up") network_up ;;
  "network down") network_down ;;
  "disk create") disk_create ;;
  "disk destroy") disk_destroy ;;
  "machine create") machine_create ;;
  "machine settings") machine_settings ;;
  "machine destroy") arguments_as SITE NAME -- "$@" && machine_destroy ;;
  "machine stop") arguments_as SITE NAME -- "$@" && must_exist && machine_stop ;;
  "machine start") arguments_as SITE NAME -- "$@" && must_exist && machine_start ;;
  "machine kill") arguments_as SITE NAME -- "$@" && must_exist && machine_kill ;;
  "machine freeze") arguments_as SITE NAME -- "$@" && must_exist && machine_freeze ;;
  "machine thaw") arguments_as SITE NAME -- "$@" && must_exist && machine_thaw ;;
  "partition cut") arguments_as SITE NAME -- "$@" && must_exist && partition_cut "${REST[@]}" ;;
  "partition heal") arguments_as SITE NAME -- "$@" && must_exist && partition_heal ;;
  "pool settle") pool_settle ;;
  "pool remove") pool_remove ;;
  "pools stop") pools_stop ;;
  sweep) sweep ;;
  retire) retire ;;
  wait) arguments_as SITE NAME LIMIT_SECONDS -- "$@" && must_exist && machine_wait ;;
  run) arguments_as SITE NAME -- "$@" && must_exist && machine_run "${REST[@]}" ;;
  list) arguments_as SITE -- "$@" && machine_list ;;
  logs) arguments_as SITE NAME -- "$@" && must_exist && machine_logs "${REST[@]}" ;;
  mail) arguments_as SITE -- "$@" && mail_read "${REST[@]}" ;;
  clean) arguments_as SITE -- "$@" && clean "${REST[@]}" ;;
  help | --help | -h) usage ;;
  *)
    usage >&2
    [ -z "$COMMAND" ] || echo "local: there is no command \`$COMMAND\`" >&2
    exit 2
    ;;
esac
