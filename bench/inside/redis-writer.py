#!/usr/bin/python3
"""An app that writes to Redis every 20 ms and finds the master through its sentinels, with the time-outs of Mastodon's client.

redis-writer who MASTER SENTINEL...            prints the master's address
redis-writer write MASTER SECONDS SENTINEL...  prints, as JSON, the longest time between two acknowledged writes and what was lost;
                                               ends two seconds after a gap of more than half a second, or after SECONDS
"""

import json
import socket
import sys
import time

PERIOD = 0.02
TIMEOUT = 1.0
PASSWORD = open("/etc/redis-writer/password", encoding="utf-8").read().strip()


class Connection:
    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb")

    def call(self, *words):
        parts = [str(word).encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
        return self.read()

    def read(self):
        line = self.reader.readline().rstrip(b"\r\n")
        if not line:
            raise ConnectionError("closed")
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise ConnectionError(rest.decode())
        if kind == b"*":
            return [self.read() for _ in range(int(rest))]
        if kind == b"$":
            return None if rest == b"-1" else self.reader.read(int(rest) + 2)[:-2]
        return rest

    def close(self):
        self.socket.close()


def ask(master, sentinels):
    """The master's address; a sentinel that answers is asked first next time."""
    for sentinel in list(sentinels):
        try:
            connection = Connection(sentinel, 26379)
            try:
                host, port = connection.call("SENTINEL", "get-master-addr-by-name", master)
            finally:
                connection.close()
        except (OSError, TypeError):
            continue
        sentinels.remove(sentinel)
        sentinels.insert(0, sentinel)
        return host.decode(), int(port)
    raise ConnectionError("no sentinel answers")


def connect(master, sentinels):
    connection = Connection(*ask(master, sentinels))
    try:
        connection.call("AUTH", PASSWORD)
        if connection.call("ROLE")[0] != b"master":
            raise ConnectionError("no master any more")
    except OSError:
        connection.close()
        raise
    return connection


def write(master, seconds, sentinels):
    key = f"writer:{time.time()}"
    end = time.monotonic() + seconds
    connection, number, acknowledged = None, 0, []
    longest, last, calm_until, errors = 0.0, None, None, 0
    while time.monotonic() < (calm_until or end):
        began = time.monotonic()
        try:
            connection = connection or connect(master, sentinels)
            number += 1
            connection.call("RPUSH", key, number)
            now = time.monotonic()
            acknowledged.append(number)
            if last is not None and now - last > longest:
                longest = now - last
                if longest > 0.5:
                    calm_until = now + 2
            last = now
        except OSError:
            errors += 1
            if connection is not None:
                connection.close()
                connection = None
        time.sleep(max(0.0, PERIOD - (time.monotonic() - began)))
    connection = connection or connect(master, sentinels)
    kept = {int(value) for value in connection.call("LRANGE", key, 0, -1)}
    lost = sum(1 for value in acknowledged if value not in kept)
    connection.call("DEL", key)
    print(json.dumps({"gapSeconds": longest, "acknowledged": len(acknowledged), "lost": lost, "errors": errors}))


if sys.argv[1] == "who":
    print(ask(sys.argv[2], sys.argv[3:])[0])
else:
    write(sys.argv[2], float(sys.argv[3]), sys.argv[4:])
