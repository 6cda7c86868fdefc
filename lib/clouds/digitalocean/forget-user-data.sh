#!/bin/bash
# Removes the copies of the user-data that cloud-init has written to the disk. Passwords stand in it, and nothing reads it any more.
set -euo pipefail
shopt -s nullglob
# The last is the data source with all that it gave, which cloud-init makes anew where it is missing.
for name in user-data.txt user-data.txt.i cloud-config.txt obj.pkl; do
  for file in /var/lib/cloud/instances/*/"$name"; do
    shred -u "$file" 2>/dev/null || rm -f "$file"
  done
done
