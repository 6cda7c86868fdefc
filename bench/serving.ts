// What nginx of a web machine spares Puma: `serving.run(context)`. The same requests at nginx and straight at the queue before Puma, in turns.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HTTP_PORT } from "../lib/core/ports";
import { PUMA_QUEUE_PORT } from "../lib/mastodon/ports";
import { NEWEST } from "../lib/mastodon/version";
import { inside, machines } from "../scripts/cluster";
import { signInAll } from "../scripts/journey";
import { Benchmark, Context, Report, Target } from "./benchmark";
import { deployed, example, sleep } from "./deployment";
import { MASTODONS_WORK_MS, standingIn } from "./stand-in";
import { median, spread } from "./statistics";

const SITE = "bench-serving";
const DOMAIN = "social.example";
// Mastodon counts what one account asks for.
const ACCOUNTS = Array.from({ length: 16 }, (_, n) => `reader${n + 1}`);
const AT_ONCE = 12;
const SECONDS = 8;
const CALM_SECONDS = 2;
const THIRD_SECONDS = 15;
const TIMES_PUMA = 20;
const ASSET_SHARE = 1 / 5;
const WORSE_SHARE = 0.03;
const WORSE_MS = 2;

interface Load {
  readonly perSecond: number;
  readonly answered: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly reachedPuma: number;
  /** Of each program, for each answer. */
  readonly processorMs: Readonly<Record<"nginx" | "haproxy" | "puma", number>>;
}

interface Kind {
  readonly what: string;
  readonly path: string;
  /** Whether it may be kept by nginx, or lies on its disk. */
  readonly spared: boolean;
  /** Headers of every n-th request. */
  readonly headers: readonly string[];
}

type Way = "nginx" | "Puma";
const PORTS: Readonly<Record<Way, number>> = { Puma: PUMA_QUEUE_PORT, nginx: HTTP_PORT };

interface Measured extends Kind {
  readonly by: Readonly<Record<Way, readonly Load[]>>;
}

export const serving: Benchmark = { name: "serving", run };

async function run(context: Context): Promise<Report> {
  return standingIn({ STANDIN_WORK_MS: MASTODONS_WORK_MS }, () =>
    deployed({ text: example("Bench-Serving"), site: SITE }, context, () => measure(context)),
  );
}

async function measure(context: Context): Promise<Report> {
  const { name } = machines(SITE).find((one) => one.name.startsWith("web-"))!;
  const tokens = signInAll(SITE, name, DOMAIN, ACCOUNTS);
  const kinds: readonly Kind[] = [
    { what: "an asset", path: `/packs/application-${NEWEST}.js`, spared: true, headers: ["Accept-Encoding: gzip"] },
    { what: "a profile, seen by a stranger", path: `/@${ACCOUNTS[0]}`, spared: true, headers: ["Accept: text/html"] },
    {
      what: "the same as an ActivityPub object",
      path: `/users/${ACCOUNTS[0]}`,
      spared: true,
      headers: ["Accept: application/activity+json|Signature: keyId=none"],
    },
    {
      what: "a home timeline",
      path: "/api/v1/timelines/home",
      spared: false,
      headers: tokens.map((token) => `Authorization: Bearer ${token}`),
    },
  ];
  const load = async (kind: Kind, way: Way, mode: "closed" | "open", number: number, seconds: number): Promise<Load> => {
    await sleep(CALM_SECONDS);
    const words = [String(PORTS[way]), DOMAIN, kind.path, mode, String(number), String(seconds), ...kind.headers];
    return JSON.parse(inside(SITE, name, "python3", "-c", PROGRAM, ...words)) as Load;
  };
  const runs = context.runs(3);
  const measured: Measured[] = [];
  for (const kind of kinds) {
    const by: Record<Way, Load[]> = { Puma: [], nginx: [] };
    for (let n = 1; n <= runs; n++) {
      for (const way of ["Puma", "nginx"] as const) {
        const seen = await load(kind, way, "closed", AT_ONCE, SECONDS);
        context.say(
          `serving: ${kind.what}, ${way}, ${n} of ${runs}: ${seen.perSecond.toFixed(1)} a second ${JSON.stringify(seen.failed)}`,
        );
        by[way].push(seen);
      }
    }
    measured.push({ ...kind, by });
  }
  const home = measured.at(-1)!;
  const third = median(home.by.Puma.map(({ perSecond }) => perSecond)) / 3;
  const calm: Record<Way, Load[]> = { Puma: [], nginx: [] };
  const pairs = context.runs(5);
  for (let n = 1; n <= pairs; n++) {
    for (const way of n % 2 === 1 ? (["Puma", "nginx"] as const) : (["nginx", "Puma"] as const)) {
      const seen = await load(home, way, "open", third, THIRD_SECONDS);
      context.say(`serving: a third of the capacity, ${way}, ${n} of ${pairs}: median ${seen.medianMs} ms`);
      calm[way].push(seen);
    }
  }
  return report(measured, { third, runs, pairs, calm });
}

