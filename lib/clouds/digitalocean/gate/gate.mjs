// What Terraform cannot ask DigitalOcean itself, run by Node from the stack: `node gate.mjs serve` waits until load balancers find every new
// droplet healthy, `node gate.mjs retire` shuts down the pools that the page no longer has, `node gate.mjs stop` shuts a droplet down before its
// disks leave it. Settings come as environment variables.

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const { Fatal, pause, run, shutDown, until } = await import(pathToFileURL(resolve(process.env.WAITING)).href);

const ENDPOINT = `${(process.env.DIGITALOCEAN_API_URL || "https://api.digitalocean.com").replace(/\/+$/, "")}/v2`;
/** DigitalOcean adds to the series every two minutes; what is older than twice that says nothing of now. */
const SAMPLE_SECONDS = Number(process.env.SAMPLE_SECONDS || 300);
/** Droplets of a page of a list. */
const A_PAGE = 200;

async function ask(path, method = "GET", body = undefined) {
  const token = process.env.DIGITALOCEAN_TOKEN || process.env.DIGITALOCEAN_ACCESS_TOKEN;
  if (!token) throw new Fatal("DIGITALOCEAN_TOKEN is not set; the gate asks DigitalOcean with the same token as Terraform");
  const response = await fetch(ENDPOINT + path, {
    method,
    headers: { Authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  const { status } = response;
  if (status === 401) throw new Fatal("DigitalOcean refuses the token (401)");
  if (status === 403) throw new Fatal(`the token lacks a scope for ${method} ${path.split("?")[0]} (403)`);
  if (status === 404) return undefined;
  if (!response.ok)
    throw new Error(status === 429 ? "DigitalOcean's limit of requests is reached" : `DigitalOcean answers ${status}`);
  return status === 204 ? {} : response.json();
}

/** Whether a series is of that droplet: DigitalOcean documents no label for it, and is known to write `server="node-ID"`. */
function isOf(metric, id) {
  const number = new RegExp(`(^|\\D)${id}(\\D|$)`);
  return Object.entries(metric).some(([label, value]) => label !== "lb_id" && number.test(String(value)));
}

/** What one load balancer last said of each droplet that it checks, as id: health in percent; without those of which it has said nothing lately. */
async function health(balancer, droplets) {
  const now = Math.floor(Date.now() / 1000);
  const window = new URLSearchParams({ lb_id: balancer, start: String(now - SAMPLE_SECONDS), end: String(now) });
  const answer = await ask(`/monitoring/metrics/load_balancer/droplets_health_checks?${window}`);
  // Of one that is new there may be no series yet, which need not mean that it is gone.
  if (answer === undefined && (await ask(`/load_balancers/${balancer}`)) === undefined)
    throw new Fatal(`load balancer ${balancer} is gone`);
  const series = answer?.data?.result ?? [];
  return new Map(
    droplets.flatMap(([, id]) => {
      // A number is never given twice, so a sample with it is of this droplet and of no earlier one. Each node of a load balancer may have its own.
      const last = series
        .filter(({ metric }) => isOf(metric ?? {}, id))
        .flatMap(({ values }) => (values ?? []).filter(([at]) => Number(at) >= now - SAMPLE_SECONDS).slice(-1));
      return last.length === 0 ? [] : [[id, Math.min(...last.map(([, value]) => Number(value)))]];
    }),
  );
}

/** The droplets of a tag, of whatever generation. */
async function tagged(tag) {
  const found = [];
  for (let page = 1; ; page++) {
    const answer = await ask(`/droplets?tag_name=${encodeURIComponent(tag)}&per_page=${A_PAGE}&page=${page}`);
    const droplets = answer?.droplets ?? [];
    found.push(...droplets);
    if (droplets.length < A_PAGE) return found;
  }
}

/** The new droplets, each as its name and its number. */
const made = () => process.env.DROPLETS.split(" ").map((pair) => pair.split("="));

/** The droplets of the pool that are not the new ones. */
async function others() {
  const ids = made().map(([, id]) => id);
  return (await tagged(process.env.POOL_TAG)).filter(({ id }) => !ids.includes(String(id)));
}

async function serve() {
  const droplets = made();
  const balancers = process.env.BALANCERS.split(" ");
  let looks = 0;
  await until(process.env.POOL, async () => {
    const waiting = new Map();
    for (const balancer of balancers) {
      const found = await health(balancer, droplets);
      for (const [name, id] of droplets) {
        const value = found.get(id);
        // In percent by all that is known; 1 would be the whole of another scale.
        if (value !== 100 && value !== 1)
          waiting.set(name, value === undefined ? "not seen by the load balancer yet" : "unhealthy");
      }
    }
    if (waiting.size === 0) return undefined;
    // Now and then only: DigitalOcean answers 5000 requests an hour.
    if (++looks % 6 === 0) {
      const state = new Map((await tagged(process.env.POOL_TAG)).map((droplet) => [String(droplet.id), droplet.status]));
      for (const [name, id] of droplets) {
        if (!state.has(id)) throw new Fatal(`${name} is gone`);
        if (state.get(id) === "off") throw new Fatal(`${name} is switched off`);
      }
    }
    const serving = droplets.length - waiting.size;
    return `${serving} of ${droplets.length} serve; ${[...waiting].map(([name, status]) => `${name} is ${status}`).join(", ")}`;
  });
  const serving = process.env.SERVING_TAGS.split(" ");
  await endAll(`${process.env.POOL}: the old droplets`, others, (tag) => serving.includes(tag));
}

/** Ends the pools of a role that are no longer on the page. The pools that are there serve. */
async function retire() {
  const { ROLE, ROLE_TAG, POOL_TAGS, SITE_TAG } = process.env;
  const here = POOL_TAGS.split(" ");
  // Kept machines of the role have no tag of a pool.
  const isGone = (tag) => tag.startsWith(`${SITE_TAG}-pool-`) && !here.includes(tag);
  const gone = async () => (await tagged(ROLE_TAG)).filter(({ tags }) => tags.some(isGone));
  const serves = (tag) => tag.startsWith(`${SITE_TAG}-route-`) || tag === `${SITE_TAG}-internal`;
  await endAll(`${ROLE}: the droplets that the page no longer has`, gone, serves);
}

/** Takes the traffic from droplets, then shuts them down: Terraform would only switch them off. */
async function endAll(what, find, serves) {
  let old = [];
  await until(`${what} lose the traffic`, async () => {
    old = await find();
    // Load balancers find members by these tags; Terraform no longer looks at those that it is about to remove.
    const taken = new Set(old.flatMap(({ tags }) => tags.filter(serves)));
    if (taken.size === 0) return;
    for (const tag of taken) {
      const serving = old.filter(({ tags }) => tags.includes(tag));
      await ask(`/tags/${encodeURIComponent(tag)}/resources`, "DELETE", {
        resources: serving.map(({ id }) => ({ resource_id: String(id), resource_type: "droplet" })),
      });
    }
    old = await find();
  });
  if (old.length === 0) return;
  await pause();
  // All by one question, so that many old droplets do not use up the requests of an hour.
  await shutDown(what, "droplet", find, act, process.env.STOP_SECONDS);
}

const act = (id, action) => ask(`/droplets/${id}/actions`, "POST", { type: action.replace(" ", "_") });

async function stop() {
  const { DROPLET, LIMIT_SECONDS } = process.env;
  const look = async () => [(await ask(`/droplets/${DROPLET}`))?.droplet].filter((droplet) => droplet !== undefined);
  await shutDown(`droplet ${DROPLET}`, "droplet", look, act, LIMIT_SECONDS);
}

await run({ serve, retire, stop }, "droplet", others);
