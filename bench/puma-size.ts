// How many processes and threads of Puma a web machine needs: `pumaSize.run(context)`. The rule of lib/mastodon/process-count.ts is held against
// the other choices.

import { readFileSync } from "node:fs";
import { get } from "node:https";
import { join } from "node:path";
import { flood } from "../drills/flood";
import { Generator, MOST_PER_SECOND } from "../drills/generator";
import { Size } from "../lib/core/size";
import { Program, textOf } from "../lib/core/program";
import { pumaOf } from "../lib/mastodon/process-count";
import { pumaQueue } from "../lib/mastodon/programs/puma-queue";
import { inside, machines } from "../scripts/cluster";
import { ask, connection, Door, door, signIn } from "../scripts/journey";
import { Benchmark, Context, Report, Target } from "./benchmark";
import { deployed, NETWORK, sleep } from "./deployment";
import { ROOT } from "./measured";
import { MASTODONS_WORK_MS, standingIn } from "./stand-in";

const SITE = "bench-puma";
const DOMAIN = "puma.example";
const VISITED = "visited";
const STAND_IN = { STANDIN_WORK_MS: MASTODONS_WORK_MS, STANDIN_WAIT_MS: "25" } as const;
const SCRIPT = readFileSync(join(ROOT, "bench/inside/puma-size.sh"), "utf8");

/** Processes and threads by the number of processors. */
const CHOICES: Readonly<Record<number, readonly string[]>> = {
  1: ["1 x 3", "1 x 5", "1 x 8", "2 x 3"],
  2: ["1 x 5", "2 x 3", "2 x 5", "2 x 8"],
};
/** More than any choice carries: a processor has work for 18 pages a second. */
const TOO_MANY_PER_PROCESSOR = 24;
const FULL_SECONDS = 6;
const FILLING_MS = 2000;
/** About 70 % of what the best choice carries. */
const PAGES_PER_SECOND: Readonly<Record<number, number>> = { 1: 11, 2: 19 };
const PAGES_SECONDS = 10;
const SLOW_PER_PROCESSOR = 2;
const SLOW_SECONDS = 6;
const BESIDE_SLOW_SECONDS = 5;
const CALM_SECONDS = 1;
const CARRIES = 0.9;
const P99_MS = 1000;
const BESIDE_SLOW = 0.95;

export const pumaSize: Benchmark = { name: "puma-size", run };

interface Choice {
  readonly processors: number;
  readonly processes: number;
  readonly threads: number;
}

/** What was seen in one round, or the best of several. */
interface Seen {
  /** Pages a second, with more on offer. */
  readonly carries: number;
  /** At the same rate for all choices of as many processors. */
  readonly medianMs: number;
  readonly p99Ms: number;
  /** Of the pages that are asked for while some requests wait. */
  readonly servedBesideSlow: number;
  readonly memoryMib: number;
}

export type Measured = Choice & Seen;

async function run(context: Context): Promise<Report> {
  const runs = context.runs(2);
  const choices = Object.entries(CHOICES).flatMap(([processors, texts]) =>
    texts.map((text): Choice => {
      const [processes, threads] = text.split(" x ").map(Number) as [number, number];
      return { processors: Number(processors), processes, threads };
    }),
  );
  const rounds: Seen[][] = choices.map(() => []);
  await standingIn(STAND_IN, () =>
    deployed({ path: "bench/pages/puma-size.ts", site: SITE, environment: { NETWORK, DOMAIN } }, context, async () => {
      signIn(SITE, DOMAIN, VISITED);
      for (let n = 1; n <= runs; n++) {
        for (const [index, choice] of choices.entries()) {
          const seen = await measure(choice);
          rounds[index]!.push(seen);
          context.say(`puma-size: round ${n} of ${runs}: ${JSON.stringify({ ...choice, ...seen })}`);
        }
      }
    }),
  );
  return report(
    choices.map((choice, index) => ({ ...choice, ...best(rounds[index]!) })),
    runs,
  );
}

