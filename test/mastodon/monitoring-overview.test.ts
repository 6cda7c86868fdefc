// The overview page: what it knows of a site, what it asks Prometheus, and what nginx lets through. How it looks is in test/e2e/overview.test.ts.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Monitoring, PgBouncer, Postgres, Redis, SidekiqGroup } from "../../lib";
import { Inventory } from "../../lib/core/inventory";
import { textOf } from "../../lib/core/program";
import { overviewBundle } from "../../scripts/overview-bundle";
import { OverviewFacts, overviewFacts, runs } from "../../lib/mastodon/monitoring/overview/facts";
import { overviewFiles } from "../../lib/mastodon/monitoring/overview/files";
import { OVERVIEW_FILES, overviewNginx } from "../../lib/mastodon/monitoring/overview/nginx";
import { overviewQueries } from "../../lib/mastodon/monitoring/overview/queries";
import { emptySite, monitoringSite } from "./monitoring-site";

const FOLDER = join(__dirname, "../../lib/mastodon/monitoring/overview");
const source = (name: string) => readFileSync(join(FOLDER, name), "utf8");

const { queries, ...known } = overviewFacts(monitoringSite().inventory.whole);

test("the page knows names and numbers, in the order of a request", () => {
  expect(known).toEqual({
    site: "social",
    host: "social.example",
    tiers: [
      { name: "web", role: "web", runs: ["web"], size: 2 },
      { name: "streaming", role: "streaming", runs: ["streaming"], size: 1 },
      { name: "federated", role: "sidekiq", runs: ["sidekiq"], size: 1 },
      { name: "others", role: "sidekiq", runs: ["sidekiq"], size: 3 },
      { name: "scheduler", role: "sidekiq", runs: ["sidekiq"], size: 1 },
      { name: "pool", role: "pgbouncer", runs: ["pgbouncer"], machines: ["pool-1"] },
      { name: "database", role: "postgres", runs: ["postgres"], machines: ["database-1", "database-2"] },
      { name: "redis", role: "redis", runs: ["etcd", "redis", "sentinel"], machines: ["redis-1", "redis-2", "redis-3"] },
    ],
    redis: ["cache", "main", "sidekiq"],
    queues: ["default", "push", "ingress", "mailers", "fasp", "pull", "scheduler"],
    queueSeconds: { default: 15, push: 60, ingress: 60, mailers: 300, fasp: 600, pull: 600, scheduler: 600 },
    certificateDays: 14,
    objectives: { pages: 99.5, posts: 99.5, streaming: 99.5 },
    serverConnections: { pool: 40 },
  });
  expect([runs({ ...known, queries }, "sentinel"), runs({ ...known, queries }, "own")]).toEqual([true, false]);
});

test("limits are those of the page's alerts: at synth, and for commands in the inventory that was deployed", () => {
  const site = monitoringSite();
  const alerts = { queueSeconds: { default: 5, pull: 1800 }, objectives: { pages: 99.9 }, certificateDays: 30 };
  const { machines } = new Monitoring(site, "Monitoring", { alerts });
  const expected = {
    queueSeconds: { ...known.queueSeconds, default: 5, pull: 1800 },
    objectives: { pages: 99.9, posts: 99.5, streaming: 99.5 },
    certificateDays: 30,
  };
  const { queueSeconds, objectives, certificateDays } = overviewFacts(
    JSON.parse(JSON.stringify(site.inventory.whole)) as Inventory,
  );
  expect({ queueSeconds, objectives, certificateDays }).toEqual(expected);
  const step = machines[0]!.program.steps.find((one) => one.kind === "file" && one.path.endsWith("/site.json"));
  expect(JSON.parse(step?.kind === "file" ? textOf(step.content) : "")).toMatchObject({
    queueSeconds: expected.queueSeconds,
    certificateDays: 30,
  });
});

