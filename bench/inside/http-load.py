"""Asks a web machine's own nginx, or the queue before Puma, and says how fast it answered and what that cost.

python3 http-load.py PORT HOST PATH closed|open NUMBER SECONDS [HEADER|HEADER|...] ...
`closed 16` keeps 16 requests under way, `open 8` sends eight a second. Each further argument is the headers of every n-th request.
"""
import asyncio, json, os, socket, sys, time

port, host, path, mode, number, seconds = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4], float(sys.argv[5]), float(sys.argv[6])
sets = [[line for line in words.split("|") if line] for words in (sys.argv[7:] or [""])]
PROGRAMS = {"nginx": "nginx", "haproxy": "haproxy", "puma": "puma", "ruby": "puma", "bundle": "puma"}
TICK = os.sysconf("SC_CLK_TCK")


def processor():
    """Processor time of each program of the machine, in seconds."""
    spent = {"nginx": 0.0, "haproxy": 0.0, "puma": 0.0}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            text = open(f"/proc/{pid}/stat").read()
        except OSError:
            continue
        name, rest = text[text.index("(") + 1 : text.rindex(")")], text[text.rindex(")") + 2 :].split()
        program = next((to for begins, to in PROGRAMS.items() if name.startswith(begins)), None)
        if program:
            spent[program] += (int(rest[11]) + int(rest[12])) / TICK
    return spent


def reached_puma():
    """Requests that HAProxy has passed on to Puma since its start."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect("/run/haproxy/admin.sock")
        asked.sendall(b"show stat\n")
        text = b"".join(iter(lambda: asked.recv(65536), b"")).decode()
    head, *rows = [line.lstrip("# ").split(",") for line in text.splitlines() if line]
    found = [dict(zip(head, row)) for row in rows]
    return sum(int(row["stot"]) for row in found if row["pxname"] == "puma" and row["svname"] == "puma")


def request(count):
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "X-Forwarded-Proto: https", *sets[count % len(sets)], "", ""]
    return "\r\n".join(lines).encode()


async def one(connection, count):
    reader, writer = connection
    writer.write(request(count))
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    if fields.get("transfer-encoding") == "chunked":
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            await reader.readexactly(size + 2)
        await reader.readuntil(b"\r\n")
    else:
        await reader.readexactly(int(fields.get("content-length", 0)))
    return int(head[0].split()[1]), fields.get("connection") == "close"


times, failed, count, idle = [], {}, 0, []


async def ask():
    global count
    count, mine, began = count + 1, count, time.monotonic()
    try:
        connection = idle.pop() if idle else await asyncio.open_connection("127.0.0.1", port)
        status, closes = await one(connection, mine)
        if closes:
            connection[1].close()
        else:
            idle.append(connection)
    except (OSError, asyncio.IncompleteReadError) as error:
        status = type(error).__name__
    if status == 200:
        times.append(time.monotonic() - began)
    else:
        failed[str(status)] = failed.get(str(status), 0) + 1


async def closed(end):
    async def user():
        while time.monotonic() < end:
            await ask()

    await asyncio.gather(*(user() for _ in range(int(number))))


async def opened(begin, end):
    tasks, sent = [], 0
    while (now := time.monotonic()) < end:
        while sent < (now - begin) * number:
            tasks.append(asyncio.create_task(ask()))
            sent += 1
        await asyncio.sleep(0.002)
    await asyncio.gather(*tasks)


async def main():
    before, spent, begin = reached_puma(), processor(), time.monotonic()
    await (closed(begin + seconds) if mode == "closed" else opened(begin, begin + seconds))
    lasted = time.monotonic() - begin
    after = processor()
    ordered = sorted(times)
    at = lambda share: round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 2) if ordered else None
    cost = {name: round((after[name] - spent[name]) * 1000 / max(1, len(times)), 3) for name in after}
    result = {"perSecond": len(times) / lasted, "answered": len(times), "failed": failed, "medianMs": at(0.5), "p99Ms": at(0.99)}
    print(json.dumps({**result, "reachedPuma": reached_puma() - before, "processorMs": cost}))


asyncio.run(main())
