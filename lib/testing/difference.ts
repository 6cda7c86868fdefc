// The lines in which a text differs from another: `difference(text, base, /^ {2}- path: /)`. It holds no line numbers, which would change with
// every line above them; each part is called by its heading, and a change by the line before it.

/**
 * Removed lines begin with `-`, added ones with `+`, and the line before a change with a space. Of a part that `base` alone has only the heading
 * is told. Empty if the texts are the same.
 * @param heading which lines begin a part
 */
export function difference(text: string, base: string, heading: RegExp): string {
  const before = parts(base, heading);
  const after = parts(text, heading);
  const kept = alike(
    before.map((part) => part.heading),
    after.map((part) => part.heading),
  );
  const lines: string[] = [];
  let n = 0;
  for (const [m, part] of after.entries()) {
    const same = kept.get(m);
    if (same === undefined) {
      lines.push(`+@@ ${part.heading.trim()}`, ...part.lines.map((line) => `+${line}`));
      continue;
    }
    for (; n < same; n++) lines.push(`-@@ ${before[n]!.heading.trim()}`);
    n = same + 1;
    const changes = changed(before[same]!.lines, part.lines);
    if (changes.length > 0) lines.push(`@@ ${part.heading.trim()}`, ...changes);
  }
  for (; n < before.length; n++) lines.push(`-@@ ${before[n]!.heading.trim()}`);
  return lines.map((line) => `${line}\n`).join("");
}

interface Part {
  readonly heading: string;
  readonly lines: readonly string[];
}

function parts(text: string, heading: RegExp): readonly Part[] {
  const found: { heading: string; lines: string[] }[] = [];
  for (const line of text.split("\n")) {
    if (heading.test(line)) found.push({ heading: line, lines: [] });
    else if (found.length === 0) found.push({ heading: "", lines: [line] });
    else found.at(-1)!.lines.push(line);
  }
  return found;
}

function changed(before: readonly string[], after: readonly string[]): readonly string[] {
  const kept = alike(before, after);
  const lines: string[] = [];
  let n = 0;
  const change = (upTo: number, added: readonly string[]) => {
    if (n === upTo && added.length === 0) return;
    if (n > 0) lines.push(` ${before[n - 1]}`);
    lines.push(...before.slice(n, upTo).map((line) => `-${line}`), ...added.map((line) => `+${line}`));
  };
  let added: string[] = [];
  for (const [m, line] of after.entries()) {
    const same = kept.get(m);
    if (same === undefined) {
      added.push(line);
      continue;
    }
    change(same, added);
    added = [];
    n = same + 1;
  }
  change(before.length, added);
  return lines;
}

/** A longest common subsequence: for the place of each of its lines in `after`, that in `before`. */
function alike(before: readonly string[], after: readonly string[]): ReadonlyMap<number, number> {
  const pairs = new Map<number, number>();
  let start = 0;
  let [end, last] = [before.length, after.length];
  while (start < end && start < last && before[start] === after[start]) pairs.set(start, start++);
  while (end > start && last > start && before[end - 1] === after[last - 1]) pairs.set(--last, --end);
  const [rows, columns] = [end - start, last - start];
  // lengths[i * width + j] is that of the longest subsequence of what comes from line i and from line j on.
  const width = columns + 1;
  const lengths = new Uint32Array((rows + 1) * width);
  for (let i = rows - 1; i >= 0; i--)
    for (let j = columns - 1; j >= 0; j--)
      lengths[i * width + j] =
        before[start + i] === after[start + j]
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
  for (let i = 0, j = 0; i < rows && j < columns; ) {
    if (before[start + i] === after[start + j]) pairs.set(start + j++, start + i++);
    else if (lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!) i++;
    else j++;
  }
  return pairs;
}
