# shellcheck shell=bash
# A certificate of the machine's own, for all its host names.
if [ ! -e /etc/haproxy/certificate.pem ]; then
  (umask 077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=$COMMON_NAME" \
    -addext "subjectAltName=$NAMES" -keyout /etc/haproxy/key.pem -out /etc/haproxy/own.pem
  cat /etc/haproxy/own.pem /etc/haproxy/key.pem >/etc/haproxy/certificate.pem)
fi
