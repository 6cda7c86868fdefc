// Runs one drill, with a healthy site before and after it: `await runDrill(drill, { site, page, tokens, … })`.

import { randomBytes } from "node:crypto";
import { drive } from "../scripts/cluster";
import { journey } from "../scripts/journey";
import { CAUSES, Listener, unwatched } from "./alerts";
import { Drill, Finding, Options, pause, Scene, slack } from "./drill";
import { evidence } from "./evidence";
import { leaderOf, moved } from "./leader";
import { Load, Rates } from "./load";
import { verdict } from "./ledger";
import { Page } from "./page";
import { broken, Result } from "./report";
import { jobsInHand } from "./sidekiq";
import { Site } from "./site";
import { view } from "./view";

export interface Stage {
  readonly site: Site;
  readonly page: Page;
  /** Of the accounts that post. */
  readonly tokens: readonly string[];
  readonly rates: Rates;
  /** What strangers look at. */
  readonly paths: readonly string[];
  readonly options: Options;
  readonly say: (line: string) => void;
  /** Told of the scene, so that whoever stops the run can mend it. */
  readonly entered: (scene: Scene | undefined) => void;
}

const CALM_SECONDS = 5;
const WELL_SECONDS = 300;
const SETTLE_SECONDS = 120;
const MOST_REQUESTS = 40_000;

export async function runDrill(drill: Drill, stage: Stage): Promise<Result> {
  const { site, say } = stage;
  const { name, title } = drill;
  const why = (await drill.impossible?.(site, stage.options)) ?? (await withoutAlert(drill, stage));
  if (why !== undefined) return { name, title, passed: undefined, reasons: [why], findings: [] };
  const started = Date.now();
  const run = `drill${randomBytes(4).toString("hex")}`;
  const load = new Load(site.door, stage.tokens, run, { ...stage.rates, ...drill.rates }, stage.paths, MOST_REQUESTS);
  const scene = new Scene(site, stage.page, load, stage.options, say);
  stage.entered(scene);
  let result: Result;
  try {
    await well(stage);
    const jobsTwice = drill.breaksQueries === true ? await jobsInHand(site) : drill.limits.jobsTwice;
    const before = await leaderOf(scene);
    // Of posts that an earlier drill has lost: they are tried again for minutes.
    const waiting = await site.jobs();
    const listener = stage.options.alerts === true ? await Listener.of(drill, scene) : undefined;
    if (listener !== undefined) scene.beforeRepair = () => listener.heard();
    await load.start();
    const fromMs = Date.now();
    await pause(CALM_SECONDS);
    const outcome = await drill.act(scene);
    const findings: Finding[] = [...(outcome.findings ?? [])];
    await scene.beforeRepair?.();
    scene.beforeRepair = undefined;
    await scene.heal();
    await well(stage);
    say(`well again ${scene.seconds} s after the act`);
    await scene.until(() => load.allStand, 60);
    await pause(CALM_SECONDS);
    await load.stop();
    const toMs = Date.now();
    const changed = drill.movesPrimary === true ? undefined : moved(before, await leaderOf(scene));
    if (changed !== undefined) findings.push(changed);
    const left = await jobsLeft(site, waiting);
    // What the last job published is still on its way.
    await pause(2);
    const recorded = load.recorded();
    const kept = verdict(await evidence(site, run, recorded));
    if (left !== 0)
      findings.push({ said: `${left} jobs are not done after ${SETTLE_SECONDS} s`, bad: !(left <= kept.lost.length) });
    for (const text of kept.jobsLost) {
      const { sentAtMs } = recorded.posts.find((post) => post.text === text)!;
      findings.push({
        said: `the post whose job was lost was sent ${((sentAtMs - scene.actMs) / 1000).toFixed(1)} s after the act`,
      });
    }
    const seen = view(
      recorded.requests,
      recorded.sockets.map(({ spans }) => spans),
      { fromMs, actMs: scene.actMs, toMs },
    );
    const heard = (await listener?.findings()) ?? [];
    const limits = broken(
      slack({ ...drill.limits, jobsTwice, ...outcome.limits }, stage.options.slackSeconds ?? 0),
      seen,
      kept,
      findings,
      scene.actMs,
    );
    // A failure that lasts until somebody is told has no limits for users.
    const reasons = listener === undefined ? limits : heard.filter(({ bad }) => bad === true).map(({ said }) => said);
    findings.push(...heard);
    const seconds = Math.round((Date.now() - started) / 1000);
    const said = findings.map((finding) => finding.said);
    const lastMissedMs = Math.max(...kept.missedConnected.map(({ sentAtMs }) => sentAtMs));
    const numbers = Object.assign(
      Number.isFinite(lastMissedMs) ? { "last post that a WebSocket missed, s": (lastMissedMs - scene.actMs) / 1000 } : {},
      ...findings.map((finding) => finding.numbers ?? {}),
    ) as Readonly<Record<string, number>>;
    result = { name, title, passed: reasons.length === 0, reasons, findings: said, numbers, seconds, view: seen, verdict: kept };
  } catch (error) {
    result = { name, title, passed: false, reasons: [`it broke off: ${(error as Error).message}`], findings: [] };
  }
  load.close();
  try {
    await scene.heal();
    await scene.undo();
  } catch (error) {
    const why = `not all could be brought back: ${(error as Error).message}`;
    result = { ...result, passed: false, reasons: [...result.reasons, why] };
  }
  stage.entered(undefined);
  return result;
}

async function withoutAlert({ name }: Drill, { site, options }: Stage): Promise<string | undefined> {
  if (options.alerts !== true) return undefined;
  return CAUSES[name] === undefined ? "it has no cause that a person must hear of" : unwatched(site);
}

/**
 * Until every machine serves and a post travels. The machines are asked one after the other: all at once they take the processors from the
 * requests of the load, and some of those are then refused.
 */
export async function well({ site, tokens }: Pick<Stage, "site" | "tokens">): Promise<void> {
  for (const { name } of await site.hosts()) await drive(["wait", site.name, name, String(WELL_SECONDS)]);
  const end = Date.now() + WELL_SECONDS * 1000;
  for (;;) {
    try {
      await journey(site.door, tokens[0]!, 10);
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await pause(1);
    }
  }
}

/** How many jobs more than those are left once all should be done; 0 as soon as no more are, NaN if they cannot be counted. */
async function jobsLeft(site: Site, before: number): Promise<number> {
  const end = Date.now() + SETTLE_SECONDS * 1000;
  // A job that is taken is for a moment neither in its queue nor counted as in hand.
  for (let seen = 0; ; await pause(0.5)) {
    const jobs = await site.jobs().catch(() => NaN);
    seen = jobs <= before ? seen + 1 : 0;
    if (seen === 3) return 0;
    if (Date.now() > end) return Math.max(1, jobs - before);
  }
}
