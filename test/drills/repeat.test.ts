import { repeated } from "../../drills/repeat";
import { Result } from "../../drills/report";
import { view } from "../../drills/view";

const seen = view([{ kind: "page", sentAtMs: 0, endedAtMs: 20 }], [], { fromMs: 0, actMs: 0, toMs: 1000 });
const run = (passed: boolean | undefined, slowest: number, own: number): Result => ({
  name: "web-power",
  title: "a web machine loses power",
  passed,
  reasons: passed === true ? [] : ["too slow"],
  findings: [],
  numbers: { "started anew, s": own },
  view: { ...seen, slowestPageSeconds: slowest },
});

test("a repeated drill has the least, the median and the most of each number, and says which runs failed", () => {
  const text = repeated([run(true, 1, 40), run(false, 4, 41.25), run(true, 2, 10), run(true, 2.5, 20)], "Load: 10.");
  const lines = text.split("\n");
  expect(lines.slice(0, 5)).toEqual(["Load: 10.", "", "## `web-power`: a web machine loses power", "", "3 of 4 passed."]);
  expect(lines).toContain("|  | least | median | most | runs |");
  expect(lines).toContain("| slowest page, s | 1 | 2.25 | 4 | 4 |");
  expect(lines).toContain("| started anew, s | 10 | 30 | 41.25 | 4 |");
  expect(lines).toContain("- run 2, failed: too slow");
});

test("each drill has a table of its own, and what was never measured has no row", () => {
  const other: Result = { name: "growth", title: "grows", passed: undefined, reasons: ["no page"], findings: [] };
  const text = repeated([run(true, 1, 40), other, run(true, 3, 50), other]);
  expect(text).toContain("| slowest page, s | 1 | 2 | 3 | 2 |");
  expect(text).toContain(
    "## `growth`: grows\n\n0 of 2 passed.\n\n|  | least | median | most | runs |\n| --- | --- | --- | --- | --- |\n",
  );
  expect(text).toContain("- run 1, not run: no page\n- run 2, not run: no page");
  expect(text).not.toContain("posts lost");
});
