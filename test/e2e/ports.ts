// Who reaches whom: `reachable(site, from, all)` tries every port from inside a machine, `portsOf(…)` says what the flow table promises.

import { inside, Machine } from "../../scripts/cluster";

export interface Port {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly open: boolean;
}

// Besides what flows name: SSH, Puma, streaming's processes, HAProxy, and one that nobody uses.
const OTHERS = [22, 80, 443, 3000, 4000, 4001, 9999];
const DATA = [2379, 2380, 5432, 6379, 6380, 6381, 6432, 8008, 8009, 26379];
const PORTS = [...OTHERS, ...DATA].sort((a, b) => a - b);

const listening = new Map<string, ReadonlySet<number>>();

/** What the flow table promises: open where a flow leads from the machine's role and something listens. */
export function portsOf(
  site: string,
  from: Machine,
  all: readonly Machine[],
  flows: Readonly<Record<string, readonly string[]>>,
): readonly Port[] {
  return all
    .filter((to) => to.name !== from.name)
    .flatMap((to) =>
      PORTS.map((port) => {
        const callers = (flows[`${tier(to)}:${port}`] ?? []).map((caller) => caller.split(": ")[0]!);
        const world = to.name === "front-door" && (port === 80 || port === 443);
        const open = (world || callers.includes(role(from))) && listens(site, to).has(port);
        return { from: from.name, to: to.name, port, open };
      }),
    );
}

/** What answers in fact: each port is tried once, 100 at a time, since most of them keep silent. */
export function reachable(site: string, from: Machine, all: readonly Machine[]): readonly Port[] {
  const targets = all.filter((to) => to.name !== from.name).flatMap((to) => PORTS.map((port) => ({ to, port })));
  const list = targets.map(({ to, port }) => `${to.address} ${port}`).join("\n");
  const attempt = `timeout 2 bash -c "</dev/tcp/$0/$1" 2>/dev/null && echo "$0 $1"`;
  const script = `xargs -P 100 -n 2 bash -c '${attempt}' <<<'${list}' || true`;
  const open = new Set(inside(site, from.name, "bash", "-c", script).split("\n"));
  return targets.map(({ to, port }) => ({ from: from.name, to: to.name, port, open: open.has(`${to.address} ${port}`) }));
}

/** A pool's members share its rows of the table. */
function tier({ name, pool }: Machine): string {
  return pool === "-" ? name : pool;
}

function role({ name, pool }: Machine): string {
  if (name === "front-door") return "front door";
  if (pool === "-") return name.startsWith("database") ? "postgres" : name.startsWith("pool") ? "pgbouncer" : "redis";
  return pool === "web" || pool === "streaming" ? pool : "sidekiq";
}

function listens(site: string, machine: Machine): ReadonlySet<number> {
  const known = listening.get(machine.name);
  if (known !== undefined) return known;
  const rows = inside(site, machine.name, "ss", "-Hltn").split("\n");
  const addresses = rows.map((row) => row.trim().split(/\s+/)[3] ?? "").filter((local) => !/^(127\.|\[::1\])/.test(local));
  const ports = new Set(addresses.map((local) => Number(local.slice(local.lastIndexOf(":") + 1))));
  listening.set(machine.name, ports);
  return ports;
}
