import { spawn } from "node:child_process";
import { Answer, balancer, GATE, GateApi, running, servers } from "./gate-api";

// Each test starts Node once or twice.
jest.setTimeout(20_000);

const api = new GateApi();

test("it passes once every new server is healthy, and says each change on the way", async () => {
  api.answer = (request, times) => {
    if (request !== "GET /load_balancers/7") return running;
    return times === 1
      ? balancer({ 9: "healthy" })
      : balancer({ 9: "healthy", 1: "healthy", 2: times < 4 ? "unhealthy" : "healthy" });
  };
  const { code, lines } = await api.gate("serve", {});
  expect(code).toBe(0);
  expect(lines).toEqual([
    "web: 0 of 2 serve; web-1 is not seen by the load balancer yet, web-2 is not seen by the load balancer yet (N s of 10)",
    "web: 1 of 2 serve; web-2 is unhealthy (N s of 10)",
    "web: done after N s",
    "web: the old servers lose the traffic: done after N s",
  ]);
});

test("every load balancer that leads to the pool must see it healthy", async () => {
  api.answer = (request, times) => {
    if (request === "GET /load_balancers/7") return balancer({ 1: "healthy", 2: "healthy" });
    if (request === "GET /load_balancers/8") return balancer({ 1: "healthy", 2: times < 3 ? "unhealthy" : "healthy" });
    return running;
  };
  expect(await api.gate("serve", { DOORS: "7:443 8:443" })).toMatchObject({ code: 0 });
  expect(api.requests.filter((request) => request === "GET /load_balancers/8")).toHaveLength(3);
});

test("it fails at its limit and says who does not serve; on a first deploy, that nothing served before", async () => {
  api.answer = (request) =>
    request.includes("balancers") ? balancer({ 1: "healthy", 2: "unhealthy" }) : servers({ 1: "running", 2: "running" }, request);
  const { code, lines } = await api.gate("serve", { LIMIT_SECONDS: "1" });
  expect(code).toBe(1);
  expect(lines.slice(-2)).toEqual([
    "web: not done after 1 s: 1 of 2 serve; web-2 is unhealthy",
    "No earlier servers of this pool stand; the next deploy goes on from here.",
  ]);
});

test("after a failure it says that the old servers serve if some stand, and claims nothing if it cannot know", async () => {
  const said = async (others: (request: string) => Answer) => {
    api.answer = (request) => (request.includes("balancers") ? balancer({ 1: "unhealthy", 2: "unhealthy" }) : others(request));
    return (await api.gate("serve", { LIMIT_SECONDS: "0" })).lines.at(-1);
  };
  expect(await said((request) => servers({ 1: "running", 9: "running" }, request))).toBe(
    "What served before goes on serving; the next deploy goes on from here.",
  );
  expect(await said(() => ({ status: 503 }))).toBe(
    "What served before, if anything did, goes on serving; the next deploy goes on from here.",
  );
});

test("an answer that may pass is asked for again: too many requests, a fault at Hetzner", async () => {
  api.answer = (request, times) =>
    request.includes("label_selector")
      ? { body: { servers: [], meta: {} } }
      : times === 1
        ? { status: 429 }
        : times === 2
          ? { status: 503 }
          : balancer({ 1: "healthy", 2: "healthy" });
  const { code, lines } = await api.gate("serve", {});
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
  api.answer = answers;
  const { code, lines } = await api.gate("serve", {});
  expect({ code, said: lines.at(-2) }).toEqual({ code: 1, said });
  expect(api.requests.length).toBeLessThanOrEqual(10);
});

test("it asks little: a load balancer each time, the servers every sixth time", async () => {
  api.answer = (request) =>
    request.includes("balancers") ? balancer({ 1: "unhealthy" }) : servers({ 1: "running", 2: "running" }, request);
  await api.gate("serve", { LIMIT_SECONDS: "1" });
  const about = api.requests.filter(
    (request) => request === "GET /servers?label_selector=site%3Dsocial%2Cpool%3Dweb&per_page=50&page=1",
  );
  const looks = api.requests.filter((request) => request.includes("balancers"));
  // And once at the end, for what it says of the old ones.
  expect(about.length).toBe(Math.floor(looks.length / 6) + 1);
});

test("without a token, or with a wrong one, it says so", async () => {
  api.answer = () => running;
  expect((await api.gate("serve", { HCLOUD_TOKEN: "" })).lines[0]).toBe(
    "web: HCLOUD_TOKEN is not set; the gate asks Hetzner with the same token as Terraform",
  );
  expect((await api.gate("serve", { HCLOUD_TOKEN: "wrong" })).lines[0]).toBe("web: Hetzner refuses the token (401)");
});

// Terraform that is killed tells nobody. A gate that went on would take the traffic from servers that serve.
test("pools of a role that the page no longer has lose the traffic, then are shut down; those of the page are not touched", async () => {
  const states: Record<number, { labels: Record<string, string>; status: string }> = {
    1: { labels: { role: "web", pool: "front" }, status: "running" },
    8: { labels: { role: "web", pool: "web" }, status: "running" },
    9: { labels: { role: "web", retired: "front" }, status: "running" },
  };
  api.answer = (request) => {
    const [, label] = /^GET \/servers\?label_selector=site%3Dsocial%2Crole%3Dweb%2C(\w+)&/.exec(request) ?? [];
    const [, id] = /\/servers\/(\d)/.exec(request) ?? [];
    if (request === "PUT /servers/8") states[8]!.labels = { role: "web", retired: "web" };
    if (request.endsWith("/actions/shutdown")) states[Number(id)]!.status = "off";
    const found = Object.entries(states).map(([one, state]) => ({ id: Number(one), locked: false, ...state }));
    return {
      body: {
        servers: found.filter(({ labels }) => label !== undefined && label in labels),
        meta: { pagination: { next_page: null } },
      },
    };
  };
  const { code, lines } = await api.gate("retire", { ROLE: "web", POOLS: "front" });
  expect(lines).toEqual([
    "web: the servers that the page no longer has lose the traffic: done after N s",
    expect.stringMatching(/^web: the servers that the page no longer has: shutdown: server 8 is running \(N s of 10\)$/),
    "web: the servers that the page no longer has: shutdown: done after N s",
  ]);
  expect(code).toBe(0);
  expect(api.changes).toEqual(["PUT /servers/8", "POST /servers/8/actions/shutdown"]);
});

test("it ends soon after the Terraform that started it, whatever it waits for", async () => {
  api.answer = (request) =>
    request.includes("balancers") ? balancer({ 1: "unhealthy" }) : servers({ 1: "running", 2: "running" }, request);
  const script = `require("node:child_process").spawn(process.execPath, [${JSON.stringify(GATE)}, "serve"], { stdio: "inherit" });`;
  const parent = spawn(process.execPath, ["-e", script], {
    env: api.environment({ LIMIT_SECONDS: "60" }),
  });
  let text = "";
  parent.stderr.on("data", (chunk) => (text += String(chunk)));
  const closed = new Promise((done) => parent.on("close", done));
  while (api.requests.length === 0) await new Promise((done) => setTimeout(done, 50));
  parent.kill("SIGKILL");
  // It closes with its last child.
  await closed;
  expect(text).toBe("web: Terraform has ended, and so does the gate\n");
}, 20_000);
