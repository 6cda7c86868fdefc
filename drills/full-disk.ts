// A disk runs full under PostgreSQL or Redis, and gets room again: `await fillDisk("social", "database-1", "/var/lib/postgresql")`.
// What was acknowledged meanwhile must be there afterwards, and the files whole; the functions below write, and tell.

import { SENTINEL_PORT } from "../lib/mastodon/ports";
import { inside } from "../scripts/cluster";

/** Takes the disk at this directory of a machine, to the last block; the local cloud gives it a size of its own. */
export async function fillDisk(site: string, machine: string, directory: string): Promise<void> {
  run(site, machine, FILL, directory);
}

/** Gives back what `fillDisk` took; also where it took nothing. */
export async function makeRoom(site: string, machine: string, directory: string): Promise<void> {
  run(site, machine, 'rm -f "$1/ballast"', directory);
}

/** The bytes that are free. */
export async function freeBytes(site: string, machine: string, directory: string): Promise<number> {
  return Number(run(site, machine, 'df -B1 --output=avail "$1" | tail -n 1', directory));
}

/** What a writer was told. Each write carries a number; after it was acknowledged it must never be missing. */
export interface Ledger {
  readonly acknowledged: readonly number[];
  /** Every answer that was no acknowledgement, once. */
  readonly refusals: readonly string[];
}

/** Starts to write rows on PostgreSQL's own machine, for at most five minutes. */
export async function writeRows(site: string, machine: string): Promise<void> {
  sql(site, machine, "CREATE TABLE IF NOT EXISTS drill_full_disk (n int PRIMARY KEY, pad text)");
  write(site, machine, ROW_WRITER);
}

/** Starts to write keys to the master of an instance, which the sentinels name, from a Redis machine and for at most five minutes. */
export async function writeKeys(site: string, machine: string, instance: string): Promise<void> {
  write(site, machine, KEY_WRITER, instance);
}

/** What the writer of this machine was told so far. */
export async function ledger(site: string, machine: string): Promise<Ledger> {
  const lines = (name: string) =>
    run(site, machine, 'cat "$1" 2>/dev/null || true', `${LEDGER}/${name}`)
      .split("\n")
      .filter((line) => line !== "");
  return { acknowledged: lines("acknowledged").map(Number), refusals: [...new Set(lines("refused"))] };
}

/** Stops the writer of this machine, and returns what it was told. */
export async function stopWriting(site: string, machine: string): Promise<Ledger> {
  run(site, machine, `systemctl stop ${WRITER}.service 2>/dev/null || true`);
  return ledger(site, machine);
}

/** Writes WAL and no data, until PostgreSQL goes down for want of a new segment; says whether it did. */
export async function exhaustWal(site: string, machine: string): Promise<boolean> {
  return run(site, machine, EXHAUST_WAL).trim() === "down";
}

/** The numbers among these that PostgreSQL does not have. */
export async function missingRows(site: string, machine: string, numbers: readonly number[]): Promise<readonly number[]> {
  return missing(numbers, sql(site, machine, "SELECT n FROM drill_full_disk"));
}

/** The numbers among these of which this Redis has no key. */
export async function missingKeys(
  site: string,
  machine: string,
  instance: string,
  numbers: readonly number[],
): Promise<readonly number[]> {
  return missing(numbers, run(site, machine, `${REDIS}\nask --scan --pattern 'drill:full-disk:*' | sed 's/.*://'`, instance));
}

/** What `pg_checksums` and `pg_amcheck` find wrong with a cluster. It is stopped for the first. */
export async function damagedPostgres(site: string, machine: string): Promise<readonly string[]> {
  return complaints(run(site, machine, CHECK_POSTGRES));
}

/** What `redis-check-aof` finds wrong with an instance that nobody writes to. */
export async function damagedRedis(site: string, machine: string, instance: string): Promise<readonly string[]> {
  return complaints(run(site, machine, CHECK_REDIS, instance));
}

/** Waits until it is so, at most so long; returns the seconds that took. */
export async function until(what: string, limitSeconds: number, is: () => Promise<boolean>): Promise<number> {
  const from = Date.now();
  while (!(await is())) {
    if (Date.now() - from > limitSeconds * 1000) throw new Error(`not after ${limitSeconds} s: ${what}`);
    await new Promise((next) => setTimeout(next, 500));
  }
  return (Date.now() - from) / 1000;
}

/** Whether PostgreSQL answers on its own machine. */
export async function postgresAnswers(site: string, machine: string): Promise<boolean> {
  return run(site, machine, "runuser -u postgres -- pg_isready -q -t 2 && echo yes || echo no").trim() === "yes";
}

/** The address of an instance's master, as most sentinels name it, asked from a Redis machine. */
export async function redisMaster(site: string, machine: string, instance: string): Promise<string> {
  return run(site, machine, `${REDIS}\nmaster`, instance).trim();
}

/** Whether an instance on this machine has written all of its file, and is the sentinels' master or in step with it. */
export async function redisServes(site: string, machine: string, instance: string): Promise<boolean> {
  const words = run(site, machine, `${REDIS}\n${SERVES}`, instance);
  const written = /^aof_last_write_status:ok/m.test(words) && /^aof_rewrite_in_progress:0/m.test(words);
  return written && /^(named:yes|master_link_status:up)/m.test(words);
}

