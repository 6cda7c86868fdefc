import { spawn } from "node:child_process";
import { createServer, Server } from "node:http";
import { AddressInfo } from "node:net";
import { join } from "node:path";

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

async function gate(command: string, environment: Readonly<Record<string, string>>): Promise<{ code: number; lines: string[] }> {
  const { port } = api.address() as AddressInfo;
  const child = spawn(process.execPath, [GATE, command], {
    env: {
      PATH: process.env["PATH"],
      HCLOUD_ENDPOINT: `http://127.0.0.1:${port}`,
      HCLOUD_TOKEN: "token",
      PAUSE_SECONDS: "0.05",
      LIMIT_SECONDS: "10",
      SITE: "social",
      POOL: "web",
      STOP_SECONDS: "10",
      SERVERS: "web-1=1 web-2=2",
      DOORS: "7:443",
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

const running: Answer = { body: { server: { status: "running" } } };

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

test("it fails at its limit and says who does not serve, and that the old servers do", async () => {
  answer = (request) =>
    request.includes("balancers") ? balancer({ 1: "healthy", 2: "unhealthy" }) : servers({ 1: "running", 2: "running" }, request);
  const { code, lines } = await gate("serve", { LIMIT_SECONDS: "1" });
  expect(code).toBe(1);
  expect(lines.slice(-2)).toEqual([
    "web: not done after 1 s: 1 of 2 serve; web-2 is unhealthy",
    "What served before goes on serving; the next deploy goes on from here.",
  ]);
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
  expect(requests.length).toBeLessThanOrEqual(8);
});

test("it asks little: a load balancer each time, the servers every sixth time", async () => {
  answer = (request) =>
    request.includes("balancers") ? balancer({ 1: "unhealthy" }) : servers({ 1: "running", 2: "running" }, request);
  await gate("serve", { LIMIT_SECONDS: "1" });
  const about = requests.filter(
    (request) => request === "GET /servers?label_selector=site%3Dsocial%2Cpool%3Dweb&per_page=50&page=1",
  );
  const looks = requests.filter((request) => request.includes("balancers"));
  expect(about.length).toBe(Math.floor(looks.length / 6));
});

test("without a token, or with a wrong one, it says so", async () => {
  answer = () => running;
  expect((await gate("serve", { HCLOUD_TOKEN: "" })).lines[0]).toBe(
    "web: HCLOUD_TOKEN is not set; the gate asks Hetzner with the same token as Terraform",
  );
  expect((await gate("serve", { HCLOUD_TOKEN: "wrong" })).lines[0]).toBe("web: Hetzner refuses the token (401)");
});

test("once all serve, the old ones lose the traffic, then the time that they need, and then their power", async () => {
  const old = { id: 3, status: "running", labels: { site: "social", pool: "web", role: "web" } };
  let off = false;
  answer = (request) => {
    if (request.includes("balancers")) return balancer({ 1: "healthy", 2: "healthy", 3: "healthy" });
    if (request.includes("retired%3Dweb")) return { body: { servers: [old], meta: {} } };
    if (request.includes("label_selector")) return { body: { servers: [{ ...old, id: 1 }, { ...old, id: 2 }, old], meta: {} } };
    if (request.endsWith("shutdown")) off = true;
    return { body: { server: { status: off ? "off" : "running" } } };
  };
  expect(await gate("serve", {})).toMatchObject({ code: 0 });
  expect(requests.filter((request) => !request.startsWith("GET"))).toEqual([
    "PUT /servers/3",
    "POST /servers/3/actions/shutdown",
  ]);
});

test("it shuts a server down once and waits until it is off", async () => {
  answer = (request, times) => ({ body: { server: { status: request === "GET /servers/1" && times > 3 ? "off" : "running" } } });
  const { code } = await gate("stop", { SERVER: "1" });
  expect(code).toBe(0);
  expect(requests.filter((request) => request.startsWith("POST"))).toEqual(["POST /servers/1/actions/shutdown"]);
});

test("a server that does not shut down loses its power; one that is gone or off needs nothing", async () => {
  let off = false;
  answer = (request) => {
    if (request.endsWith("poweroff")) off = true;
    return { body: { server: { status: off ? "off" : "running" } } };
  };
  expect(await gate("stop", { SERVER: "1", LIMIT_SECONDS: "1" })).toMatchObject({ code: 0 });
  expect(requests.filter((request) => request.startsWith("POST"))).toEqual([
    "POST /servers/1/actions/shutdown",
    "POST /servers/1/actions/poweroff",
  ]);
  answer = () => ({ status: 404 });
  expect(await gate("stop", { SERVER: "1" })).toMatchObject({ code: 0 });
});
