// How long an app cannot write when PostgreSQL's primary loses power, and when it hands over: `postgresFailover.run(context)`.

import { join } from "node:path";
import { PATRONI_PORT } from "../lib/mastodon/ports";
import { driver, inside } from "../scripts/cluster";
import { Benchmark, Context, Report } from "./benchmark";
import { deployed, packagesOfTheExample, sleep } from "./deployment";
import { median, spread } from "./statistics";

const SITE = "bench-postgres";
const MACHINES = ["database-1", "database-2"] as const;
/** The lease that the page has, and what comes after its end. */
const LEASE_SECONDS = 20;
const ABOVE_SECONDS = 8;
const SWITCHOVER_SECONDS = 5;
const BEFORE_SECONDS = 3;
/** Then etcd's leader has left the machine of a primary that is new (`etcd-leader.timer`), and all leases have been renewed since. */
const SETTLED_SECONDS = 45;
const LIMIT_SECONDS = 90;
const FOLLOWS_SECONDS = 120;

interface Gap {
  readonly gapSeconds: number;
  readonly acknowledged: number;
  readonly lost: number;
}

interface Way {
  readonly what: string;
  readonly limitSeconds: number;
  readonly reason: string;
  readonly act: (primary: string) => void;
  /** What brings the old primary back. */
  readonly after: (old: string) => void;
}

const WAYS: readonly Way[] = [
  {
    what: "the primary's machine loses power",
    limitSeconds: LEASE_SECONDS + ABOVE_SECONDS,
    reason: "the standby was slow to become primary, or the pooler to find it.",
    act: (primary) => void driver(["machine", "kill", SITE, primary]),
    after: (old) => void driver(["machine", "start", SITE, old]),
  },
  {
    what: "`patronictl switchover`",
    limitSeconds: SWITCHOVER_SECONDS,
    reason: "the old primary wrote out much at its end, which took the shared disk long.",
    act: (primary) => void inside(SITE, primary, "patronictl", "switchover", "--force"),
    after: () => undefined,
  },
];

export const postgresFailover: Benchmark = { name: "postgres-failover", run };

async function run(context: Context): Promise<Report> {
  const runs = context.runs(3);
  const environment = { PACKAGES: await packagesOfTheExample(), INSIDE: join(__dirname, "inside") };
  const found = WAYS.map((way) => ({ ...way, gaps: [] as Gap[] }));
  await deployed({ path: "bench/pages/postgres.ts", site: SITE, environment }, context, async () => {
    for (let n = 1; n <= runs; n++) {
      for (const way of found) {
        await sleep(SETTLED_SECONDS);
        const gap = await another(way);
        context.say(`postgres-failover: ${way.what}, run ${n} of ${runs}: ${gap.gapSeconds.toFixed(1)} s, ${gap.lost} lost`);
        way.gaps.push(gap);
      }
    }
  });
  const seconds = (gaps: readonly Gap[]) => gaps.map(({ gapSeconds }) => gapSeconds);
  const sum = (gaps: readonly Gap[], of: (gap: Gap) => number) => gaps.reduce((total, gap) => total + of(gap), 0);
  return {
    title: "Failover of PostgreSQL",
    meaning: `When the primary's machine loses power an app cannot write until its lease has ended (\`failover.afterSeconds\`, here ${LEASE_SECONDS} s, less what had passed
of it), a standby has become primary, and the pooler has found it. A primary that hands over in order, as before work on its machine, does not wait for that.
Without \`synchronous\` rows that the standby has not received when the power goes are lost.`,
    method: `a client writes rows through the pooler, ten a second at the most, with a session for each, and gives up on one after a second; the gap is the longest
time between two acknowledged rows; ${runs} times each, in turns, each ${SETTLED_SECONDS} s after the primary began.`,
    tables: [
      {
        head: ["", "gap", "of all runs", "acknowledged rows lost"],
        rows: found.map(({ what, gaps }) => [
          what,
          `${median(seconds(gaps)).toFixed(1)} s`,
          `${spread(seconds(gaps), 1)} s`,
          `${sum(gaps, ({ lost }) => lost)} of ${sum(gaps, ({ acknowledged }) => acknowledged)}`,
        ]),
      },
    ],
    targets: [
      ...found.map(({ what, gaps, limitSeconds, reason }) => ({
        what: `gap, ${what}`,
        measured: `${Math.max(...seconds(gaps)).toFixed(1)} s`,
        target: `at most ${limitSeconds} s in all runs`,
        met: Math.max(...seconds(gaps)) <= limitSeconds,
        reason,
      })),
      {
        what: "rows lost by a switchover",
        measured: `${sum(found[1]!.gaps, ({ lost }) => lost)}`,
        target: "none",
        met: sum(found[1]!.gaps, ({ lost }) => lost) === 0,
      },
    ],
  };
}

async function another({ what, act, after }: Way): Promise<Gap> {
  const old = await primary();
  const unit = `writer-${Date.now()}`;
  const output = `/run/${unit}.json`;
  const words = ["systemd-run", "-q", `--unit=${unit}`, "-p", `StandardOutput=file:${output}`];
  inside(SITE, "app", ...words, "postgres-writer", `${LIMIT_SECONDS}`);
  await sleep(BEFORE_SECONDS);
  act(old);
  const wait = `while systemctl is-active -q ${unit}; do sleep 0.2; done; cat ${output}`;
  const said = inside(SITE, "app", "timeout", `${LIMIT_SECONDS + 60}`, "bash", "-c", wait);
  if (said.trim() === "") throw new Error(`the app that writes rows ended without a word (${what})`);
  after(old);
  for (const name of MACHINES) driver(["wait", SITE, name, `${FOLLOWS_SECONDS}`]);
  const gap = JSON.parse(said) as Gap;
  const now = await primary();
  if (now === old) throw new Error(`${old} is primary again (${what})`);
  return gap;
}

/** The machine that is primary, once one is. */
async function primary(): Promise<string> {
  for (let tries = 0; tries < 60; tries++) {
    const found = MACHINES.filter((name) => says(name) === "200");
    if (found.length === 1) return found[0]!;
    await sleep(0.5);
  }
  throw new Error(`none of ${MACHINES.join(" and ")} says that it is primary`);
}

function says(name: string): string {
  const ask = `curl -s -o /dev/null -m 2 -w '%{http_code}' http://127.0.0.1:${PATRONI_PORT}/primary || true`;
  return inside(SITE, name, "bash", "-c", ask).trim();
}