/** What else the machine does makes each of these worse, never better. */
export function best(rounds: readonly Seen[]): Seen {
  const of = (what: keyof Seen) => rounds.map((seen) => seen[what]);
  return {
    carries: Math.max(...of("carries")),
    medianMs: Math.min(...of("medianMs")),
    p99Ms: Math.min(...of("p99Ms")),
    servedBesideSlow: Math.max(...of("servedBesideSlow")),
    memoryMib: Math.max(...of("memoryMib")),
  };
}

async function measure({ processors, processes, threads }: Choice): Promise<Seen> {
  const web = machines(SITE).find(({ pool }) => pool === "web")!.name;
  const cores = Array.from({ length: processors }, (_, n) => n).join(",");
  const numbers = [processes, threads, cores, queueOf(processes, threads)].map(String);
  inside(SITE, web, "bash", "-c", SCRIPT, "puma-size", ...numbers);
  const front = door(SITE, DOMAIN);
  const path = `/@${VISITED}`;
  await answering(front, path);
  // The first requests of a process open its connections.
  await load(front, path, 10, 1);
  const full = await load(front, path, TOO_MANY_PER_PROCESSOR * processors, FULL_SECONDS, FILLING_MS);
  const rate = PAGES_PER_SECOND[processors]!;
  const { medianMs, p99Ms } = await load(front, path, rate, PAGES_SECONDS);
  const slow = Array.from({ length: SLOW_PER_PROCESSOR * processors }, () => wait(front));
  await sleep(CALM_SECONDS / 2);
  const beside = await load(front, path, rate / 2, BESIDE_SLOW_SECONDS);
  await Promise.all(slow);
  const memoryMib = Number(inside(SITE, web, "bash", "-c", SCRIPT)) / 1024;
  const servedBesideSlow = 1 - (beside.refused + beside.failed) / beside.sent;
  return { carries: full.served, medianMs, p99Ms, servedBesideSlow, memoryMib };
}

/** HAProxy's section as a machine with these numbers has it. */
function queueOf(processes: number, threads: number): string {
  const program = new Program();
  pumaQueue(program, { processes, threads, network: NETWORK, frontDoor: [] });
  const config = program.steps.flatMap((step) =>
    step.kind === "file" && step.path.endsWith("/haproxy.cfg") ? [step.content] : [],
  );
  const text = textOf(config[0]!);
  return text.slice(text.indexOf("# to Puma\n"));
}

async function answering(front: Door, path: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const { status } = await ask(front, "GET", path).catch(() => ({ status: 0 }));
    if (status === 200) return;
    await sleep(0.3);
  }
  throw new Error(`${path} is not answered`);
}

async function load(front: Door, path: string, perSecond: number, seconds: number, fillingMs = 0) {
  const generator = new Generator(front, [path], MOST_PER_SECOND * seconds);
  try {
    const { fromMs, toMs } = await generator.send(perSecond, seconds);
    await generator.drain();
    await sleep(CALM_SECONDS);
    return { ...flood(generator.shots, { fromMs: fromMs + fillingMs, toMs }), sent: generator.shots.length };
  } finally {
    generator.close();
  }
}

/** A request that holds a thread without work, as one that waits for another server. */
function wait(front: Door): Promise<void> {
  return new Promise((done) => {
    get({ ...connection(front, front.domain), path: `/standin/slow?seconds=${SLOW_SECONDS}` }, (response) => {
      response.on("end", done).on("error", done).resume();
    }).on("error", () => done());
  });
}

const percent = (share: number) => `${Math.round(share * 100)} %`;

const MEANING = `A process of Ruby uses one processor at most, so there is one for each. Its threads help while others wait: with too few, requests that
wait for other servers, such as a search for an account elsewhere, keep out all that need no more than a processor. Each thread wants a connection
to the database. \`lib/mastodon/process-count.ts\` has the rule.`;

