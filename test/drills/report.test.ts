import { slack, UNDISTURBED } from "../../drills/drill";
import { Verdict } from "../../drills/ledger";
import { broken, lost, markdown, saw } from "../../drills/report";
import { Request, view, View } from "../../drills/view";

const TIMES = { fromMs: 0, actMs: 10_000, toMs: 20_000 };
const requests = (kind: Request["kind"], everyMs: number): readonly Request[] =>
  Array.from({ length: 20_000 / everyMs }, (_, n) => ({ kind, sentAtMs: n * everyMs, endedAtMs: n * everyMs + 20 }));
const calm = [...requests("page", 100), ...requests("post", 500)];
const STOOD = [{ fromMs: -1000, toMs: Infinity }];

const kept: Verdict = {
  acknowledged: 40,
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
const seen: View = view(calm, [STOOD], TIMES);

test("a calm cluster: nobody failed, nobody waited, nobody was cut", () => {
  expect(seen).toEqual({
    requests: 240,
    failed: 0,
    throttled: 0,
    pagesFailed: 0,
    slowestPageSeconds: 0,
    failures: {},
    firstFailureSeconds: undefined,
    lastFailureSeconds: undefined,
    longestWithoutPageSeconds: 0.1,
    longestWithoutPostSeconds: 0.5,
    before: { medianMs: 20, p99Ms: 20 },
    during: { medianMs: 20, p99Ms: 20 },
    socketsCut: 0,
    reconnectSeconds: 0,
    socketsGone: 0,
    failedSeconds: [],
  });
  expect(broken(UNDISTURBED, seen, kept, [], TIMES.actMs)).toEqual([]);
});

test("failures are counted by reason, and from the act on", () => {
  const failing = calm.map((request) =>
    request.sentAtMs >= 10_000 && request.sentAtMs < 12_000 ? { ...request, failure: "status 503" } : request,
  );
  const down = view(failing, [STOOD], TIMES);
  expect(down).toMatchObject({
    failed: 24,
    failures: { "page: status 503": 20, "post: status 503": 4 },
    firstFailureSeconds: 0,
    lastFailureSeconds: 1.9,
    longestWithoutPageSeconds: 2.1,
    longestWithoutPostSeconds: 2.5,
  });
  expect(down.failedSeconds.map(({ second, requests }) => [second, requests])).toEqual([
    [0, 12],
    [1, 12],
  ]);
  expect(broken(UNDISTURBED, down, kept, [], TIMES.actMs)).toEqual(["failed requests of 240: 24, none may be"]);
  expect(broken({ ...UNDISTURBED, failuresWithinSeconds: 1 }, down, kept, [], TIMES.actMs)).toEqual([
    "a request failed that was sent +1.9 s after the act; none may after 1 s",
  ]);
  expect(broken({ ...UNDISTURBED, failuresWithinSeconds: 2, withoutPostSeconds: 2 }, down, kept, [], TIMES.actMs)).toEqual([
    "no post was taken for 2.5 s, at most 2 s are allowed",
  ]);
});

test("requests that Mastodon throttles are neither failed nor answered, and are told apart", () => {
  const busy = calm.map((request) => (request.sentAtMs >= 10_000 ? { ...request, throttled: true as const } : request));
  const told = view(busy, [], TIMES);
  expect(told).toMatchObject({ requests: 240, failed: 0, throttled: 120, failures: {}, longestWithoutPostSeconds: 10.5 });
  expect(saw(told)).toContain("120 requests got 429");
  expect(saw(seen)).not.toContain("429");
});

test("the slowest page is one of strangers after the act, answered or not, and has a limit of its own", () => {
  const slow: readonly Request[] = [
    { kind: "page", sentAtMs: 2_000, endedAtMs: 9_000 },
    { kind: "page", sentAtMs: 9_500, endedAtMs: 14_000 },
    { kind: "page", sentAtMs: 11_000, endedAtMs: 11_500, failure: "status 503" },
    { kind: "home", sentAtMs: 11_000, endedAtMs: 21_000, failure: "no answer within 10 s" },
  ];
  const hung = view([...calm, ...slow], [STOOD], TIMES);
  expect(hung).toMatchObject({ failed: 2, pagesFailed: 1, slowestPageSeconds: 4.5 });
  const limits = { ...UNDISTURBED, failuresWithinSeconds: 10 };
  expect(broken(limits, hung, kept, [], TIMES.actMs)).toEqual([]);
  expect(broken({ ...limits, pagesFailed: 0, slowestPageSeconds: 4 }, hung, kept, [], TIMES.actMs)).toEqual([
    "failed pages: 1, none may be",
    "a page took 4.5 s, at most 4 s are allowed",
  ]);
  expect(broken({ ...limits, pagesFailed: 1, slowestPageSeconds: 4.5 }, hung, kept, [], TIMES.actMs)).toEqual([]);
});

test("nothing that succeeds any more is the longest span of all", () => {
  const dead = calm.map((request) => (request.sentAtMs >= 10_000 ? { ...request, failure: "ECONNREFUSED" } : request));
  expect(view(dead, [], TIMES)).toMatchObject({ longestWithoutPageSeconds: 10.1, longestWithoutPostSeconds: 10.5 });
});

test("a WebSocket that was cut counts with the time until it stood again, one that never did is told", () => {
  const back = [
    { fromMs: 0, toMs: 11_000 },
    { fromMs: 13_500, toMs: Infinity },
  ];
  const gone = [{ fromMs: 0, toMs: 11_000 }];
  const cut = view(calm, [back, gone, STOOD], TIMES);
  expect(cut).toMatchObject({ socketsCut: 2, reconnectSeconds: 2.5, socketsGone: 1 });
  expect(broken({ ...UNDISTURBED, reconnectSeconds: 2 }, cut, kept, [], TIMES.actMs)).toEqual([
    "a WebSocket was away for 2.5 s, at most 2 s are allowed",
    "WebSockets that did not come back: 1, none may be",
  ]);
});

test("each loss is told, and held against the drill's own limit", () => {
  const bad: Verdict = {
    ...kept,
    lost: ["run-1"],
    twice: ["run-2"],
    jobsLost: ["run-3", "run-4"],
    jobsTwice: ["run-5"],
    missedConnected: [{ socket: "WebSocket 1", text: "run-6", sentAtMs: 14_000 }],
  };
  expect(broken(UNDISTURBED, seen, bad, [{ said: "the wrong one", bad: true }, { said: "noted" }], TIMES.actMs)).toEqual([
    "acknowledged posts lost: 1, none may be",
    "posts stored twice: 1, none may be",
    "jobs lost: 2, none may be",
    "jobs done twice: 1, none may be",
    "events missed by WebSockets that stood: 1, none may be",
    "the wrong one",
  ]);
  const wide = { ...UNDISTURBED, jobsLost: 2, jobsTwice: 1, eventsMissedWithinSeconds: 5 };
  expect(broken(wide, seen, { ...bad, lost: [], twice: [] }, [], TIMES.actMs)).toEqual([]);
  expect(
    broken({ ...wide, eventsMissedWithinSeconds: 3 }, seen, { ...kept, missedConnected: bad.missedConnected }, [], TIMES.actMs),
  ).toEqual(["a WebSocket that stood missed a post that was sent +4 s after the act; none may after 3 s"]);
});

test("slack lengthens what may take its time, and allows nothing that may not happen at all", () => {
  const limits = { ...UNDISTURBED, failuresWithinSeconds: 10, jobsLost: 3 };
  expect(slack(limits, 5)).toEqual({ ...limits, failuresWithinSeconds: 15, withoutPostSeconds: limits.withoutPostSeconds + 5 });
  expect(slack({ ...limits, slowestPageSeconds: 4, pagesFailed: 0 }, 5)).toMatchObject({ slowestPageSeconds: 9, pagesFailed: 0 });
});

test("the table has one row a drill, also for one that failed or was not run", () => {
  const row = { title: "something | breaks", findings: ["noted"] };
  const table = markdown([
    { ...row, name: "first", passed: true, reasons: [], view: seen, verdict: kept },
    { ...row, name: "second", passed: false, reasons: ["too slow"] },
    { ...row, name: "third", passed: undefined, reasons: ["there is one only"] },
  ]).split("\n");
  expect(table).toHaveLength(6);
  expect(table[2]).toBe(`| \`first\` | something \\| breaks | ${saw(seen)} | ${lost(kept)} | noted | passed |`);
  expect(markdown([], "Load: 10 pages.").split("\n").slice(0, 2)).toEqual(["Load: 10 pages.", ""]);
  expect(table[3]).toContain("| **failed**: too slow |");
  expect(table[4]).toContain("| not run: there is one only |");
});
