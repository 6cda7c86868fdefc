#!/bin/bash
# Fetches this machine's boot text from the site's bucket and performs it, as cloud-init performs one in user-data. It asks until it has it: the rights of a
# new role and the way to the Internet may come later than the machine.
set -euo pipefail
export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
if ! command -v aws >/dev/null; then
  apt-get -q update
  DEBIAN_FRONTEND=noninteractive apt-get -qy install awscli
fi
mkdir -p "${TEXT%/*}"
AWS_RETRY_MODE=standard AWS_MAX_ATTEMPTS=2 aws s3api get-object --region "$REGION" --bucket "$BUCKET" --key "$KEY" \
  --cli-connect-timeout 10 --cli-read-timeout 60 "$TEXT.gz" >/dev/null
gzip -dc "$TEXT.gz" >"$TEXT"
echo "$SHA256  $TEXT" | sha256sum --check --quiet
# Services of packages are held back first. Packages are installed by the boot script, which the text writes.
for module in bootcmd write_files; do cloud-init single --file "$TEXT" --name "$module" --frequency always; done
# cloud-init only logs it if it cannot read the text, and goes on without.
[ -x "$BOOT_SCRIPT" ]
rm -f "$TEXT.gz"
touch "$FETCHED"
echo "the boot text is here; now it is performed"
exec "$BOOT_SCRIPT"