const PROGRAM = readFileSync(join(__dirname, "inside/http-load.py"), "utf8");

interface Calm {
  readonly third: number;
  readonly runs: number;
  readonly pairs: number;
  readonly calm: Readonly<Record<Way, readonly Load[]>>;
}

const total = ({ processorMs: { nginx, haproxy, puma } }: Load) => nginx + haproxy + puma;
const of = (loads: readonly Load[], what: (load: Load) => number) => median(loads.map(what));

export function report(measured: readonly Measured[], { third, runs, pairs, calm }: Calm): Report {
  const share = (loads: readonly Load[]) => of(loads, ({ reachedPuma, answered }) => reachedPuma / answered);
  const straight = of(calm.Puma, ({ medianMs }) => medianMs);
  const through = of(calm.nginx, ({ medianMs }) => medianMs);
  const worse = through - straight;
  const allowed = Math.max(WORSE_MS, straight * WORSE_SHARE);
  const [asset, ...pages] = measured.filter(({ spared }) => spared);
  const cheaper = of(asset!.by.nginx, total) / of(asset!.by.Puma, total);
  const targets: readonly Target[] = [
    {
      what: "processor time of an asset, of what Puma needs for it",
      measured: `${(cheaper * 100).toFixed(1)} %`,
      target: `at most ${ASSET_SHARE * 100} %`,
      met: cheaper <= ASSET_SHARE,
    },
    ...pages.map(({ what, by }) => {
      const times = of(by.nginx, ({ perSecond }) => perSecond) / of(by.Puma, ({ perSecond }) => perSecond);
      return {
        what: `${what}: requests a second`,
        measured: `${times.toFixed(0)}x`,
        target: `at least ${TIMES_PUMA}x Puma's`,
        met: times >= TIMES_PUMA,
      };
    }),
    {
      what: "requests for an asset that reach Puma",
      measured: `${(share(asset!.by.nginx) * 100).toFixed(2)} %`,
      target: "none",
      met: share(asset!.by.nginx) === 0,
    },
    {
      what: "median of a home timeline at a third of the capacity, above straight at Puma",
      measured: `${worse.toFixed(1)} ms (${((worse / straight) * 100).toFixed(1)} %)`,
      target: `at most ${WORSE_SHARE * 100} % or ${WORSE_MS} ms`,
      met: worse <= allowed,
    },
  ];
  const row = ({ what, by }: Measured, way: Way) => [
    what,
    way,
    of(by[way], ({ perSecond }) => perSecond).toFixed(1),
    `${(share(by[way]) * 100).toFixed(2)} %`,
    `${of(by[way], ({ medianMs }) => medianMs)} ms`,
    `${of(by[way], ({ p99Ms }) => p99Ms)} ms`,
    ...(["nginx", "haproxy", "puma"] as const).map(
      (name) => `${of(by[way], ({ processorMs }) => processorMs[name]).toFixed(2)} ms`,
    ),
  ];
  return {
    title: "What nginx spares Puma",
    meaning: `One web machine of \`examples/local/main.ts\`, with one process of Puma. "Puma" is the same request straight at the queue before it. nginx
serves assets from its disk, and what Mastodon lets be kept from its cache; the rest it passes on.`,
    method: `the stand-in works ${MASTODONS_WORK_MS} ms of processor for each profile page, as Mastodon does, and sends Mastodon's \`Cache-Control\`. ${AT_ONCE}
requests are under way at a time for ${SECONDS} s, ${runs} times in turns; medians. The load runs on the same machine, and above some thousand requests a
second it is what is measured. At a third of the capacity (${third.toFixed(1)} a second) ${pairs} pairs of ${THIRD_SECONDS} s: straight
${straight.toFixed(1)} ms (${spread(
      calm.Puma.map(({ medianMs }) => medianMs),
      1,
    )}), through nginx ${through.toFixed(1)} ms (${spread(
      calm.nginx.map(({ medianMs }) => medianMs),
      1,
    )}).`,
    tables: [
      {
        head: [
          "request",
          "asked",
          "a second",
          "reach Puma",
          "median",
          "99th percentile",
          "nginx each",
          "HAProxy each",
          "Puma each",
        ],
        rows: measured.flatMap((one) => [row(one, "Puma"), row(one, "nginx")]),
      },
    ],
    targets,
  };
}
