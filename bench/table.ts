// Tables as both the terminal and the docs show them: `markdown({ head: ["role", "bytes"], rows: [["web", "13000"]] })`.

export interface Table {
  readonly title?: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** @throws if a row has another number of cells than the head */
export function markdown({ title, head, rows }: Table): string {
  for (const row of rows) {
    if (row.length !== head.length)
      throw new Error(`a row has ${row.length} cells under ${head.length} heads: ${row.join(" | ")}`);
  }
  const widths = head.map((_, n) => Math.max(3, ...[head, ...rows].map((row) => row[n]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, n) => cell.padEnd(widths[n]!)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [...(title === undefined ? [] : [`${title}:`, ""]), line(head), rule, ...rows.map(line)].join("\n");
}
