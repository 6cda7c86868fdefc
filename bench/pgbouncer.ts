// A thousand clients through PgBouncer, a thousand straight at PostgreSQL, and twenty: `pgbouncer.run(context)`.

import { PGBOUNCER_PORT, POSTGRES_PORT } from "../lib/mastodon/ports";
import { inside } from "../scripts/cluster";
import { Benchmark, Context, Report, Target } from "./benchmark";
import { deployed, packagesOfTheExample, sleep } from "./deployment";
import { inBackground, Load, pgbench, prepareTables, Throughput } from "./pgbench";
import { median, ratioOfPairs } from "./statistics";

const SITE = "bench-pool";
const MANY = 1000;
const FEW = 20;
const MEASURED_SECONDS = 8;

const WAYS = [
  { name: "direct", what: `${MANY} direct`, host: "database-1", port: POSTGRES_PORT, clients: MANY, backends: MANY },
  { name: "pooled", what: `${MANY} through PgBouncer`, host: "pool-1", port: PGBOUNCER_PORT, clients: MANY, backends: FEW },
  { name: "few", what: `${FEW} direct`, host: "database-1", port: POSTGRES_PORT, clients: FEW, backends: FEW },
] as const;

// No transaction with prepared statements: two tries stood still until the pool gave clients up, it seems since pgbench waits while it prepares
// one, with transactions of its other clients open, which hold every connection of the pool.
const LOADS = [
  { script: "select-only", protocol: "simple" },
  { script: "select-only", protocol: "prepared" },
  { script: "simple-update", protocol: "simple" },
  { script: "simple-update", protocol: "extended" },
] as const;

export const pgbouncer: Benchmark = { name: "pgbouncer", run };

async function run(context: Context): Promise<Report> {
  const runs = context.runs(3);
  const environment = { PACKAGES: await packagesOfTheExample(), SERVER_CONNECTIONS: String(FEW) };
  const found = LOADS.map((load) => ({ ...load, rounds: [] as Readonly<Record<string, Throughput>>[] }));
  const memory = new Map<string, Memory>();
  await deployed({ path: "bench/pages/pgbouncer.ts", site: SITE, environment }, context, async () => {
    // The library refuses more than 1,000, of which PostgreSQL keeps three for itself.
    const more = `runuser -u postgres -- psql -qc 'ALTER SYSTEM SET max_connections = ${MANY + 50}'; systemctl restart postgresql@17-main`;
    inside(SITE, "database-1", "bash", "-ec", more);
    prepareTables(SITE, "database-1");
    for (let n = 1; n <= runs; n++) {
      for (const { script, protocol, rounds } of found) {
        const round: Record<string, Throughput> = {};
        for (const way of WAYS) {
          // Whoever wants to end it is heard in between.
          await sleep(0);
          round[way.name] = pgbench(SITE, { ...way, script, protocol }, MEASURED_SECONDS);
        }
        rounds.push(round);
        const said = WAYS.map(({ name, what }) => `${what} ${round[name]!.tps.toFixed(0)}`).join(", ");
        context.say(`pgbouncer: ${script}, ${protocol}, round ${n} of ${runs}: ${said}`);
      }
    }
    for (const way of WAYS) {
      memory.set(way.name, await memoryUnder({ ...way, script: "select-only", protocol: "prepared" }, way.backends));
      context.say(`pgbouncer: ${way.what}: ${mib(memory.get(way.name)!.own)} in PostgreSQL's processes`);
    }
  });
  const tps = (rounds: readonly Readonly<Record<string, Throughput>>[], way: string) => rounds.map((round) => round[way]!.tps);
  const against = (rounds: readonly Readonly<Record<string, Throughput>>[], way: string) =>
    ratioOfPairs(rounds.map((round) => ({ ours: round["pooled"]!.tps, theirs: round[way]!.tps })));
  const [direct, pooled] = [memory.get("direct")!, memory.get("pooled")!];
  return {
    title: "A pooler in front of PostgreSQL",
    meaning: `${MANY} processes and threads of Mastodon share ${FEW} connections to PostgreSQL. What that saves is PostgreSQL's memory, and its time when
more of them want something at once than it has cores. A pooler has its price: it reads and writes every answer once more, on one core, which
is why ${FEW} direct connections, if they were enough, would be faster on a machine that pooler, PostgreSQL and clients share.`,
    method: `pgbench of PostgreSQL 17 at scale 10 from a machine of its own, ${runs} rounds in which the three take turns, with TLS to PostgreSQL and SCRAM
everywhere, without the log-ins, which took ${Math.max(...found.flatMap(({ rounds }) => rounds.flatMap((round) => [round["direct"]!, round["pooled"]!].map(({ connectSeconds }) => connectSeconds)))).toFixed(0)} s at the most. Memory is that of PostgreSQL's processes under select-only with prepared
statements, in proportion where they share it and without the shared buffers, less what they need with no client.`,
    tables: [
      {
        title: "Transactions a second",
        head: [
          "",
          ...WAYS.map(({ what }) => what),
          `pooled : ${MANY} direct`,
          `pooled : ${FEW} direct`,
          "clients cut off, pooled",
        ],
        rows: found.map(({ script, protocol, rounds }) => [
          `${script}, ${protocol}`,
          ...WAYS.map(({ name }) => median(tps(rounds, name)).toFixed(0)),
          against(rounds, "direct").toFixed(2),
          against(rounds, "few").toFixed(2),
          String(rounds.reduce((sum, round) => sum + round["pooled"]!.cutOff, 0)),
        ]),
      },
      {
        title: "PostgreSQL's memory for connections",
        head: ["", "connections", "processes", "page tables"],
        rows: WAYS.map(({ name, what }) => {
          const { backends, own, pageTables } = memory.get(name)!;
          return [what, String(backends), mib(own), mib(pageTables)];
        }),
      },
    ],
    targets: [
      ...found.map(({ script, protocol, rounds }): Target => {
        const ratio = against(rounds, "direct");
        return {
          what: `throughput, ${script}, ${protocol}`,
          measured: `${ratio.toFixed(2)}x`,
          target: `no slower than ${MANY} direct`,
          met: ratio >= 1,
          reason:
            "probably PgBouncer's one core, shared here with PostgreSQL and pgbench, which decides where statements are this short.",
        };
      }),
      {
        what: "memory for connections",
        measured: `1 : ${(direct.own / pooled.own).toFixed(0)}`,
        target: "a tenth",
        met: pooled.own <= direct.own / 10,
      },
    ],
  };
}

