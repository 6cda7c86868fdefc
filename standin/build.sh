#!/usr/bin/env bash
# Builds the stand-in's images as docker archives: `build.sh DEBIAN OUT [REFERENCE…]` makes OUT/mastodon.tar and OUT/mastodon-streaming.tar.
# Each holds an image for every version in the tags of the references, as `…/mastodon:v4.2.20`; without any, for the newest version.
# DEBIAN is a directory with the machines' Debian, which becomes the first layer of both. Needs root, npm and systemd-nspawn.
set -euo pipefail
shopt -s inherit_errexit

HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
DEBIAN=$1 OUT=$(readlink -f "$2")
shift 2
NEWEST=$(<"$HERE/app/VERSION")
VERSIONS=$(printf '%s\n' "$@" | sed -nE 's/^.*:v([0-9]+\.[0-9]+\.[0-9]+.*)$/\1/p' | sort -uV)
[[ " $VERSIONS " == *"$NEWEST"* ]] || VERSIONS+=" $NEWEST"
WORK=$(mktemp -d "$OUT/../standin.XXXXXX")
tidy() {
  local root
  for root in "$WORK"/*/root; do
    ! mountpoint -q "$root" || umount "$root"
  done
  rm -rf --one-file-system "$WORK"
}
trap tidy EXIT
trap 'exit 130' INT TERM

# What the real images have in common: the user, its home and the directories that it may write.
HOME_OF_MASTODON='
  groupadd -g 991 mastodon
  useradd -l -u 991 -g 991 -M -d /opt/mastodon -s /bin/bash mastodon
  ln -s /opt/mastodon /mastodon'

main() {
  local arch=amd64 image
  [ "$(uname -m)" != aarch64 ] || arch=arm64
  layer_of_directory "$DEBIAN" "$WORK/debian.tar"

  image=$(begin mastodon)
  install_packages "$image" ruby ruby-irb ruby-pg ruby-connection-pool ruby-redis-client ruby-sidekiq ruby-rack puma tini
  cp -r "$HERE/app/." "$image/root/opt/mastodon"
  chmod -R u=rwX,go=rX "$image/root/opt/mastodon"
  chmod 755 "$image/root/opt/mastodon/bin/"*
  writable "$image" tmp public/system
  layer "$image"

  image=$(begin mastodon-streaming)
  install_packages "$image" nodejs
  cp -r "$HERE/streaming" "$image/root/opt/mastodon/streaming"
  rm -rf "$image/root/opt/mastodon/streaming/node_modules"
  (cd "$image/root/opt/mastodon/streaming" && npm ci --omit=dev --ignore-scripts --no-audit --no-fund)
  chmod -R u=rwX,go=rX "$image/root/opt/mastodon"
  layer "$image"

  local version layer
  for version in $VERSIONS; do packs "$version"; done
  for layer in debian mastodon mastodon-streaming; do DIGESTS[$layer]=$(digest "$WORK/$layer.tar"); done
  for version in $VERSIONS; do
    local ruby=(PATH=/opt/mastodon/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin BIND=0.0.0.0 RAILS_ENV=production
      NODE_ENV=production RAILS_SERVE_STATIC_FILES=true LANG=C.UTF-8 STANDIN_VERSION="$version")
    if before_4_3 "$version"; then
      # One image runs everything, streaming too.
      describe mastodon "$version" "$arch" '["/usr/bin/tini","--"]' null "debian mastodon mastodon-streaming packs-$version" "${ruby[@]}"
    else
      describe mastodon "$version" "$arch" '["/usr/bin/tini","--"]' null "debian mastodon packs-$version" "${ruby[@]}" \
        MASTODON_SIDEKIQ_READY_FILENAME=sidekiq_process_has_started_and_will_begin_processing_jobs
      describe mastodon-streaming "$version" "$arch" null '["node","./streaming/index.js"]' "debian mastodon-streaming" \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin BIND=0.0.0.0 PORT=4000 NODE_ENV=production \
        STANDIN_VERSION="$version"
    fi
  done
  finish mastodon
  finish mastodon-streaming
}

declare -A DIGESTS
digest() { sha256sum "$1" | sed 's/^\([0-9a-f]*\).*/sha256:\1/'; }

before_4_3() { [[ $1 =~ ^4\.[0-2]\. ]]; }

# Prints the directory of a new image, in which root is Debian with all changes going to upper.
begin() {
  local image=$WORK/$1
  mkdir -p "$image"/{upper,scratch,root}
  mount -t overlay overlay -o "lowerdir=$DEBIAN,upperdir=$image/upper,workdir=$image/scratch" "$image/root"
  inside "$image" "$HOME_OF_MASTODON" >&2
  mkdir -p "$image/root/opt/mastodon"
  echo "$image"
}

inside() {
  systemd-nspawn --quiet --register=no --keep-unit --settings=no --pipe --resolv-conf=bind-host --timezone=off \
    --machine="cm-standin-$$" --directory="$1/root" --setenv=DEBIAN_FRONTEND=noninteractive --setenv=LC_ALL=C.UTF-8 \
    -- bash -ec "$2" </dev/null
}

install_packages() {
  local image=$1
  shift
  inside "$image" "apt-get -q update
    apt-get -qy -o Dpkg::Options::=--force-unsafe-io install --no-install-recommends $*
    apt-get clean; rm -rf /var/lib/apt/lists/*"
}

writable() {
  local image=$1 directory
  shift
  for directory in "$@"; do
    mkdir -p "$image/root/opt/mastodon/$directory"
    chown 991:991 "$image/root/opt/mastodon/$directory"
  done
}

layer_of_directory() {
  tar --sort=name --numeric-owner --exclude=./usr/share/doc --exclude=./usr/share/man --exclude=./usr/share/locale -C "$1" -cf "$2" .
}

# An overlay marks a deleted file with a device, an image layer with a name; both without it would bring the file back.
mark_deletions() {
  local path
  find "$1" -type c -print0 | while IFS= read -r -d '' path; do
    [ "$(stat -c %t,%T "$path")" = 0,0 ] || continue
    rm "$path"
    : >"$(dirname "$path")/.wh.$(basename "$path")"
  done
}

# The changes of an image as a layer beside Debian's.
layer() {
  umount "$1/root"
  mark_deletions "$1/upper"
  layer_of_directory "$1/upper" "$WORK/$(basename "$1").tar"
  rm -rf "$1/upper"
}

# What the build of a release leaves in public/: scripts and styles whose names change with each release, and the worker, whose name does not.
packs() {
  local root=$WORK/packs-$1 public
  public=$root/opt/mastodon/public
  install -d -m 755 "$root" "$root/opt" "$root/opt/mastodon" "$public" "$public/packs" "$public/assets" "$public/emoji"
  {
    echo "// The stand-in's script for Mastodon $1."
    seq -f "const line%g = 'As long as a script of Mastodon, which is compressed when it is made.';" 3000
  } >"$public/packs/application-$1.js"
  gzip -nk9 "$public/packs/application-$1.js"
  echo "// The stand-in's worker for Mastodon $1." >"$public/packs/sw.js"
  ln -s packs/sw.js "$public/sw.js"
  echo "body { color: #333 }" >"$public/assets/application-$1.css"
  echo '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>' >"$public/emoji/1f418.svg"
  find "$root" -exec touch -hd '2026-01-01 UTC' {} +
  layer_of_directory "$root" "$WORK/packs-$1.tar"
  DIGESTS[packs-$1]=$(digest "$WORK/packs-$1.tar")
}

# `describe NAME VERSION ARCHITECTURE ENTRYPOINT COMMAND LAYERS [NAME=VALUE…]` writes the configuration of an image.
describe() {
  local name=$1 version=$2 arch=$3 entrypoint=$4 command=$5 environment layer digests='' tars=''
  local layers=$6
  shift 6
  environment=$(printf '"%s",' "$@")
  for layer in $layers; do
    digests+="\"${DIGESTS[$layer]}\","
    tars+="\"$layer.tar\","
  done
  cat >"$WORK/$name-$version.json" <<JSON
{"architecture":"$arch","os":"linux","created":"1970-01-01T00:00:00Z",
 "config":{"User":"991:991","WorkingDir":"/opt/mastodon","Entrypoint":$entrypoint,"Cmd":$command,"Env":[${environment%,}],
  "Labels":{"org.opencontainers.image.title":"cdktf-mastodon's stand-in for $name $version, not Mastodon"}},
 "rootfs":{"type":"layers","diff_ids":[${digests%,}]}}
JSON
  echo "{\"Config\":\"$name-$version.json\",\"RepoTags\":[\"localhost/stand-in/$name:$version\"],\"Layers\":[${tars%,}]}," \
    >>"$WORK/$name.manifest"
}

# Writes the archive: the layers that its images have, and the configuration of every version.
finish() {
  local name=$1 images layers
  images=$(<"$WORK/$name.manifest")
  echo "[${images%,}]" >"$WORK/manifest.json"
  mapfile -t layers < <(grep -oE '"[a-z0-9.-]+\.tar"' "$WORK/manifest.json" | tr -d '"' | sort -u)
  (cd "$WORK" && tar -cf "$OUT/$name.tar" manifest.json "$name"-[0-9]*.json "${layers[@]}")
}

main