test("nothing that Terraform computes, and nothing of its own syntax, reaches the browser", () => {
  const { whole } = monitoringSite().inventory;
  expect(JSON.stringify(whole)).toContain("${");
  expect(JSON.stringify(overviewFacts(whole))).not.toMatch(/\$\{|%\{|TfToken/);
  expect(overviewFacts({ ...whole, host: "${computed.host}" }).host).toBe("?");
});

test("poolers on the machines of their clients are known by the pool of these", () => {
  const made = emptySite();
  const database = new PgBouncer(made, "Pool", {
    on: "each",
    database: new Postgres(made, "Database", {}),
    serverConnections: 7,
  });
  new SidekiqGroup(made, "Jobs", { queues: ["push"], database, redis: new Redis(made, "Redis", {}) });
  expect(overviewFacts(made.inventory.whole).serverConnections).toEqual({ jobs: 7 });
});

test("a page of few tiers asks for no section of the others", () => {
  const few = emptySite();
  new Redis(few, "Redis", {});
  const { tiers, queues, redis, serverConnections } = overviewFacts(few.inventory.whole);
  expect({ tiers, queues, redis, serverConnections }).toEqual({
    tiers: [{ name: "redis", role: "redis", runs: ["redis"], machines: ["redis-1"] }],
    queues: [],
    redis: ["main"],
    serverConnections: {},
  });
});

test("each query is shown, and each answer that is shown was asked for", () => {
  const text = source("sections.js") + source("overview.js");
  const used = new Set([...text.matchAll(/\bof\.(\w+)/g)].map(([, name]) => name));
  expect([...used].sort()).toEqual(Object.keys(overviewQueries()).sort());
});

test("what metrics hold becomes text, never markup", () => {
  const scripts = readdirSync(FOLDER).filter((name) => name.endsWith(".js"));
  expect(scripts).toEqual(["overview.js", "sections.js", "words.js"]);
  for (const name of scripts) {
    expect({ name, found: /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|Function\(/.exec(source(name)) }).toEqual({
      name,
      found: null,
    });
  }
  // The policy that nginx sends forbids both.
  expect(source("index.html")).not.toMatch(/<style|style=|<script>|\son\w+=|javascript:/);
});

test("the files beside the page, of which a change is delivered", () => {
  const facts: OverviewFacts = { ...known, queries: { up: "up" } };
  const files = overviewFiles("/usr/local/share/overview", () => facts);
  expect(files.map(({ path }) => path)).toEqual([
    "/usr/local/share/overview/index.html",
    "/usr/local/share/overview/overview.css",
    "/usr/local/share/overview/overview.js",
    "/usr/local/share/overview/site.json",
  ]);
  const contents = files.map(({ content }) => (typeof content === "string" ? content : content()));
  const bundle = overviewBundle();
  expect(contents.slice(0, -1)).toEqual(OVERVIEW_FILES.slice(0, -1).map((name) => bundle[name] ?? source(name)));
  const { objectives, ...shown } = facts;
  expect(objectives.pages).toBe(99.5);
  expect(JSON.parse(contents.at(-1)!)).toEqual(shown);
  expect(files.map(({ taken }) => taken)).toEqual(Array(4).fill({ what: "the overview page", does: "nothing" }));
});

test("nginx serves the page and what reads, and nothing else", () => {
  expect(
    overviewNginx({
      listen: "10.20.5.10:9080",
      prometheus: "127.0.0.1:9090",
      alertmanager: "127.0.0.1:9093",
      directory: "/srv/overview",
      names: ["monitoring-1", "10.20.5.10"],
    }),
  ).toBe(
    `server {
  listen 10.20.5.10:9080 default_server;
  default_type text/plain;
  return 421 "Open this page by the name of its machine, or by localhost.\\n";
}

server {
  listen 10.20.5.10:9080;
  server_name localhost 127.0.0.1 [::1] monitoring-1 10.20.5.10;
  root /srv/overview;
  index index.html;
  access_log off;
  gzip on;
  gzip_types application/javascript application/json text/css text/javascript;
  client_max_body_size 1k;
  add_header Content-Security-Policy "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" always;
  add_header Cross-Origin-Resource-Policy same-origin always;
  add_header Referrer-Policy no-referrer always;
  add_header X-Content-Type-Options nosniff always;
  add_header Cache-Control no-cache always;

  if ($request_method !~ ^(GET|HEAD)$) {
    return 405;
  }
  location = / {
  }
  location ~ ^/(index\\.html|overview\\.css|overview\\.js|site\\.json)$ {
  }
  location ~ ^/prometheus/(api/v1/(?:query|query_range|labels|label/[A-Za-z_][A-Za-z0-9_]*/values|series|metadata|status/buildinfo))$ {
    proxy_pass http://127.0.0.1:9090/$1$is_args$args;
    proxy_pass_request_body off;
    proxy_set_header Content-Length "";
    proxy_hide_header Access-Control-Allow-Origin;
    proxy_connect_timeout 2s;
    proxy_read_timeout 30s;
  }
  location ~ ^/alertmanager/(api/v2/alerts)$ {
    proxy_pass http://127.0.0.1:9093/$1$is_args$args;
    proxy_pass_request_body off;
    proxy_set_header Content-Length "";
    proxy_hide_header Access-Control-Allow-Origin;
    proxy_connect_timeout 2s;
    proxy_read_timeout 30s;
  }
  location / {
    return 404;
  }
}
`,
  );
});