const method = (
  runs: number,
) => `the stand-in works ${STAND_IN.STANDIN_WORK_MS} ms of processor for each profile page, as Mastodon does, and waits ${STAND_IN.STANDIN_WAIT_MS} ms for its database, which is
an assumption (\`STANDIN_WORK_MS\`, \`STANDIN_WAIT_MS\`). One web machine, kept to so many processors with \`taskset\`, gets the files that the library
writes for other numbers, and Puma starts anew. What it carries is what comes in ${FULL_SECONDS - FILLING_MS / 1000} s while ${TOO_MANY_PER_PROCESSOR} pages a second are asked for with each
processor. The times are those of ${PAGES_SECONDS} s with ${PAGES_PER_SECOND[1]} pages a second, and with ${PAGES_PER_SECOND[2]} of two processors: about 70 % of what the best choice carries.
Slow requests, ${SLOW_PER_PROCESSOR} with each processor, hold a thread for ${SLOW_SECONDS} s without work while half as many pages are asked for. Memory is the stand-in's; Mastodon
takes several times as much. ${runs} rounds, of which each number is the better: what else the machine does only makes it worse. The load runs on
the same two cores, and takes its part of them where Puma has both. Four processors cannot be measured on two cores: for them the rule is only carried on.`;

/** What the rule gives a machine with so many processors and memory enough. */
const ruleOf = (processors: number) => pumaOf(Size.of({ cpus: processors, gib: 2 * processors }));

export function report(found: readonly Measured[], runs: number): Report {
  const numbers = [...new Set(found.map(({ processors }) => processors))];
  const targets = numbers.flatMap((processors): readonly Target[] => {
    const all = found.filter((one) => one.processors === processors);
    const rule = ruleOf(processors);
    const ours = all.find(({ processes, threads }) => processes === rule.processes && threads === rule.threads);
    if (ours === undefined) throw new Error(`${rule.processes} x ${rule.threads} was not measured with ${processors} processors`);
    const most = Math.max(...all.map(({ carries }) => carries));
    const name = `${processors} ${processors === 1 ? "processor" : "processors"}, ${rule.processes} x ${rule.threads}`;
    return [
      {
        what: `${name}: pages a second`,
        measured: `${percent(ours.carries / most)} of the most`,
        target: `at least ${percent(CARRIES)}`,
        met: ours.carries >= most * CARRIES,
      },
      {
        what: `${name}: 99th percentile`,
        measured: `${ours.p99Ms} ms`,
        target: `below ${P99_MS} ms`,
        met: ours.p99Ms < P99_MS,
      },
      {
        what: `${name}: pages beside ${SLOW_PER_PROCESSOR * processors} slow requests`,
        measured: percent(ours.servedBesideSlow),
        target: `at least ${percent(BESIDE_SLOW)}`,
        met: ours.servedBesideSlow >= BESIDE_SLOW,
      },
    ];
  });
  return {
    title: "Puma's processes and threads by the size of the machine",
    meaning: MEANING,
    method: method(runs),
    tables: numbers.map((processors) => ({
      title: processors === 1 ? "1 processor" : `${processors} processors`,
      head: [
        "processes x threads",
        "pages/s that it carries",
        "median",
        "99th percentile",
        `pages served beside ${SLOW_PER_PROCESSOR * processors} slow requests`,
        "memory of Puma",
      ],
      rows: found
        .filter((one) => one.processors === processors)
        .sort((a, b) => a.processes - b.processes || a.threads - b.threads)
        .map(({ processes, threads, carries, medianMs, p99Ms, servedBesideSlow, memoryMib }) => [
          `${processes} x ${threads}`,
          carries.toFixed(1),
          `${medianMs} ms`,
          `${p99Ms} ms`,
          percent(servedBesideSlow),
          `${memoryMib.toFixed(0)} MiB`,
        ]),
    })),
    targets,
  };
}
