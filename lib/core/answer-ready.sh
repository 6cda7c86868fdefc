#!/bin/bash
# Answers one HTTP request with whether this machine serves.
while IFS= read -r -t 5 line && [ -n "${line%$'\r'}" ]; do :; done
said=$("$READY_SCRIPT" 2>&1) && status='200 OK' || status='503 Service Unavailable'
printf 'HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s' "$status" "${#said}" "$said"
