import { Answer, balancer, GateApi } from "./gate-api";

// Each test starts Node once or twice.
jest.setTimeout(20_000);

const api = new GateApi();

/** Two old servers, web-3 and web-4, beside the new ones, of which all requests are answered until they are off and unlocked. */
function withOld(more: { readonly pool?: string; readonly stops?: boolean; readonly lockedLooks?: number } = {}) {
  const { pool = "web", stops = true, lockedLooks = 0 } = more;
  const labels = { site: "social", pool, role: "web" };
  const off = new Set<string>();
  let looks = 0;
  api.answer = (request) => {
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

test("once all serve, the old ones lose the traffic, then the time that they need, and then their power", async () => {
  withOld();
  expect(await api.gate("serve", {})).toMatchObject({ code: 0 });
  expect(api.changes).toEqual([
    "PUT /servers/3",
    "PUT /servers/4",
    "POST /servers/3/actions/shutdown",
    "POST /servers/4/actions/shutdown",
  ]);
});

test("old ones that do not shut down in time lose their power", async () => {
  withOld({ stops: false });
  const { lines } = await api.gate("serve", { STOP_SECONDS: "1" });
  expect(api.changes.slice(-2)).toEqual(["POST /servers/3/actions/poweroff", "POST /servers/4/actions/poweroff"]);
  expect(lines).toContain("web: the old servers: not all shut down by themselves; their power goes off");
});

test("one question tells how far all old servers are, so that many of them do not use up the requests of an hour", async () => {
  withOld({ lockedLooks: 3 });
  await api.gate("serve", {});
  expect(api.requests.filter((request) => /^GET \/servers\/\d/.test(request))).toEqual([]);
});

test("the old servers of a renamed pool go as well", async () => {
  withOld({ pool: "front" });
  expect(await api.gate("serve", { POOL: "web", FORMER_POOLS: "front" })).toMatchObject({ code: 0 });
  expect(api.requests.map(decodeURIComponent)).toContain(
    "GET /servers?label_selector=site=social,pool in (web,front)&per_page=50&page=1",
  );
  expect(api.changes).toHaveLength(4);
});

test("a server that is off is done with once Hetzner has unlocked it, since it refuses to delete it before", async () => {
  withOld({ lockedLooks: 2 });
  const { lines } = await api.gate("serve", {});
  expect(lines.slice(-2)).toEqual([
    "web: the old servers: shutdown: server 3 is off and locked, server 4 is off and locked (N s of 10)",
    "web: the old servers: shutdown: done after N s",
  ]);
});

const one = (status: string, locked = false): Answer => ({ body: { server: { id: 1, status, locked } } });

test("it shuts a server down once and waits until it is off", async () => {
  api.answer = (request, times) => one(request === "GET /servers/1" && times > 3 ? "off" : "running");
  const { code } = await api.gate("stop", { SERVER: "1" });
  expect(code).toBe(0);
  expect(api.changes).toEqual(["POST /servers/1/actions/shutdown"]);
});

test("a shutdown that Hetzner refuses because of another action is asked for again", async () => {
  let refused = false;
  let off = false;
  api.answer = (request) => {
    if (!request.startsWith("POST")) return one(off ? "off" : "running");
    off = refused;
    refused = true;
    return off ? { body: {} } : { status: 423 };
  };
  expect(await api.gate("stop", { SERVER: "1" })).toMatchObject({ code: 0 });
  expect(api.changes).toHaveLength(2);
});

test("a server that does not shut down loses its power", async () => {
  let off = false;
  api.answer = (request) => {
    if (request.endsWith("poweroff")) off = true;
    return one(off ? "off" : "running");
  };
  expect(await api.gate("stop", { SERVER: "1", LIMIT_SECONDS: "1" })).toMatchObject({ code: 0 });
  expect(api.changes).toEqual(["POST /servers/1/actions/shutdown", "POST /servers/1/actions/poweroff"]);
});

test("a server that is gone or off needs nothing", async () => {
  api.answer = () => ({ status: 404 });
  expect(await api.gate("stop", { SERVER: "1" })).toMatchObject({ code: 0 });
  api.answer = () => one("off");
  expect(await api.gate("stop", { SERVER: "1" })).toMatchObject({ code: 0 });
  expect(api.changes).toEqual([]);
});
