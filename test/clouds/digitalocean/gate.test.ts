import { spawn } from "node:child_process";
import { droplets, GATE, GateApi, health, series } from "./gate-api";

// Each test starts Node once or twice.
jest.setTimeout(60_000);

const api = new GateApi();
const SERIES = "GET /v2/monitoring/metrics/load_balancer/droplets_health_checks?lb_id=lb-7";
const LIST = "GET /v2/droplets?tag_name=social-pool-web&per_page=200&page=1";

test("it passes once every new droplet is healthy, and says each change on the way", async () => {
  api.answer = (request, times) => {
    if (request !== SERIES) return droplets({ 1001: "active", 1002: "active" });
    if (times === 1) return health({ 900: "100" });
    return health({ 900: "100", 1001: "100", 1002: times < 4 ? "0" : "100" });
  };
  const { code, lines } = await api.gate("serve");
  expect(lines).toEqual([
    "web: 0 of 2 serve; web-1 is not seen by the load balancer yet, web-2 is not seen by the load balancer yet (N s of 10)",
    "web: 1 of 2 serve; web-2 is unhealthy (N s of 10)",
    "web: done after N s",
    "web: the old droplets lose the traffic: done after N s",
  ]);
  expect(code).toBe(0);
});

test.each([
  ["an old sample", { 1001: [["100", 5]], 1002: [["100", 900]] }],
  [
    "a newer sample that says the contrary",
    {
      1001: [["100", 5]],
      1002: [
        ["100", 200],
        ["0", 80],
      ],
    },
  ],
  ["a droplet whose number begins alike", { 1001: [["100", 5]], 10020: [["100", 5]] }],
  ["part of the nodes of the load balancer", { 1001: [["100", 5]], 1002: [["50", 5]] }],
] as const)("%s does not make a droplet healthy", async (_, values) => {
  api.answer = (request) => (request === SERIES ? series(values) : droplets({ 1001: "active", 1002: "active" }));
  const { code, lines } = await api.gate("serve", { LIMIT_SECONDS: "0" });
  expect(code).toBe(1);
  expect(lines[0]).toMatch(/^web: 1 of 2 serve; web-2 is (unhealthy|not seen by the load balancer yet) /);
});

test("every load balancer that leads to the pool must see it healthy", async () => {
  api.answer = (request, times) => {
    if (request === SERIES) return health({ 1001: "100", 1002: "100" });
    if (request.endsWith("lb_id=lb-8")) return health({ 1001: "100", 1002: times < 3 ? "0" : "100" });
    return droplets({ 1001: "active", 1002: "active" });
  };
  expect(await api.gate("serve", { BALANCERS: "lb-7 lb-8" })).toMatchObject({ code: 0 });
  expect(api.requests.filter((request) => request.endsWith("lb_id=lb-8"))).toHaveLength(3);
});

test("it fails at its limit, and says whether something served before", async () => {
  api.answer = (request) => (request === SERIES ? health({ 1001: "100" }) : droplets({ 1001: "active", 1002: "active" }));
  const first = await api.gate("serve", { LIMIT_SECONDS: "0" });
  expect(first.code).toBe(1);
  expect(first.lines.slice(-2)).toEqual([
    "web: not done after 0 s: 1 of 2 serve; web-2 is not seen by the load balancer yet",
    "No earlier droplets of this pool stand; the next deploy goes on from here.",
  ]);
  api.answer = (request) => (request === SERIES ? health({}) : droplets({ 900: "active", 1001: "active", 1002: "active" }));
  expect((await api.gate("serve", { LIMIT_SECONDS: "0" })).lines.at(-1)).toBe(
    "What served before goes on serving; the next deploy goes on from here.",
  );
  expect(api.changes).toEqual([]);
});

test.each([
  [{ 1001: "active" }, "web: web-2 is gone"],
  [{ 1001: "active", 1002: "off" }, "web: web-2 is switched off"],
] as const)("a droplet that will never serve fails it long before the limit: %j", async (states, said) => {
  api.answer = (request) => (request === SERIES ? health({}) : droplets(states));
  const { code, lines } = await api.gate("serve");
  expect({ code, said: lines.at(-2) }).toEqual({ code: 1, said });
});

