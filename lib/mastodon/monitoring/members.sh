# shellcheck shell=bash
install -d -m 0755 -o www-data -g www-data "$MEMBERS"
# nginx writes files of members here first. Both directories are in one file system, so that Prometheus finds each file whole.
install -d -m 0700 -o www-data -g www-data "${MEMBERS%/*}/received"
rm -f /etc/nginx/sites-enabled/default
