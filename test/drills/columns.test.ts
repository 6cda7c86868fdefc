import { columns } from "../../drills/columns";
import { Verdict } from "../../drills/ledger";
import { Result } from "../../drills/report";
import { view } from "../../drills/view";

const kept: Verdict = {
  acknowledged: 1,
  lost: [],
  twice: [],
  unacknowledged: 0,
  unacknowledgedThere: 0,
  jobsLost: [],
  jobsTwice: [],
  missedConnected: [],
  missedApart: 0,
  heardTwice: 0,
};
const seen = view([{ kind: "page", sentAtMs: 0, endedAtMs: 200 }], [], { fromMs: 0, actMs: 0, toMs: 1000 });
const well: Result = { name: "web-power", title: "", passed: true, reasons: [], findings: ["noted"], view: seen, verdict: kept };

test("each drill has both runs side by side, with what was lost and why one failed", () => {
  const worse: Result = {
    ...well,
    passed: false,
    reasons: ["too slow"],
    view: { ...seen, failed: 1, throttled: 2, socketsCut: 3, reconnectSeconds: 4.5, longestWithoutPostSeconds: 7 },
    verdict: { ...kept, lost: ["a"], jobsLost: ["b", "c"] },
  };
  const logs: Result = { name: "logs", title: "", passed: true, reasons: [], findings: ["none found"] };
  const growth: Result = { name: "growth", title: "", passed: undefined, reasons: ["no page"], findings: [] };
  expect(columns([well, logs], [worse, growth]).split("\n").slice(2)).toEqual([
    "| `web-power` | 0 of 1 failed; slowest page 0.2 s; no post for 0 s; nothing lost; noted | **failed**: too slow; 1 of 1 failed; slowest page 0.2 s; no post for 7 s; 2 throttled (429); 3 WebSockets away for up to 4.5 s; lost: 1 posts, 2 jobs; noted |",
    "| `logs` | none found | not done |",
    "| `growth` | not done | not run: no page |",
    "",
  ]);
});