const LEDGER = "/run/drill-full-disk";
const WRITER = "drill-full-disk";

// A directory without a size of its own would fill the host.
export const FILL = `set -e
[[ $(findmnt -n -o SOURCE --target "$1") = /dev/loop* ]] || { echo "$1 has no size of its own on this host" >&2; exit 1; }
touch "$1/ballast"
for size in 268435456 33554432 4194304 524288 65536 4096; do
  while fallocate -o "$(stat -c %s "$1/ballast")" -l $size "$1/ballast" 2>/dev/null; do :; done
done
[ "$(df -B1 --output=avail "$1" | tail -n 1)" -lt 65536 ]`;

const ROW_WRITER = `n=0
while :; do
  n=$((n + 1))
  if said=$(PGCONNECT_TIMEOUT=2 runuser -u postgres -- psql -Atqc "SET statement_timeout = 5000;
    INSERT INTO drill_full_disk SELECT $n, string_agg(md5(random()::text), '') FROM generate_series(1, 400)" mastodon 2>&1); then
    echo $n >>acknowledged
  else
    head -n 1 <<<"$said" | sed 's/^psql: error: //; s/[0-9]\\{2,\\}/N/g' >>refused
    sleep 0.1
  fi
done`;

// 200 MiB are more than the segments that a small disk's cluster keeps for new use.
export const EXHAUST_WAL = `for _ in $(seq 200); do
  runuser -u postgres -- psql -Atqc "SELECT pg_logical_emit_message(true, 'drill', string_agg(md5(random()::text), ''))
    FROM generate_series(1, 32768)" mastodon >/dev/null 2>&1 || { echo down; exit 0; }
done
echo up`;

const REDIS = `. "/etc/redis/$1.role"
export REDISCLI_AUTH=$(sed -n 's/^requirepass //p' "/etc/redis/$1.settings")
ask() { timeout 5 redis-cli -p "$port" "$@"; }
name=$1
master() {
  local host
  for host in $sentinels; do
    REDISCLI_AUTH= timeout 1 redis-cli -h "$host" -p ${SENTINEL_PORT} sentinel get-master-addr-by-name "$name" 2>/dev/null | head -n 1
  done | sort | uniq -c | sort -rn | awk 'NR == 1 { print $2 }'
}`;

// An old master calls itself one until the sentinels tell it otherwise.
const SERVES = `ask info 2>/dev/null || true
ip -4 -o address show | grep -qF " $(master)/" && echo named:yes || echo named:no`;

const KEY_WRITER = `${REDIS}
n=0 at=$(master)
pad=$(head -c 6000 /dev/urandom | base64 -w 0)
while :; do
  n=$((n + 1))
  said=$(timeout 2 redis-cli -h "$at" -p "$port" set "drill:full-disk:$n" "$pad" 2>&1)
  if [ "$said" = OK ]; then
    echo $n >>acknowledged
    sleep 0.02
  else
    head -n 1 <<<"$said" | sed 's/[0-9]\\{2,\\}/N/g' >>refused
    sleep 0.2
    at=$(master)
  fi
done`;

const CHECK_POSTGRES = `systemctl stop postgresql@17-main
runuser -u postgres -- /usr/lib/postgresql/17/bin/pg_checksums --check -D /var/lib/postgresql/17/main >/run/drill-said 2>&1 || cat /run/drill-said
systemctl start postgresql@17-main
until runuser -u postgres -- pg_isready -q -t 1; do sleep 0.5; done
runuser -u postgres -- /usr/lib/postgresql/17/bin/pg_amcheck --install-missing --heapallindexed mastodon >/run/drill-said 2>&1 || cat /run/drill-said
rm -f /run/drill-said`;

const CHECK_REDIS = `said=$(redis-check-aof "/var/lib/redis/$1/appendonlydir/appendonly.aof.manifest" 2>&1) || tail -n 3 <<<"$said"`;

function write(site: string, machine: string, script: string, ...args: readonly string[]): void {
  run(site, machine, `rm -rf ${LEDGER} && mkdir ${LEDGER}`);
  inside(
    site,
    machine,
    ...["systemd-run", "-q", "--collect", `--unit=${WRITER}`, `--working-directory=${LEDGER}`, "-p", "RuntimeMaxSec=300"],
    ...["bash", "-c", script, "drill", ...args],
  );
}

function run(site: string, machine: string, script: string, ...args: readonly string[]): string {
  return inside(site, machine, "timeout", "120", "bash", "-c", script, "drill", ...args);
}

function sql(site: string, machine: string, statement: string): string {
  return inside(site, machine, "timeout", "60", "runuser", "-u", "postgres", "--", "psql", "-Atqc", statement, "mastodon");
}

function missing(numbers: readonly number[], found: string): readonly number[] {
  const there = new Set(found.split("\n").map(Number));
  return numbers.filter((number) => !there.has(number));
}

function complaints(said: string): readonly string[] {
  return said.split("\n").filter((line) => line !== "");
}
