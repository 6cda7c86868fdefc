// How much of pools is used, as Prometheus computes it from what members measure.

import { execFileSync } from "node:child_process";
import { USED_PERCENT } from "../../lib/mastodon/monitoring/rules-used";
import { watched, Watched } from "../../lib/mastodon/monitoring/watched";
import { monitoringPage } from "./monitoring-page";
import { always, of, rising, Series, until } from "./monitoring-series";
import { expectRules, FETCHED_MS, promtoolPath } from "./promtool";

const page: Watched = {
  ...watched(monitoringPage().site),
  used: [
    { pool: "web", threads: true, webSockets: undefined },
    { pool: "streaming", threads: false, webSockets: 200 },
  ],
};

beforeAll(() => {
  execFileSync(promtoolPath(), ["--version"]);
}, FETCHED_MS);

interface Web {
  readonly busy?: string;
  readonly waiting?: string;
  /** Answers of Puma to the front door. */
  readonly answers?: string;
}

function web(instance: string, { busy = always(5), waiting = always(0), answers = rising(10) }: Web = {}): Series {
  const job = "haproxy";
  return {
    [of(instance, "haproxy_server_current_sessions", { job, proxy: "puma", server: "puma" })]: busy,
    [of(instance, "haproxy_server_limit_sessions", { job, proxy: "puma", server: "puma" })]: always(10),
    [of(instance, "haproxy_backend_current_queue", { job, proxy: "puma" })]: waiting,
    [of(instance, "haproxy_backend_http_responses_total", { job, proxy: "puma-health", code: "2xx" })]: answers,
  };
}

function streaming(instance: string, clients: string, up = always(1)): Series {
  const labels = { job: "streaming", process: "4000" };
  return {
    [of(instance, "up", labels)]: up,
    [of(instance, "mastodon_streaming_connected_clients", { ...labels, type: "websocket" })]: clients,
    [of(instance, "mastodon_streaming_connected_clients", { ...labels, type: "eventsource" })]: clients.replace(/\d+x/g, "0x"),
  };
}

/** What is published at a time, in percent. */
function expectUsed(series: Series, at: string, is: Readonly<Record<string, number>>, whole: Watched = page): void {
  const labelled = Object.fromEntries(Object.entries(is).map(([pool, value]) => [`{pool="${pool}"}`, value]));
  expectRules(whole, series, { values: [{ expr: USED_PERCENT, at, is: labelled }] }, { only: /^used series$/ });
}

test("web: the threads that work, and the requests that wait for one, of all threads", () => {
  expectUsed({ ...web("web-1", { busy: always(10) }), ...web("web-2", { busy: always(0) }) }, "5m", { web: 50 });
  const waits = { ...web("web-1", { busy: always(10), waiting: always(3) }), ...web("web-2", { busy: always(7) }) };
  expectUsed(waits, "5m", { web: 100 });
});

test("twice as many members halve the number", () => {
  expectUsed(web("web-1", { busy: always(8), waiting: always(2) }), "5m", { web: 100 });
  expectUsed({ ...web("web-1", { busy: always(5) }), ...web("web-2", { busy: always(5) }) }, "5m", { web: 50 });
});

test("a full queue counts no more than the threads: as many machines as it is long would be far too many", () => {
  expectUsed(web("web-1", { busy: always(10), waiting: always(180) }), "5m", { web: 200 });
});

test("a member whose Puma does not answer yet, or no more, counts neither its threads nor its requests", () => {
  const boots = web("web-2", { busy: always(0), answers: always(0) });
  expectUsed({ ...web("web-1", { busy: always(10) }), ...boots }, "5m", { web: 100 });
  const hangs = web("web-2", { busy: always(10), answers: `0+10x20 200x460` });
  expectUsed({ ...web("web-1", { busy: always(0) }), ...hangs }, "10m", { web: 0 });
});

test("streaming: the clients of all processes over those for which they are meant", () => {
  const two = { ...streaming("streaming-1", always(180)), ...streaming("streaming-2", always(60)) };
  expectUsed(two, "5m", { streaming: 60 });
  // One process that is down is no room.
  expectUsed({ ...two, ...streaming("streaming-2", until(10, 60, "gone"), until(10, 1, 0)) }, "15m", { streaming: 90 });
});

test("of web machines with streaming counts what is used more", () => {
  const both: Watched = { ...page, used: [{ pool: "web", threads: true, webSockets: 200 }] };
  const labels = { job: "streaming", process: "4000" };
  const clients = (count: number): Series => ({
    [of("web-1", "up", labels)]: always(1),
    [of("web-1", "mastodon_streaming_connected_clients", { ...labels, type: "websocket" })]: always(count),
  });
  expectUsed({ ...web("web-1"), ...clients(150) }, "5m", { web: 75 }, both);
  expectUsed({ ...web("web-1", { busy: always(10) }), ...clients(150) }, "5m", { web: 100 }, both);
});

test("without members, without numbers and a minute after the last one there is nothing to publish", () => {
  expectUsed({}, "5m", {});
  expectUsed(web("web-1", { answers: always(7) }), "5m", {});
  const gone = Object.fromEntries(
    Object.entries(web("web-1")).map(([name, values]) => [name, values.replace(/x480$/, "x39 stale")]),
  );
  expectUsed(gone, "9m", { web: 50 });
  expectUsed(gone, "12m", {});
});

test("a member of another pool that calls itself one of these changes nothing of theirs, and a pool that does not follow is not published", () => {
  const other = Object.fromEntries(
    Object.entries(web("web-2", { busy: always(10) })).map(([name, values]) => [
      name.replaceAll('pool="web"', 'pool="other"'),
      values,
    ]),
  );
  expectUsed({ ...web("web-1", { busy: always(0) }), ...other }, "5m", { web: 0 });
});

test("the number is the mean of the last minute", () => {
  // Of five values, the last two.
  expectUsed(web("web-1", { busy: until(10, 0, 10) }), "10m15s", { web: 40 });
});
