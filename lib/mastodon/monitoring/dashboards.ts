// Grafana's dashboards of a site, made of its page: `dashboards(overviewFacts(inventory)).web`. docs/dashboards.md says how Grafana reads them.

import { databaseRows } from "./dashboards-database";
import { machineRows } from "./dashboards-machines";
import { dashboard, DashboardProps, expressionsOf } from "./dashboards-panel";
import { redisRows } from "./dashboards-redis";
import { sidekiqRows } from "./dashboards-sidekiq";
import { siteRows } from "./dashboards-site";
import { streamingRows } from "./dashboards-streaming";
import { webRows } from "./dashboards-web";
import { OverviewFacts, runs } from "./overview/facts";

/** The dashboards by name; one of a service that the page does not have is left out. */
export function dashboards(facts: OverviewFacts): Readonly<Record<string, object>> {
  return Object.fromEntries(all(facts).map((props) => [props.name, dashboard(facts, props)]));
}

/** Every expression of the dashboards and of the overview page, as Prometheus reads it. */
export function expressions(facts: OverviewFacts): readonly string[] {
  return [...new Set([...Object.values(facts.queries), ...all(facts).flatMap(({ rows }) => expressionsOf(rows))])];
}

function all(facts: OverviewFacts): readonly DashboardProps[] {
  const has = (what: string, props: DashboardProps) => (runs(facts, what) ? [props] : []);
  return [
    { name: "site", title: "Site", why: "What people notice, and which tier is the reason.", rows: siteRows(facts) },
    ...has("web", {
      name: "web",
      title: "Web",
      why: "Requests from nginx to Puma, and what waits for it.",
      instances: 'up{job="node",role="web"}',
      rows: webRows(),
    }),
    ...has("streaming", {
      name: "streaming",
      title: "Streaming",
      why: "The four metrics of Mastodon's guide to scaling, of the site and of each process.",
      instances: 'up{job="streaming"}',
      rows: streamingRows(),
    }),
    ...has("sidekiq", {
      name: "sidekiq",
      title: "Sidekiq",
      why: "Each queue with its limit, failed jobs, and the processes.",
      rows: sidekiqRows(facts),
    }),
    ...(runs(facts, "postgres") || runs(facts, "pgbouncer")
      ? [
          {
            name: "database",
            title: "PostgreSQL and PgBouncer",
            why: "Load and standbys of PostgreSQL, and the clients that wait for it.",
            instances: 'up{job=~"postgres|pgbouncer"}',
            rows: databaseRows(facts),
          },
        ]
      : []),
    ...has("redis", {
      name: "redis",
      title: "Redis",
      why: "Memory, load and replicas by use, and the sentinels.",
      instances: 'up{job="redis"}',
      rows: redisRows(facts),
    }),
    {
      name: "machines",
      title: "Machines",
      why: "Processors, memory, disks and network of each machine.",
      instances: 'up{job="node"}',
      rows: machineRows(),
    },
  ];
}
