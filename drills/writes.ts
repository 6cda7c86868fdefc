// Evaluates writes while a Redis master was cut off: `split({ actMs, inside, outside })` says whether two masters took writes at the same time.

export interface Write {
  readonly atMs: number;
  readonly number: string;
  readonly yes: boolean;
  readonly answer: string;
}

/** The lines of a writer: the time, a number, and `yes` or what it was told. */
export function writes(lines: readonly string[]): readonly Write[] {
  return lines.map((line) => {
    const [at, number, answer] = line.split(" ");
    return { atMs: Number(at), number: number!, yes: answer === "yes", answer: answer || "no answer" };
  });
}

/** A writer, and the numbers that were there in the end. */
export interface Written {
  readonly writes: readonly Write[];
  readonly there: ReadonlySet<string>;
}

export interface Split {
  /** What the old master acknowledged on its own machine after the cut, how much of it is gone, and when the last was, after the cut. */
  readonly inside: number;
  readonly insideGone: number;
  readonly insideLastSeconds: number | undefined;
  /** What the new master acknowledged, how much of it is gone, and when the first was, after the cut. */
  readonly outside: number;
  readonly outsideGone: number;
  readonly outsideFirstSeconds: number | undefined;
  /** How long both took writes. */
  readonly bothSeconds: number;
}

interface Parted {
  readonly actMs: number;
  /** The writer on the machine that was cut off. */
  readonly inside: Written;
  readonly outside: readonly Written[];
}

export function split({ actMs, inside, outside }: Parted): Split {
  const taken = outside.map(({ writes, there }) => ({ writes: afterTheGap(writes, actMs), there }));
  const outsideMs = taken.flatMap(({ writes }) => writes.map(({ atMs }) => atMs));
  const firstMs = Math.min(...outsideMs);
  const own = inside.writes.filter(({ yes, atMs }) => yes && atMs > actMs);
  const lastMs = Math.max(...own.map(({ atMs }) => atMs));
  const gone = (list: readonly Write[], there: ReadonlySet<string>) => list.filter(({ number }) => !there.has(number)).length;
  return {
    inside: own.length,
    insideGone: gone(own, inside.there),
    insideLastSeconds: own.length === 0 ? undefined : seconds(lastMs - actMs),
    outside: outsideMs.length,
    outsideGone: taken.reduce((sum, { writes, there }) => sum + gone(writes, there), 0),
    outsideFirstSeconds: outsideMs.length === 0 ? undefined : seconds(firstMs - actMs),
    bothSeconds: own.length === 0 || outsideMs.length === 0 ? 0 : Math.max(0, seconds(lastMs - firstMs)),
  };
}

/** What was acknowledged after the first refusal: what came before was still the old master's word. */
function afterTheGap(all: readonly Write[], actMs: number): readonly Write[] {
  const refused = all.findIndex(({ yes, atMs }) => !yes && atMs > actMs);
  return refused === -1 ? [] : all.slice(refused).filter(({ yes }) => yes);
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
