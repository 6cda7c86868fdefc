// What Terraform cannot ask Hetzner itself, run by Node from the stack: `node gate.mjs serve` waits until load balancers find every new
// server healthy, `node gate.mjs stop` shuts a server down before its disks leave it. Settings come as environment variables.

import { setTimeout as pause } from "node:timers/promises";

const ENDPOINT = process.env.HCLOUD_ENDPOINT || "https://api.hetzner.cloud/v1";
const PAUSE_SECONDS = Number(process.env.PAUSE_SECONDS || 5);

class Fatal extends Error {}
class Late extends Fatal {}

async function ask(path, method = "GET", body = undefined) {
  const token = process.env.HCLOUD_TOKEN;
  if (!token) throw new Fatal("HCLOUD_TOKEN is not set; the gate asks Hetzner with the same token as Terraform");
  const response = await fetch(ENDPOINT + path, {
    method,
    headers: { Authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  if (response.status === 401 || response.status === 403) throw new Fatal(`Hetzner refuses the token (${response.status})`);
  if (response.status === 404) return undefined;
  const { status } = response;
  if (!response.ok) throw new Error(status === 429 ? "Hetzner's limit of requests is reached" : `Hetzner answers ${status}`);
  return response.json();
}

/** Asks again until `look` returns nothing, which is success, and prints every change of its answer. */
async function until(what, look, limitSeconds = process.env.LIMIT_SECONDS) {
  const limit = Number(limitSeconds);
  const begin = Date.now();
  let said;
  for (;;) {
    let missing;
    try {
      missing = await look();
    } catch (error) {
      if (error instanceof Fatal) throw error;
      missing = `${error.message}; asking again`;
    }
    const seconds = Math.round((Date.now() - begin) / 1000);
    if (missing === undefined) {
      console.log(`${what}: done after ${seconds} s`);
      return;
    }
    if (missing !== said) console.log(`${what}: ${missing} (${seconds} s of ${limit})`);
    said = missing;
    if (seconds >= limit) throw new Late(`not done after ${limit} s: ${missing}`);
    await pause(PAUSE_SECONDS * 1000);
  }
}

/** How the servers stand with one load balancer, as `id: status`. */
async function health(balancer, port) {
  const answer = await ask(`/load_balancers/${balancer}`);
  if (answer === undefined) throw new Fatal(`load balancer ${balancer} is gone`);
  const targets = answer.load_balancer.targets.flatMap((target) => [target, ...(target.targets ?? [])]);
  const found = targets.filter((target) => target.server);
  return new Map(
    found.map((target) => {
      const check = (target.health_status ?? []).find((status) => status.listen_port === port);
      return [String(target.server.id), check?.status ?? "unknown"];
    }),
  );
}

/** Every server of the pool, of whatever generation. */
async function members(label = "pool") {
  const selector = encodeURIComponent(`site=${process.env.SITE},${label}=${process.env.POOL}`);
  const found = [];
  for (let page = 1; page !== null; ) {
    const answer = await ask(`/servers?label_selector=${selector}&per_page=50&page=${page}`);
    found.push(...(answer?.servers ?? []));
    page = answer?.meta?.pagination?.next_page ?? null;
  }
  return found;
}

async function serve() {
  const servers = process.env.SERVERS.split(" ").map((pair) => pair.split("="));
  const doors = process.env.DOORS.split(" ").map((pair) => pair.split(":"));
  let looks = 0;
  await until(process.env.POOL, async () => {
    const waiting = new Map();
    for (const [balancer, port] of doors) {
      const found = await health(balancer, Number(port));
      for (const [name, id] of servers) {
        const status = found.get(id) ?? "not seen by the load balancer yet";
        if (status !== "healthy") waiting.set(name, status);
      }
    }
    if (waiting.size === 0) return undefined;
    // Now and then only: Hetzner answers one request a second for the whole project in the long run.
    if (++looks % 6 === 0) {
      const state = new Map((await members()).map((server) => [String(server.id), server.status]));
      for (const [name, id] of servers) {
        if (!state.has(id)) throw new Fatal(`${name} is gone`);
        if (state.get(id) === "off") throw new Fatal(`${name} is switched off`);
      }
    }
    const serving = servers.length - waiting.size;
    return `${serving} of ${servers.length} serve; ${[...waiting].map(([name, status]) => `${name} is ${status}`).join(", ")}`;
  });
  await retire(servers.map(([, id]) => id));
}

/** Takes the traffic from the servers that the pool no longer has, then shuts them down: Terraform would only give them half a minute. */
async function retire(ids) {
  let old = [];
  await until(`${process.env.POOL}: the old servers lose the traffic`, async () => {
    for (const { id, labels } of await members()) {
      if (ids.includes(String(id))) continue;
      // Load balancers find members by this label; Terraform no longer looks at those that it is about to remove.
      const { pool, ...others } = labels;
      await ask(`/servers/${id}`, "PUT", { labels: { ...others, retired: pool } });
    }
    // Also those of a gate that was cut off here.
    old = await members("retired");
  });
  if (old.length === 0) return;
  await pause(PAUSE_SECONDS * 1000);
  await Promise.all(old.map(({ id }) => shutDown(id, process.env.STOP_SECONDS)));
}

/** Shuts a server down, or off if it takes too long. */
async function shutDown(id, limit) {
  const off = (action) => {
    let asked = false;
    return async () => {
      const server = (await ask(`/servers/${id}`))?.server;
      if (server === undefined || server.status === "off") return undefined;
      if (!asked) {
        await ask(`/servers/${id}/actions/${action}`, "POST");
        asked = true;
      }
      return `it is ${server.status}`;
    };
  };
  try {
    await until(`server ${id} shuts down`, off("shutdown"), limit);
  } catch (error) {
    if (!(error instanceof Late)) throw error;
    console.log(`server ${id} does not shut down by itself; its power goes off`);
    await until(`server ${id} is powered off`, off("poweroff"), limit);
  }
}

const stop = () => shutDown(process.env.SERVER, process.env.LIMIT_SECONDS);

const command = { serve, stop }[process.argv[2]];
if (command === undefined) throw new Error("usage: node gate.mjs serve|stop");
try {
  await command();
} catch (error) {
  console.error(`${process.env.POOL ?? "gate"}: ${error.message}`);
  if (command === serve) console.error("What served before goes on serving; the next deploy goes on from here.");
  process.exitCode = 1;
}
