// The overview page: reads site.json, Prometheus and Alertmanager every 15 s, and shows what sections.js makes of the answers.

import { sections, troubles } from "./sections.js";
import { seconds } from "./words.js";

const EVERY = 15_000;
const PATIENCE = 10_000;
/** Samples that are older say nothing of now; Prometheus takes one every 15 s. */
const OLD_SECONDS = 90;

const byId = (id) => document.getElementById(id);
/** When Prometheus answered last, and how old its newest sample was then. */
let last;

async function read(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(PATIENCE), cache: "no-store" });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

/** The samples of an expression as `{ labels, value }`; `undefined` if there is no answer to it. */
async function ask(expression) {
  try {
    const { data } = await read(`prometheus/api/v1/query?query=${encodeURIComponent(expression)}`);
    const { resultType, result } = data;
    if (resultType === "scalar") return [{ labels: {}, value: Number(result[1]) }];
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  } catch {
    return undefined;
  }
}

async function refresh() {
  let facts;
  try {
    facts = await read("site.json");
  } catch {
    return away("The monitoring machine does not answer");
  }
  byId("host").textContent = facts.host;
  const names = Object.keys(facts.queries);
  const [answers, alerts] = await Promise.all([
    Promise.all(names.map((name) => ask(facts.queries[name]))),
    read("alertmanager/api/v2/alerts?inhibited=false").catch(() => undefined),
  ]);
  const of = Object.fromEntries(names.map((name, n) => [name, answers[n]]));
  if (of.age === undefined) return away("Prometheus does not answer");
  const age = of.age[0]?.value;
  if (age === undefined) return away("Prometheus has no sample of the last five minutes");
  last = { at: Date.now(), age };
  const site = { facts, of, alerts };
  show(sections(site));
  if (age > OLD_SECONDS) return away("Prometheus takes no samples");
  const { state, words } = troubles(site);
  head(state, words);
}

/** The state is not known; what was shown last stays, marked as old. */
function away(words) {
  head("unknown", words);
  tick();
}

function head(state, words) {
  byId("head").dataset.state = state;
  byId("help").hidden = state !== "unknown";
  byId("main").classList.toggle("old", state === "unknown");
  if (byId("verdict").textContent !== words) byId("verdict").textContent = words;
  const mark = { ok: "✓", warning: "!", critical: "‼", unknown: "?" }[state];
  document.title = `${mark} ${words} – ${byId("host").textContent}`;
}

/** Replaces only sections that differ, so that a selection and the focus stay where nothing changes. */
function show(fresh) {
  const main = byId("main");
  const before = [...main.children];
  if (before.map(({ id }) => id).join() !== fresh.map(({ id }) => id).join()) main.replaceChildren(...fresh);
  else before.forEach((section, n) => keepOpen(section, fresh[n]).isEqualNode(section) || section.replaceWith(fresh[n]));
  tick();
}

function keepOpen(before, fresh) {
  for (const { id } of before.querySelectorAll("details[open]"))
    fresh.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  return fresh;
}

function tick() {
  byId("age").textContent =
    last === undefined ? "" : `Newest sample ${seconds(Math.round(last.age + (Date.now() - last.at) / 1000))} ago`;
}

async function run() {
  await refresh().catch((error) => away(`This page has failed (${error.message})`));
  setTimeout(run, EVERY);
}

setInterval(tick, 1000);
// A phone that was locked shows what is now, and not in 15 s.
document.addEventListener("visibilitychange", () => document.hidden || refresh().catch(() => undefined));
void run();
