// Compares acknowledged posts with stored posts, jobs and events: `verdict({ posts, sockets, stored, jobs })` after a drill has settled.

export interface Post {
  /** Unique, so that it can be found again in the database and in what was heard. */
  readonly text: string;
  readonly sentAtMs: number;
  /** When the answer came that it was taken. Without, it may exist, but only once. */
  readonly acknowledgedAtMs?: number;
  /** The web machine that answered, where it says so. */
  readonly servedBy: string;
}

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** One client that wants to hear every post, over all its connections. */
export interface Listening {
  readonly name: string;
  /** When it stood connected. */
  readonly spans: readonly Span[];
  /** When it heard which post. */
  readonly heard: ReadonlyMap<string, readonly number[]>;
}

export interface Run {
  readonly doneAtMs: number;
  readonly process: string;
}

export interface Evidence {
  readonly posts: readonly Post[];
  readonly sockets: readonly Listening[];
  /** How often the database has each text. */
  readonly stored: ReadonlyMap<string, number>;
  /** How often the job behind each text was done. */
  readonly jobs: ReadonlyMap<string, readonly Run[]>;
}

export interface Missed {
  readonly socket: string;
  readonly text: string;
  readonly sentAtMs: number;
}

export interface Verdict {
  readonly acknowledged: number;
  /** Acknowledged, and not in the database. */
  readonly lost: readonly string[];
  /** More than once in the database, acknowledged or not. */
  readonly twice: readonly string[];
  readonly unacknowledged: number;
  /** Not acknowledged, and in the database all the same. */
  readonly unacknowledgedThere: number;
  /** Posts that were acknowledged and stored, and whose job was never done. */
  readonly jobsLost: readonly string[];
  readonly jobsTwice: readonly string[];
  /** Events that did not come although the WebSocket stood connected all the while. */
  readonly missedConnected: readonly Missed[];
  /** Events that did not come to a WebSocket that was cut off when they passed. */
  readonly missedApart: number;
  readonly heardTwice: number;
}

/** After the job is done the event is on its way; later than this nobody waits for it. */
export const ARRIVAL_MS = 3000;
/** A WebSocket is open a moment before the server has subscribed for it. */
export const SUBSCRIBED_MS = 1000;

export function verdict({ posts, sockets, stored, jobs }: Evidence): Verdict {
  const acknowledged = posts.filter(({ acknowledgedAtMs }) => acknowledgedAtMs !== undefined);
  const others = posts.filter(({ acknowledgedAtMs }) => acknowledgedAtMs === undefined);
  const there = (text: string) => stored.get(text) ?? 0;
  const runs = (text: string) => jobs.get(text) ?? [];
  const kept = acknowledged.filter(({ text }) => there(text) > 0);
  const missedConnected: Missed[] = [];
  let missedApart = 0;
  for (const { text, sentAtMs } of kept) {
    const doneAtMs = Math.min(...runs(text).map((run) => run.doneAtMs));
    // No job, no event; that loss is told as the job's.
    if (!Number.isFinite(doneAtMs)) continue;
    for (const { name, spans, heard } of sockets) {
      if (heard.has(text)) continue;
      if (spans.some((span) => covers(span, sentAtMs, doneAtMs))) missedConnected.push({ socket: name, text, sentAtMs });
      else missedApart += 1;
    }
  }
  return {
    acknowledged: acknowledged.length,
    lost: acknowledged.filter(({ text }) => there(text) === 0).map(({ text }) => text),
    twice: posts.filter(({ text }) => there(text) > 1).map(({ text }) => text),
    unacknowledged: others.length,
    unacknowledgedThere: others.filter(({ text }) => there(text) > 0).length,
    jobsLost: kept.filter(({ text }) => runs(text).length === 0).map(({ text }) => text),
    jobsTwice: posts.filter(({ text }) => runs(text).length > 1).map(({ text }) => text),
    missedConnected,
    missedApart,
    heardTwice: sockets.reduce((sum, { heard }) => sum + [...heard.values()].filter((times) => times.length > 1).length, 0),
  };
}

function covers({ fromMs, toMs }: Span, sentAtMs: number, doneAtMs: number): boolean {
  return fromMs + SUBSCRIBED_MS <= sentAtMs && toMs >= Math.max(sentAtMs, doneAtMs) + ARRIVAL_MS;
}

export interface Tick {
  readonly atMs: number;
  readonly process: string;
}

/** The processes that kept the schedule after another one had taken it over: two schedulers at once. */
export function schedulersAtOnce(ticks: readonly Tick[]): readonly string[] {
  const turns: string[] = [];
  for (const { process } of [...ticks].sort((a, b) => a.atMs - b.atMs)) {
    if (turns.at(-1) !== process) turns.push(process);
  }
  return [...new Set(turns.filter((process, turn) => turns.indexOf(process) !== turn))];
}