test("an answer that may pass is asked for again, and a token that is refused or lacks a scope is told at once", async () => {
  api.answer = (request, times) => {
    if (request !== SERIES) return droplets({ 1001: "active", 1002: "active" });
    return times === 1 ? { status: 429 } : times === 2 ? { status: 503 } : health({ 1001: "100", 1002: "100" });
  };
  expect((await api.gate("serve")).lines.slice(0, 3)).toEqual([
    "web: DigitalOcean's limit of requests is reached; asking again (N s of 10)",
    "web: DigitalOcean answers 503; asking again (N s of 10)",
    "web: done after N s",
  ]);
  api.answer = () => ({ status: 403 });
  expect((await api.gate("serve")).lines[0]).toBe(
    "web: the token lacks a scope for GET /monitoring/metrics/load_balancer/droplets_health_checks (403)",
  );
  expect((await api.gate("serve", { DIGITALOCEAN_TOKEN: "wrong" })).lines[0]).toBe("web: DigitalOcean refuses the token (401)");
  expect((await api.gate("serve", { DIGITALOCEAN_TOKEN: "" })).lines[0]).toBe(
    "web: DIGITALOCEAN_TOKEN is not set; the gate asks DigitalOcean with the same token as Terraform",
  );
});

test("a load balancer without a series is asked for again while it is there, and one that is gone is told at once", async () => {
  api.answer = (request, times) => {
    if (request === SERIES) return times < 3 ? { status: 404 } : health({ 1001: "100", 1002: "100" });
    if (request === "GET /v2/load_balancers/lb-7") return { body: { load_balancer: { id: "lb-7" } } };
    return droplets({ 1001: "active", 1002: "active" });
  };
  expect((await api.gate("serve")).lines.slice(0, 2)).toEqual([
    "web: 0 of 2 serve; web-1 is not seen by the load balancer yet, web-2 is not seen by the load balancer yet (N s of 10)",
    "web: done after N s",
  ]);
  api.answer = (request) => (/lb-7/.test(request) ? { status: 404 } : droplets({ 1001: "active", 1002: "active" }));
  expect((await api.gate("serve")).lines[0]).toBe("web: load balancer lb-7 is gone");
});

test("the old droplets lose the tag of the load balancer and nothing else, then they are shut down, and at last their power goes", async () => {
  let serving = true;
  const off = new Set<number>();
  api.answer = (request) => {
    if (request === SERIES) return health({ 900: "100", 1001: "100", 1002: "100" });
    if (request.startsWith("DELETE")) serving = false;
    if (request.includes("/actions")) off.add(900);
    if (!request.startsWith("GET")) return { status: request.startsWith("DELETE") ? 204 : 201 };
    const tags = ["social", "social-pool-web", ...(serving ? ["social-route-social-example"] : [])];
    const old = { id: 900, status: off.has(900) ? "off" : "active", locked: false, tags };
    return { body: { droplets: [{ id: 1001, status: "active", tags }, { id: 1002, status: "active", tags }, old] } };
  };
  expect(await api.gate("serve")).toMatchObject({ code: 0 });
  expect(api.changes).toEqual(["DELETE /v2/tags/social-route-social-example/resources", "POST /v2/droplets/900/actions"]);
  expect(api.bodies).toEqual([
    JSON.stringify({ resources: [{ resource_id: "900", resource_type: "droplet" }] }),
    JSON.stringify({ type: "shutdown" }),
  ]);
});

