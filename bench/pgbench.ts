// pgbench on the machine "client" of a site: `pgbench(site, { host: "pool-1", port: 6432, clients: 1000, … })`.

import { POSTGRES_PORT } from "../lib/mastodon/ports";
import { driver, inside } from "../scripts/cluster";

const BINARY = "/usr/lib/postgresql/17/bin/pgbench";
/** Threads of pgbench itself. */
const THREADS = 2;
/** The rows of a hundred tellers; with it the data fits the memory of a small machine. */
const SCALE = 10;

export interface Load {
  readonly host: string;
  readonly port: number;
  readonly clients: number;
  readonly script: "select-only" | "simple-update";
  readonly protocol: "simple" | "extended" | "prepared";
}

export interface Throughput {
  /** Transactions a second once all clients are connected. */
  readonly tps: number;
  readonly connectSeconds: number;
  /** Clients that were cut off before the end. */
  readonly cutOff: number;
}

/** Makes the tables. */
export function prepareTables(site: string, host: string): void {
  shell(site, `${at({ host, port: POSTGRES_PORT })} ${BINARY} -i -q -s ${SCALE} 2>&1`);
}

/** Measures for as many seconds, log-ins not counted. */
export function pgbench(site: string, load: Load, seconds: number): Throughput {
  // How long so many log-ins take is known only afterwards; pgbench's time begins before them.
  for (let loginSeconds = load.clients < 100 ? 1 : 8; loginSeconds < 60; loginSeconds *= 2) {
    const found = attempt(site, load, loginSeconds + seconds);
    if (found !== undefined && found.connectSeconds <= loginSeconds) return found;
  }
  throw new Error(`pgbench on ${load.host}: ${load.clients} log-ins take more than half a minute`);
}

/** Starts a load that goes on until the function that it returns is called, or for `limitSeconds`. */
export function inBackground(site: string, load: Load, limitSeconds: number): () => void {
  const unit = `pgbench-${Date.now()}`;
  const words = `ulimit -n $(ulimit -Hn); ${command(load, limitSeconds)}`;
  inside(site, "client", "systemd-run", "-q", `--unit=${unit}`, "-p", "LimitNOFILE=20000", "bash", "-c", words);
  return () =>
    void driver([
      "run",
      site,
      "client",
      "--",
      "bash",
      "-c",
      `systemctl stop ${unit} 2>/dev/null; systemctl reset-failed ${unit} 2>/dev/null; true`,
    ]);
}

function attempt(site: string, load: Load, seconds: number): Throughput | undefined {
  // A client that is cut off makes it end with a status, and the others are measured all the same.
  const said = shell(site, `ulimit -n $(ulimit -Hn); timeout ${seconds + 120} ${command(load, seconds)} 2>&1 || true`);
  const number = (pattern: RegExp) => Number(pattern.exec(said)?.[1] ?? NaN);
  const tps = number(/^tps = ([\d.]+)/m);
  const connectMs = number(/^initial connection time = ([\d.]+) ms/m);
  if (/number of transactions actually processed: 0$/m.test(said)) return undefined;
  if (!(tps > 0) || !(connectMs >= 0)) throw new Error(`pgbench on ${load.host}, ${load.clients} clients: ${said.slice(-2000)}`);
  return {
    tps,
    connectSeconds: connectMs / 1000,
    cutOff: new Set([...said.matchAll(/client (\d+) .*aborted/g)].map((match) => match[1])).size,
  };
}

function command({ clients, script, protocol, ...server }: Load, seconds: number): string {
  return `env ${at(server)} ${BINARY} -n -b ${script} -M ${protocol} -c ${clients} -j ${THREADS} -T ${seconds}`;
}

// PostgreSQL lets nobody in without TLS; the pooler offers none.
function at({ host, port }: { readonly host: string; readonly port: number }): string {
  return `HOME=/root PGHOST=${host} PGPORT=${port} PGUSER=mastodon PGDATABASE=mastodon PGSSLMODE=${port === POSTGRES_PORT ? "require" : "disable"}`;
}

function shell(site: string, script: string): string {
  return inside(site, "client", "bash", "-c", script);
}
