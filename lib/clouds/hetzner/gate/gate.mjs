// What Terraform cannot ask Hetzner itself, run by Node from the stack: `node gate.mjs serve` waits until load balancers find every new
// server healthy, `node gate.mjs retire` shuts down the pools that the page no longer has, `node gate.mjs stop` shuts a server down before its
// disks leave it. Settings come as environment variables.

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const { Fatal, pause, run, shutDown, until } = await import(pathToFileURL(resolve(process.env.WAITING)).href);

const ENDPOINT = process.env.HCLOUD_ENDPOINT || "https://api.hetzner.cloud/v1";

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

/** Every server of the pool, of whatever generation, and under whichever name the pool had. */
function members(label = "pool") {
  const names = [process.env.POOL, ...(process.env.FORMER_POOLS ?? "").split(" ")].filter((name) => name !== "");
  return serversBy(names.length === 1 ? `${label}=${names[0]}` : `${label} in (${names.join(",")})`);
}

/** Every server of the site with such labels. */
async function serversBy(labels) {
  const selector = encodeURIComponent(`site=${process.env.SITE},${labels}`);
  const found = [];
  for (let page = 1; page !== null; ) {
    const answer = await ask(`/servers?label_selector=${selector}&per_page=50&page=${page}`);
    found.push(...(answer?.servers ?? []));
    page = answer?.meta?.pagination?.next_page ?? null;
  }
  return found;
}

/** The new servers, each as its name and its number. */
const made = () => process.env.SERVERS.split(" ").map((pair) => pair.split("="));

/** The servers of the pool that are not the new ones. */
async function others() {
  const ids = made().map(([, id]) => id);
  return (await members()).filter(({ id }) => !ids.includes(String(id)));
}

async function serve() {
  const servers = made();
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
  await endAll(`${process.env.POOL}: the old servers`, others, () => members("retired"));
}

/** Ends the pools of a role that the page no longer has, whose place others have taken that serve. */
async function retire() {
  const { ROLE, POOLS } = process.env;
  const gone = async (label) => {
    const found = await serversBy(`role=${ROLE},${label}`);
    return found.filter(({ labels }) => !POOLS.split(" ").includes(labels[label]));
  };
  await endAll(
    `${ROLE}: the servers that the page no longer has`,
    () => gone("pool"),
    () => gone("retired"),
  );
}

/** Takes the traffic from servers, then shuts them down: Terraform would only give them half a minute. */
async function endAll(what, find, retired) {
  let old = [];
  await until(`${what} lose the traffic`, async () => {
    for (const { id, labels } of await find()) {
      // Load balancers find members by this label; Terraform no longer looks at those that it is about to remove.
      const { pool, ...rest } = labels;
      await ask(`/servers/${id}`, "PUT", { labels: { ...rest, retired: pool } });
    }
    // Also those of a gate that was cut off here.
    old = await retired();
  });
  if (old.length === 0) return;
  await pause();
  // All by one question, so that many old servers do not use up the requests of an hour.
  await shutDown(what, "server", retired, act, process.env.STOP_SECONDS);
}

const act = (id, action) => ask(`/servers/${id}/actions/${action.replace(" ", "")}`, "POST");

async function stop() {
  const { SERVER, LIMIT_SECONDS } = process.env;
  const look = async () => [(await ask(`/servers/${SERVER}`))?.server].filter((server) => server !== undefined);
  await shutDown(`server ${SERVER}`, "server", look, act, LIMIT_SECONDS);
}

await run({ serve, retire, stop }, "server", others);
