#!/bin/bash
# Keeps the addresses of the machines that this one calls in /etc/hosts. It asks the servers of the zone itself: a resolver remembers for long that a
# name was not there yet. `private-names boot` ends when each name has an address, `private-names keep` looks again and again, and without a word it
# looks once.
set -uo pipefail

BEGIN='# private names begin' END='# private names end'
declare -A known=() now=() why=()

read_known() {
  local address name
  known=()
  while read -r address name; do known[$name]=$address; done < <(sed -n "/^$BEGIN\$/,/^$END\$/{/^#/!p}" "$HOSTS")
}

# Whoever answers may lead this machine to another of the site, and nowhere else.
inside() {
  local parts number=0 part
  [[ $1 =~ ^[0-9]{1,3}(\.[0-9]{1,3}){3}$ ]] || return 1
  IFS=. read -ra parts <<<"$1"
  for part in "${parts[@]}"; do
    [ "$((10#$part))" -le 255 ] || return 1
    number=$((number << 8 | 10#$part))
  done
  [ $((number & NETWORK_MASK)) = "$NETWORK_FIRST" ]
}

# Asks one server for all names at once, and prints for each answer: NAME STATUS AUTHORITY ADDRESSES OTHERS.
ask() {
  local name
  for name in "${@:2}"; do echo "$PREFIX$name.$SUFFIX A"; done |
    timeout "$SERVER_SECONDS" dig "@$1" -4 +norecurse +tries=1 +time=2 +noall +comments +question +answer -f - 2>/dev/null |
    awk '
      function told() { if (name != "") print name, status, authority, (addresses == "" ? "none" : addresses), others; name = "" }
      /^;; ->>HEADER<<-/ { told(); status = $6; sub(",", "", status); addresses = ""; authority = others = 0 }
      /^;; flags:/ { authority = ($0 ~ /^;; flags:[^;]* aa[ ;]/) }
      /^;[^; ]/ { name = tolower(substr($1, 2)); sub(/\.$/, "", name) }
      /^[^; ]/ { owner = tolower($1); sub(/\.$/, "", owner)
                 if ($4 == "A" && owner == name) addresses = addresses (addresses == "" ? "" : ",") $5; else others++ }
      END { told() }'
}

# Takes what the server says of names that have no good answer yet.
take() {
  local full status authority addresses others name
  while read -r full status authority addresses others; do
    name=${full#"$PREFIX"} name=${name%".$SUFFIX"}
    if [ "$authority" = 0 ]; then
      why[$name]="$1 does not answer for the zone ($status)"
    elif [ "$status" = NXDOMAIN ] || { [ "$status" = NOERROR ] && [ "$addresses" = none ] && [ "$others" = 0 ]; }; then
      why[$name]="the zone has no such record"
    elif [ "$status" != NOERROR ]; then
      why[$name]="$1 says $status"
    elif [ "$others" != 0 ] || [ "$addresses" = none ] || [[ $addresses = *,* ]]; then
      why[$name]="refused, since it is not one address: $addresses, and $others other records"
    elif ! inside "$addresses"; then
      why[$name]="refused, since it is outside the network: $addresses"
    else
      now[$name]=$addresses
    fi
  done < <(ask "$@")
}

# Replaces this script's own lines, and only if nobody else has changed the file meanwhile.
write() {
  local copy new
  copy=$(mktemp "$HOSTS.XXXXXX") && new=$(mktemp "$HOSTS.XXXXXX") || return 1
  cp "$HOSTS" "$copy"
  {
    sed "/^$BEGIN\$/,/^$END\$/d" "$copy"
    echo "$BEGIN"
    for name in $NAMES; do [ -z "${now[$name]-}" ] || echo "${now[$name]} $name"; done
    echo "$END"
  } >"$new"
  chmod 0644 "$new"
  cmp -s "$copy" "$HOSTS" && mv "$new" "$HOSTS"
  local status=$?
  rm -f "$copy" "$new"
  return $status
}

# One look at all names. What no server answers well keeps its address.
look() {
  local server name changed=() moved=() unknown
  read_known
  now=() why=()
  for server in $SERVERS; do
    unknown=()
    for name in $NAMES; do [ -n "${now[$name]-}" ] || unknown+=("$name"); done
    [ ${#unknown[@]} -gt 0 ] || break
    take "$server" "${unknown[@]}"
  done
  for name in $NAMES; do
    [ -n "${now[$name]-}" ] || [ -z "${known[$name]-}" ] || now[$name]=${known[$name]}
    [ "${now[$name]-}" = "${known[$name]-}" ] || changed+=("$name")
  done
  [ ${#changed[@]} -gt 0 ] || return 0
  write || return 1
  for name in "${changed[@]}"; do
    echo "$name is at ${now[$name]}${known[$name]:+, was at ${known[$name]}}"
    [ -z "${known[$name]-}" ] || moved+=("$name")
  done
  [ ${#moved[@]} -gt 0 ] || return 0
  tell_proxy "${moved[@]}"
  tell_containers "${moved[@]}"
}

# Each container has a copy of /etc/hosts, which podman made when it started and bound into it: it is written in place, since another file of the same
# name would stay outside.
tell_containers() {
  local name places="" id copy text
  command -v podman >/dev/null || return 0
  for name in "$@"; do places+=" $name ${now[$name]}"; done
  for id in $(timeout 60 podman ps -q); do
    # It may have ended by now.
    copy=$(timeout 60 podman inspect --format '{{.HostsPath}}' "$id" 2>/dev/null) || continue
    text=$(awk -v places="$places" '
      BEGIN { for (n = split(places, words, " "); n > 1; n -= 2) at[words[n - 1]] = words[n] }
      NF == 2 && ($2 in at) { print at[$2] "\t" $2; next }
      { print }' "$copy") || continue
    printf '%s\n' "$text" >"$copy"
  done
}

# HAProxy looks up its servers when it starts, and its configuration may hold addresses that were looked up for it. They are first replaced by the names,
# since two machines may have exchanged their addresses.
tell_proxy() {
  local name
  [ -e "$PROXY" ] || return 0
  for name in "$@"; do sed -E -i "s/(^|[^0-9.])${known[$name]//./\\.}([^0-9]|$)/\\1@$name@\\2/g" "$PROXY"; done
  for name in "$@"; do sed -i "s/@$name@/${now[$name]}/g" "$PROXY"; done
  systemctl try-restart haproxy.service || echo "HAProxy did not start again after $* had moved" >&2
}

nowhere() { for name in $NAMES; do [ -n "${now[$name]-}" ] || echo "$name (${why[$name]:-no server of the zone answers})"; done; }

case ${1-} in
  boot)
    while :; do
      look
      open=$(nowhere | paste -sd ';' | sed 's/;/; /g')
      [ -n "$open" ] || exit 0
      [ "$SECONDS" -lt "$BOOT_SECONDS" ] || break
      [ "$open" = "${said-}" ] || echo "boot: waits for the address of $open"
      said=$open
      sleep "$PAUSE_SECONDS"
    done
    echo "boot: no address after $BOOT_SECONDS s: $open" >&2
    exit 1
    ;;
  keep)
    while :; do
      look
      # A name that is gone from the zone is no reason to forget where the machine was; a refusal is told once.
      refused=$(for name in $NAMES; do [[ ${why[$name]-} != refused* ]] || echo "$name: ${why[$name]}"; done)
      [ "$refused" = "${said-}" ] || echo "${refused:-all names are in order again}" >&2
      said=$refused
      sleep "$PAUSE_SECONDS"
    done
    ;;
  *) look ;;
esac