interface Memory {
  readonly backends: number;
  readonly own: number;
  readonly pageTables: number;
}

// smaps_rollup gives each process its share of what it has in common with others; the shared buffers are no connection's own.
const SUMS = `backends=0
for process in $(pgrep -u postgres -f '^postgres: |/postgres '); do
  [ -r /proc/$process/smaps_rollup ] || continue
  ! tr '\\0' ' ' </proc/$process/cmdline | grep -q ' mastodon mastodon ' || backends=$((backends + 1))
  cat /proc/$process/smaps_rollup /proc/$process/status 2>/dev/null || true
done >/run/sums
awk '/^Pss:/ { own += $2 } /^Pss_Shmem:/ { own -= $2 } /^VmPTE:/ { tables += $2 } END { print own, tables }' /run/sums
rm /run/sums
echo $backends`;

function memoryNow(): Memory {
  const [own, pageTables, backends] = inside(SITE, "database-1", "bash", "-c", SUMS).trim().split(/\s+/).map(Number);
  if (!(own! > 0)) throw new Error("PostgreSQL's processes were not found");
  return { own: own! * 1024, pageTables: pageTables! * 1024, backends: backends! };
}

async function memoryUnder(load: Load, backends: number): Promise<Memory> {
  // The pooler keeps its connections for a while after the last client.
  inside(SITE, "database-1", "systemctl", "restart", "postgresql@17-main");
  await sleep(3);
  const idle = memoryNow();
  const stop = inBackground(SITE, load, 90);
  try {
    const count = "select count(*) from pg_stat_activity where usename = 'mastodon'";
    for (let tries = 0; ; tries++) {
      const there = Number(inside(SITE, "database-1", "runuser", "-u", "postgres", "--", "psql", "-Atqc", count));
      if (there >= backends) break;
      if (tries > 60) throw new Error(`${load.host}: only ${there} of ${backends} connections stand`);
      await sleep(0.5);
    }
    await sleep(4);
    const now = memoryNow();
    return { backends: now.backends, own: now.own - idle.own, pageTables: now.pageTables - idle.pageTables };
  } finally {
    stop();
    // Until PostgreSQL has seen the last of them go.
    await sleep(3);
  }
}

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
