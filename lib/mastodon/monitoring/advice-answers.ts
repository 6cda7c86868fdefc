// What Prometheus is asked, as paths of its HTTP API, and what its answers mean: `numbersIn(answers)`.

import { Numbers, Point, Series } from "./advice-numbers";
import { QUERIES, QueryName, STEP_SECONDS } from "./advice-queries";

export interface Period {
  /** Unix time in seconds, a multiple of the step. */
  readonly from: number;
  readonly until: number;
}

/** The last hours, until the last whole step. */
export function lastHours(hours: number, nowSeconds: number): Period {
  const until = Math.floor(nowSeconds / STEP_SECONDS) * STEP_SECONDS;
  return { from: until - hours * 3600, until };
}

/** Whether there are any numbers at all, and since when. */
const SINCE = "count(up)";
const NAMES = Object.keys(QUERIES) as readonly QueryName[];

/** One path for each answer. Nothing in it means something to a shell inside single quotes, or to curl. */
export function paths({ from, until }: Period): readonly string[] {
  return [SINCE, ...NAMES.map((name) => QUERIES[name])].map((query) => {
    const asked = encodeURIComponent(query).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
    return `/api/v1/query_range?query=${asked}&start=${from}&end=${until}&step=${STEP_SECONDS}`;
  });
}

export interface Answered {
  readonly numbers: Numbers;
  /** When the numbers begin; `undefined` if there are none. */
  readonly since: number | undefined;
}

/**
 * The numbers in the answers to these paths, in their order, one a line.
 * @throws Error if one is no answer of Prometheus, or says that it failed
 */
export function numbersIn(text: string): Answered {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length !== NAMES.length + 1)
    throw new Error(`it gave ${lines.length} answers to ${NAMES.length + 1} questions${shown(lines[0])}`);
  const [since, ...all] = lines.map(seriesIn);
  return {
    numbers: Object.fromEntries(NAMES.map((name, n) => [name, all[n]!])),
    since: since![0]?.points[0]?.[0],
  };
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: {
    readonly result: readonly { readonly metric: Series["labels"]; readonly values: readonly (readonly [number, string])[] }[];
  };
}

function seriesIn(line: string): readonly Series[] {
  let answer: Answer;
  try {
    answer = JSON.parse(line) as Answer;
  } catch {
    throw new Error(`it did not answer as Prometheus does${shown(line)}`);
  }
  if (answer.status !== "success" || answer.data === undefined)
    throw new Error(answer.error ?? `it did not answer as Prometheus does${shown(line)}`);
  return answer.data.result.map(({ metric, values }) => ({
    labels: metric,
    points: values.map(([at, value]): Point => [at, Number(value)]).filter(([, value]) => Number.isFinite(value)),
  }));
}

function shown(line: string | undefined): string {
  return line === undefined ? "" : `: ${line.slice(0, 200)}`;
}
