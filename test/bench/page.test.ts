import { Report } from "../../bench/benchmark";
import { replaceSections, section, verdict } from "../../bench/page";
import { markdown } from "../../bench/table";

const WHERE = "On 2026-11-26: 2 cores.";
const met = { what: "speed", measured: "1.00x", target: "at most 1.3x", met: true, reason: "never shown" };
const missed = { what: "memory", measured: "400 MiB", target: "under 300 MiB", met: false, reason: "it is large." };

const report = (targets: Report["targets"]): Report => ({
  title: "Speed",
  meaning: "What it means.",
  method: "three times.",
  tables: [{ head: ["what", "time"], rows: [["all of it", "3 s"]] }],
  targets,
});

test("a table has columns as wide as their widest cell, and no row of another length", () => {
  expect(markdown({ title: "Times", head: ["what", "s"], rows: [["all of it", "3"]] })).toBe(
    ["Times:", "", "| what      | s   |", "| --------- | --- |", "| all of it | 3   |"].join("\n"),
  );
  expect(() => markdown({ head: ["what", "s"], rows: [["3"]] })).toThrow("1 cells under 2 heads");
});

test("a section gives the reason of what is missed, and of nothing else", () => {
  const text = section("speed", report([met, missed]), WHERE);
  expect(text).toContain("| speed  | 1.00x    | at most 1.3x  | met    |");
  expect(text).toContain("- Missed, memory: it is large.");
  expect(text).not.toContain("never shown");
  expect(text).toContain("Measured with `npm run bench -- speed`: three times.\n\nOn 2026-11-26: 2 cores.");
});

test("the verdict counts targets and names what is missed", () => {
  expect(verdict([met, met])).toBe("bench: 2 of 2 targets met");
  expect(verdict([met, missed])).toBe("bench: 1 of 2 targets met; missed: memory");
});

test("a section takes the place of its older self, and the others stay where they are", () => {
  const first = replaceSections(
    "",
    new Map([
      ["one", "## One\n\nold"],
      ["two", "## Two\n\nold"],
      ["three", undefined],
    ]),
  );
  const second = replaceSections(
    first,
    new Map([
      ["one", undefined],
      ["two", "## Two\n\nnew"],
      ["three", "## Three\n\nnew"],
    ]),
  );
  expect(second.match(/^## .*|^old$|^new$/gm)).toEqual(["## One", "old", "## Two", "new", "## Three", "new"]);
  expect(
    replaceSections(
      second,
      new Map([
        ["one", undefined],
        ["two", undefined],
        ["three", undefined],
      ]),
    ),
  ).toBe(second);
});