test("the pools of a role that the page no longer has lose the traffic and are shut down, and nothing else", async () => {
  const tags: Record<number, string[]> = {
    1: ["social", "social-role-web", "social-pool-web", "social-route-social-example"],
    2: ["social", "social-role-web", "social-pool-old", "social-route-social-example", "social-internal"],
    3: ["social", "social-role-web", "social-pool-other", "social-internal"],
    4: ["social", "social-role-web", "social-machines-kept"],
    5: ["social", "social-role-web", "social-pool-older"],
  };
  const off = new Set<number>();
  api.answer = (request) => {
    const [, taken] = /^DELETE \/v2\/tags\/(.+)\/resources$/.exec(request) ?? [];
    if (taken !== undefined) {
      tags[2] = tags[2]!.filter((tag) => tag !== taken);
      return { status: 204 };
    }
    const [, id] = /^POST \/v2\/droplets\/(\d)\/actions$/.exec(request) ?? [];
    if (id !== undefined) {
      off.add(Number(id));
      return { status: 201 };
    }
    const all = Object.entries(tags).map(([n, of]) => ({ id: Number(n), tags: of, locked: false }));
    return { body: { droplets: all.map((one) => ({ ...one, status: off.has(one.id) ? "off" : "active" })) } };
  };
  const { code, lines } = await api.gate("retire");
  expect(lines.at(-1)).toBe("web: the droplets that the page no longer has: shutdown: done after N s");
  expect(code).toBe(0);
  expect(new Set(api.requests.filter((request) => request.startsWith("GET")))).toEqual(
    new Set(["GET /v2/droplets?tag_name=social-role-web&per_page=200&page=1"]),
  );
  expect(api.changes).toEqual([
    "DELETE /v2/tags/social-route-social-example/resources",
    "DELETE /v2/tags/social-internal/resources",
    "POST /v2/droplets/2/actions",
    "POST /v2/droplets/5/actions",
  ]);
  const taken = JSON.stringify({ resources: [{ resource_id: "2", resource_type: "droplet" }] });
  expect(api.bodies).toEqual([taken, taken, JSON.stringify({ type: "shutdown" }), JSON.stringify({ type: "shutdown" })]);
});

test("a kept droplet is shut down before its disks leave it, or switched off if it takes too long", async () => {
  let power = "active";
  api.answer = (request) => {
    if (request.startsWith("GET")) return { body: { droplet: { id: 5, status: power, locked: false } } };
    if (api.bodies.length > 1) power = "off";
    return { status: 201 };
  };
  const { code, lines } = await api.gate("stop", { DROPLET: "5", LIMIT_SECONDS: "1" });
  expect(code).toBe(0);
  expect(api.bodies).toEqual([JSON.stringify({ type: "shutdown" }), JSON.stringify({ type: "power_off" })]);
  expect(lines).toContain("droplet 5: not all shut down by themselves; their power goes off");
  api.answer = () => ({ status: 404 });
  expect(await api.gate("stop", { DROPLET: "5" })).toMatchObject({ code: 0 });
});

test("it asks little: a load balancer each time, the droplets every sixth time", async () => {
  api.answer = (request) => (request === SERIES ? health({}) : droplets({ 1001: "active", 1002: "active" }));
  await api.gate("serve", { LIMIT_SECONDS: "1" });
  const looks = api.requests.filter((request) => request === SERIES);
  // And once at the end, for what it says of the old ones.
  expect(api.requests.filter((request) => request === LIST).length).toBe(Math.floor(looks.length / 6) + 1);
});

// Terraform that is killed tells nobody. A gate that went on would take the traffic from droplets that serve.
test("it ends soon after the Terraform that started it, whatever it waits for", async () => {
  api.answer = (request) => (request === SERIES ? health({}) : droplets({ 1001: "active", 1002: "active" }));
  const script = `require("node:child_process").spawn(process.execPath, [${JSON.stringify(GATE)}, "serve"], { stdio: "inherit" });`;
  const parent = spawn(process.execPath, ["-e", script], { env: api.environment({ LIMIT_SECONDS: "60" }) });
  let text = "";
  parent.stderr.on("data", (chunk) => (text += String(chunk)));
  const closed = new Promise((done) => parent.on("close", done));
  while (api.requests.length === 0) await new Promise((done) => setTimeout(done, 50));
  parent.kill("SIGKILL");
  // It closes with its last child.
  await closed;
  expect(text).toBe("web: Terraform has ended, and so does the gate\n");
});
