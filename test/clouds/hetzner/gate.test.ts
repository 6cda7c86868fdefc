import { spawn } from "node:child_process";
import { createServer, Server } from "node:http";
import { AddressInfo } from "node:net";
import { join } from "node:path";

// Each test starts Node once or twice.
jest.setTimeout(20_000);

const GATE = join(__dirname, "../../../lib/clouds/hetzner/gate/gate.mjs");

interface Answer {
  readonly status?: number;
  readonly body?: object;
}

/** A stand-in for Hetzner's API on this host. */
let api: Server;
let answer: (request: string, times: number) => Answer;
let requests: string[];

beforeEach(async () => {
  requests = [];
  api = createServer((request, response) => {
    const key = `${request.method} ${request.url}`;
    const authorized = request.headers.authorization === "Bearer token";
    requests.push(key);
    const { status = 200, body = {} } = authorized ? answer(key, requests.filter((one) => one === key).length) : { status: 401 };
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((done) => api.listen(0, "127.0.0.1", done));
});

afterEach(() => new Promise((done) => api.close(done)));

const WAITS = {
  HCLOUD_TOKEN: "token",
  PAUSE_SECONDS: "0.05",
  LIMIT_SECONDS: "10",
  SITE: "social",
  POOL: "web",
  STOP_SECONDS: "10",
  SERVERS: "web-1=1 web-2=2",
  DOORS: "7:443",
};

async function gate(command: string, environment: Readonly<Record<string, string>>): Promise<{ code: number; lines: string[] }> {
  const { port } = api.address() as AddressInfo;
  const child = spawn(process.execPath, [GATE, command], {
    env: {
      PATH: process.env["PATH"],
      HCLOUD_ENDPOINT: `http://127.0.0.1:${port}`,
      ...WAITS,
      ...environment,
    },
  });
  let text = "";
  child.stdout.on("data", (chunk) => (text += String(chunk)));
  child.stderr.on("data", (chunk) => (text += String(chunk)));
  const code = await new Promise<number>((done) => child.on("close", (status) => done(status ?? -1)));
  // How long it took is the machine's affair.
  const timeless = text.replaceAll(/\(\d+ s of/g, "(N s of").replaceAll(/: done after \d+ s/g, ": done after N s");
  return { code, lines: timeless.trim().split("\n") };
}

/** A load balancer that sees these servers by a label, each with a status at port 443 and at another port. */
function balancer(statuses: Readonly<Record<number, string>>): Answer {
  const targets = Object.entries(statuses).map(([id, status]) => ({
    type: "server",
    server: { id: Number(id) },
    health_status: [
      { listen_port: 443, status },
      { listen_port: 80, status: "healthy" },
    ],
  }));
  return {
    body: { load_balancer: { targets: [{ type: "label_selector", label_selector: { selector: "pool=web" }, targets }] } },
  };
}

/** The pool's servers, on two pages. */
function servers(states: Readonly<Record<number, string>>, request: string): Answer {
  const all = Object.entries(states).map(([id, status]) => ({ id: Number(id), status }));
  const second = request.includes("page=2");
  const meta = { pagination: { next_page: second ? null : 2 } };
  return { body: { servers: second ? all.slice(1) : all.slice(0, 1), meta } };
}

const running: Answer = { body: { server: { status: "running" }, servers: [] } };

test("it passes once every new server is healthy, and says each change on the way", async () => {
  answer = (request, times) => {
    if (request !== "GET /load_balancers/7") return running;
    return times === 1
      ? balancer({ 9: "healthy" })
      : balancer({ 9: "healthy", 1: "healthy", 2: times < 4 ? "unhealthy" : "healthy" });
  };
  const { code, lines } = await gate("serve", {});
  expect(code).toBe(0);
  expect(lines).toEqual([
    "web: 0 of 2 serve; web-1 is not seen by the load balancer yet, web-2 is not seen by the load balancer yet (N s of 10)",
    "web: 1 of 2 serve; web-2 is unhealthy (N s of 10)",
    "web: done after N s",
    "web: the old servers lose the traffic: done after N s",
  ]);
});

test("every load balancer that leads to the pool must see it healthy", async () => {
  answer = (request, times) => {
    if (request === "GET /load_balancers/7") return balancer({ 1: "healthy", 2: "healthy" });
    if (request === "GET /load_balancers/8") return balancer({ 1: "healthy", 2: times < 3 ? "unhealthy" : "healthy" });
    return running;
  };
  expect(await gate("serve", { DOORS: "7:443 8:443" })).toMatchObject({ code: 0 });
  expect(requests.filter((request) => request === "GET /load_balancers/8")).toHaveLength(3);
});

test("it fails at its limit and says who does not serve; on a first deploy, that nothing served before", async () => {
  answer = (request) =>
    request.includes("balancers") ? balancer({ 1: "healthy", 2: "unhealthy" }) : servers({ 1: "running", 2: "running" }, request);
  const { code, lines } = await gate("serve", { LIMIT_SECONDS: "1" });
  expect(code).toBe(1);
  expect(lines.slice(-2)).toEqual([
    "web: not done after 1 s: 1 of 2 serve; web-2 is unhealthy",
    "No earlier servers of this pool stand; the next deploy goes on from here.",
  ]);
});

test("after a failure it says that the old servers serve if some stand, and claims nothing if it cannot know", async () => {
  const said = async (others: (request: string) => Answer) => {
    answer = (request) => (request.includes("balancers") ? balancer({ 1: "unhealthy", 2: "unhealthy" }) : others(request));
    return (await gate("serve", { LIMIT_SECONDS: "0" })).lines.at(-1);
  };
  expect(await said((request) => servers({ 1: "running", 9: "running" }, request))).toBe(
    "What served before goes on serving; the next deploy goes on from here.",
  );
  expect(await said(() => ({ status: 503 }))).toBe(
    "What served before, if anything did, goes on serving; the next deploy goes on from here.",
  );
});

test("an answer that may pass is asked for again: too many requests, a fault at Hetzner", async () => {
  answer = (request, times) =>
    request.includes("label_selector")
      ? { body: { servers: [], meta: {} } }
      : times === 1
        ? { status: 429 }
        : times === 2
          ? { status: 503 }
          : balancer({ 1: "healthy", 2: "healthy" });
  const { code, lines } = await gate("serve", {});
  expect(code).toBe(0);
  expect(lines).toEqual([
    "web: Hetzner's limit of requests is reached; asking again (N s of 10)",
    "web: Hetzner answers 503; asking again (N s of 10)",
    "web: done after N s",
    "web: the old servers lose the traffic: done after N s",
  ]);
});

test.each([
  [
    "a server that is gone",
    (request: string) => (request.includes("balancers") ? balancer({}) : servers({ 1: "running" }, request)),
    "web: web-2 is gone",
  ],
  [
    "a server that is switched off",
    (request: string) => (request.includes("balancers") ? balancer({}) : servers({ 1: "running", 2: "off" }, request)),
    "web: web-2 is switched off",
  ],
  ["a load balancer that is gone", () => ({ status: 404 }), "web: load balancer 7 is gone"],
])("%s fails it long before the limit", async (_, answers, said) => {
  answer = answers;
  const { code, lines } = await gate("serve", {});
  expect({ code, said: lines.at(-2) }).toEqual({ code: 1, said });
  expect(requests.length).toBeLessThanOrEqual(10);
});

test("it asks little: a load balancer each time, the servers every sixth time", async () => {
  answer = (request) =>
    request.includes("balancers") ? balancer({ 1: "unhealthy" }) : servers({ 1: "running", 2: "running" }, request);
  await gate("serve", { LIMIT_SECONDS: "1" });
  const about = requests.filter(
    (request) => request === "GET /servers?label_selector=site%3Dsocial%2Cpool%3Dweb&per_page=50&page=1",
  );
  const looks = requests.filter((request) => request.includes("balancers"));
  // And once at the end, for what it says of the old ones.
  expect(about.length).toBe(Math.floor(looks.length / 6) + 1);
});

test("without a token, or with a wrong one, it says so", async () => {
  answer = () => running;
  expect((await gate("serve", { HCLOUD_TOKEN: "" })).lines[0]).toBe(
    "web: HCLOUD_TOKEN is not set; the gate asks Hetzner with the same token as Terraform",
  );
  expect((await gate("serve", { HCLOUD_TOKEN: "wrong" })).lines[0]).toBe("web: Hetzner refuses the token (401)");
});

/** Two old servers, web-3 and web-4, beside the new ones, of which all requests are answered until they are off and unlocked. */
function withOld(more: { readonly pool?: string; readonly stops?: boolean; readonly lockedLooks?: number } = {}) {
  const { pool = "web", stops = true, lockedLooks = 0 } = more;
  const labels = { site: "social", pool, role: "web" };
  const off = new Set<string>();
  let looks = 0;
  answer = (request) => {
    if (request.includes("balancers")) return balancer({ 1: "healthy", 2: "healthy", 3: "healthy" });
    const [, id, action] = /servers\/(\d)\/actions\/(\w+)/.exec(request) ?? [];
    if (id !== undefined && (stops || action === "poweroff")) off.add(id);
    const old = [3, 4].map((n) => {
      const status = off.has(String(n)) ? "off" : "running";
      return { id: n, labels, status, locked: status === "off" && looks <= lockedLooks };
    });
    if (request.includes("retired")) {
      looks += off.size === 2 ? 1 : 0;
      return { body: { servers: old, meta: {} } };
    }
    if (request.includes("label_selector"))
      return { body: { servers: [{ id: 1, labels }, { id: 2, labels }, ...old], meta: {} } };
    return { body: {} };
  };
}

const changes = () => requests.filter((request) => !request.startsWith("GET"));

test("once all serve, the old ones lose the traffic, then the time that they need, and then their power", async () => {
  withOld();
  expect(await gate("serve", {})).toMatchObject({ code: 0 });
  expect(changes()).toEqual([
    "PUT /servers/3",
    "PUT /servers/4",
    "POST /servers/3/actions/shutdown",
    "POST /servers/4/actions/shutdown",
  ]);
});

test("old ones that do not shut down in time lose their power", async () => {
  withOld({ stops: false });
  const { lines } = await gate("serve", { STOP_SECONDS: "1" });
  expect(changes().slice(-2)).toEqual(["POST /servers/3/actions/poweroff", "POST /servers/4/actions/poweroff"]);
  expect(lines).toContain("web: the old servers: not all shut down by themselves; their power goes off");
});

test("one question tells how far all old servers are, so that many of them do not use up the requests of an hour", async () => {
  withOld({ lockedLooks: 3 });
  await gate("serve", {});
  expect(requests.filter((request) => /^GET \/servers\/\d/.test(request))).toEqual([]);
});

test("the old servers of a renamed pool go as well", async () => {
  withOld({ pool: "front" });
  expect(await gate("serve", { POOL: "web", FORMER_POOLS: "front" })).toMatchObject({ code: 0 });
  expect(requests.map(decodeURIComponent)).toContain(
    "GET /servers?label_selector=site=social,pool in (web,front)&per_page=50&page=1",
  );
  expect(changes()).toHaveLength(4);
});

test("a server that is off is done with once Hetzner has unlocked it, since it refuses to delete it before", async () => {
  withOld({ lockedLooks: 2 });
  const { lines } = await gate("serve", {});
  expect(lines.slice(-2)).toEqual([
    "web: the old servers: shutdown: server 3 is off and locked, server 4 is off and locked (N s of 10)",
    "web: the old servers: shutdown: done after N s",
  ]);
});

const one = (status: string, locked = false): Answer => ({ body: { server: { id: 1, status, locked } } });

test("it shuts a server down once and waits until it is off", async () => {
  answer = (request, times) => one(request === "GET /servers/1" && times > 3 ? "off" : "running");
  const { code } = await gate("stop", { SERVER: "1" });
  expect(code).toBe(0);
  expect(changes()).toEqual(["POST /servers/1/actions/shutdown"]);
});

test("a shutdown that Hetzner refuses because of another action is asked for again", async () => {
  let refused = false;
  let off = false;
  answer = (request) => {
    if (!request.startsWith("POST")) return one(off ? "off" : "running");
    off = refused;
    refused = true;
    return off ? { body: {} } : { status: 423 };
  };
  expect(await gate("stop", { SERVER: "1" })).toMatchObject({ code: 0 });
  expect(changes()).toHaveLength(2);
});

test("a server that does not shut down loses its power", async () => {
  let off = false;
  answer = (request) => {
    if (request.endsWith("poweroff")) off = true;
    return one(off ? "off" : "running");
  };
  expect(await gate("stop", { SERVER: "1", LIMIT_SECONDS: "1" })).toMatchObject({ code: 0 });
  expect(changes()).toEqual(["POST /servers/1/actions/shutdown", "POST /servers/1/actions/poweroff"]);
});

test("a server that is gone or off needs nothing", async () => {
  answer = () => ({ status: 404 });
  expect(await gate("stop", { SERVER: "1" })).toMatchObject({ code: 0 });
  answer = () => one("off");
  expect(await gate("stop", { SERVER: "1" })).toMatchObject({ code: 0 });
  expect(changes()).toEqual([]);
});

// Terraform that is killed tells nobody. A gate that went on would take the traffic from servers that serve.
test("it ends soon after the Terraform that started it, whatever it waits for", async () => {
  answer = (request) =>
    request.includes("balancers") ? balancer({ 1: "unhealthy" }) : servers({ 1: "running", 2: "running" }, request);
  const { port } = api.address() as AddressInfo;
  const script = `require("node:child_process").spawn(process.execPath, [${JSON.stringify(GATE)}, "serve"], { stdio: "inherit" });`;
  const parent = spawn(process.execPath, ["-e", script], {
    env: { ...process.env, ...WAITS, HCLOUD_ENDPOINT: `http://127.0.0.1:${port}`, LIMIT_SECONDS: "60" },
  });
  let text = "";
  parent.stderr.on("data", (chunk) => (text += String(chunk)));
  const closed = new Promise((done) => parent.on("close", done));
  while (requests.length === 0) await new Promise((done) => setTimeout(done, 50));
  parent.kill("SIGKILL");
  // It closes with its last child.
  await closed;
  expect(text).toBe("web: Terraform has ended, and so does the gate\n");
}, 20_000);
