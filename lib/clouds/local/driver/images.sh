# shellcheck shell=bash
# Fills the image store that all machines share, read-only, with podman run from the machines' own base.

images_ensure() {
  [ -n "${IMAGES:-}" ] || return 0
  local source=${IMAGE_SOURCE:-auto} reference missing=no
  case $source in
    auto | registry) ;;
    stand-in) [ -e "${STANDIN:-}/build.sh" ] || die "STANDIN=${STANDIN:-} holds no build.sh" ;;
    *) [ -e "$source" ] || die "IMAGE_SOURCE=$source is neither auto, stand-in, registry nor a file or directory" ;;
  esac
  for reference in $IMAGES; do image_present "$reference" "$source" || missing=yes; done
  [ $missing = no ] || images_fill "$source"
}

image_record() { printf '%s/image-records/%s\n' "$ROOT" "$(short "$1" 16)"; }

# A record says where the image came from; what came from files is stale once the files have changed.
image_present() {
  local origin
  origin=$(sed -n 's/^origin=//p' "$(image_record "$1")" 2>/dev/null) || return 1
  [ -e "$IMAGE_STORE/overlay-images/images.json" ] || return 1
  case $2 in
    auto) [ "$origin" = registry ] || [[ $origin == archive:* ]] || [ "$origin" = "$(standin_origin)" ] ;;
    registry) [ "$origin" = registry ] ;;
    stand-in) [ "$origin" = "$(standin_origin)" ] ;;
    *) [ "$origin" = "$(archive_origin "$2")" ] ;;
  esac
}

standin_origin() {
  [ -d "${STANDIN:-}" ] || { echo none && return; }
  (cd "$STANDIN" && find . -name node_modules -prune -o -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | sed 's/^\(.\{16\}\).*/stand-in:\1/')
}

archive_origin() { printf 'archive:%s\n' "$(find "$1" -type f -printf '%p %s %T@\n' | sort | sha256sum | cut -c 1-16)"; }

images_fill() (
  lock "$ROOT/images.lock"
  local source=$1 reference missing=no
  for reference in $IMAGES; do image_present "$reference" "$source" || missing=yes; done
  [ $missing = yes ] || return 0
  base_ensure
  base_layers
  mkdir -p "$IMAGE_STORE" "$ROOT/image-records"
  WORKSHOP=$(mktemp -d "$BASE/workshop.XXXXXX")
  mkdir "$WORKSHOP"/{upper,work,root,archives}
  trap 'unmount "$WORKSHOP/root"; remove_tree "$WORKSHOP"' EXIT
  mount -t overlay overlay "$WORKSHOP/root" \
    -o "lowerdir=$CONFIG_LAYER:$PACKAGE_LAYER:$SYSTEM_LAYER,upperdir=$WORKSHOP/upper,workdir=$WORKSHOP/work"
  [ -x "$WORKSHOP/root/usr/bin/podman" ] || die "the images need podman: name it in PACKAGES"
  case $source in
    auto)
      if registry_answers; then
        from_registry
      else
        [ -e "${STANDIN:-}/build.sh" ] || die "the registry of the images does not answer, and STANDIN names no stand-in"
        echo "images: the registry does not answer; a stand-in takes Mastodon's place"
        from_standin
      fi
      ;;
    registry) from_registry ;;
    stand-in) from_standin ;;
    *) from_archives "$source" "$(archive_origin "$source")" ;;
  esac
)

podman_in_workshop() {
  in_root "$WORKSHOP/root" --capability=all --system-call-filter='@keyring bpf add_key keyctl' \
    --bind="$IMAGE_STORE:$IMAGE_STORE_INSIDE" --bind-ro="$WORKSHOP/archives:/archives" \
    -- podman --root "$IMAGE_STORE_INSIDE" --runroot /run/podman --storage-driver overlay --cgroup-manager cgroupfs "$@"
}

recorded() { printf 'reference=%s\norigin=%s\n' "$1" "$2" >"$(image_record "$1")"; }

# 10 s suffice to know; a 401 is how a registry asks for a token.
registry_answers() {
  local host status
  for host in $(tr ' ' '\n' <<<"$IMAGES" | sed 's|/.*||' | sort -u); do
    status=$(curl -s -o /dev/null -m 10 -w '%{http_code}' "https://$host/v2/") || return 1
    [ "$status" = 200 ] || [ "$status" = 401 ] || return 1
  done
}

from_registry() {
  local reference
  for reference in $IMAGES; do
    image_present "$reference" registry && continue
    echo "images: pulling $reference"
    podman_in_workshop pull -q "$reference" >/dev/null || die "$reference could not be pulled"
    recorded "$reference" registry
  done
}

refuse_digests() {
  [[ $IMAGES != *@sha256:* ]] ||
    die "a digest names one image of the registry, which nothing else can stand in for: give a tag, or IMAGE_SOURCE=registry ($IMAGES)"
}

from_standin() {
  refuse_digests
  local origin
  origin=$(standin_origin)
  echo "images: building the stand-in"
  # shellcheck disable=SC2086 # one argument a reference
  bash "$STANDIN/build.sh" "$SYSTEM_LAYER" "$WORKSHOP/archives" $IMAGES </dev/null >"$WORKSHOP/log" 2>&1 || {
    tail -n 20 "$WORKSHOP/log" >&2
    die "the stand-in could not be built"
  }
  load_kinds "$origin"
}

# A directory like the stand-in's output, or one archive whose images carry the references as their tags.
from_archives() {
  refuse_digests
  if [ -d "$1" ]; then
    cp -l "$1"/*.tar "$WORKSHOP/archives/" 2>/dev/null || cp "$1"/*.tar "$WORKSHOP/archives/"
    load_kinds "$2"
    return
  fi
  local reference loaded
  ln "$1" "$WORKSHOP/archives/one" 2>/dev/null || cp "$1" "$WORKSHOP/archives/one"
  loaded=$(podman_in_workshop load -q -i /archives/one | sed -n 's/^Loaded image.*: //p') || die "$1 is not an image archive"
  for reference in $IMAGES; do
    if ! podman_in_workshop image exists "$reference"; then
      [ "$(wc -l <<<"$loaded")" = 1 ] && [[ $IMAGES != *" "* ]] || die "$1 holds no $reference, only: ${loaded//$'\n'/ }"
      podman_in_workshop tag "$loaded" "$reference"
    fi
    recorded "$reference" "$2"
  done
}

# A repository whose name ends in -streaming gets the streaming image, every other the main one; of the version in its tag, if there is one.
load_kinds() {
  local reference kind image loaded
  for reference in $IMAGES; do
    kind=mastodon
    [[ ${reference%:*} != *-streaming ]] || kind=mastodon-streaming
    loaded=$(podman_in_workshop load -q -i "/archives/$kind.tar" | sed -n 's/^Loaded image.*: //p')
    image=$(grep -m 1 -E ":v?${reference##*:v}\$" <<<"$loaded") || image=${loaded%%$'\n'*}
    [ -n "$image" ] || die "$kind.tar could not be loaded"
    [ "$image" = "$reference" ] || podman_in_workshop tag "$image" "$reference"
    recorded "$reference" "$1"
    echo "images: $reference (${1%%:*})"
  done
}
