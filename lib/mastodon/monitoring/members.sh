# shellcheck shell=bash
# Where nginx writes the files of members, and Prometheus reads them. Both directories are in one file system, so that each file is there as a whole.
install -d -m 0755 -o www-data -g www-data "$MEMBERS"
install -d -m 0700 -o www-data -g www-data "${MEMBERS%/*}/received"
rm -f /etc/nginx/sites-enabled/default
