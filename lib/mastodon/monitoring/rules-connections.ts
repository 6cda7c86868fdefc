// Alerts about the connections of a PostgreSQL against `maxConnections` of the page, of its own and of an external one, or against the server's own limit if
// a pooler that the page does not run has some of them: `connectionsOf(postgres)`.

import { alert, AlertRule, instances } from "./rule";
import { WatchedPostgres } from "./watched";

type Limited = Omit<WatchedPostgres, "maxConnections"> & { readonly maxConnections: number | undefined };

export function connectionsOf({ tier, machines, maxConnections }: Limited): readonly AlertRule[] {
  const ratio = `site:mastodon_postgres_connections:ratio{${instances(machines)}}`;
  const limit = maxConnections === undefined ? "all connections" : `maxConnections (${maxConnections} on the page)`;
  const used = `{{ $value | humanizePercentage }} of ${limit} at {{ $labels.instance }} are used.`;
  return [
    alert({
      name: "PostgresConnections",
      expr: `${ratio} > 0.95`,
      for: "30s",
      severity: "critical",
      labels: { tier },
      summary: "Pages and jobs fail soon: PostgreSQL takes hardly any more connections",
      description: `${used} \`pg_stat_activity\` says who holds them.`,
    }),
    alert({
      name: "PostgresConnections",
      expr: `${ratio} > 0.85`,
      for: "2m",
      severity: "warning",
      labels: { tier },
      summary: "PostgreSQL takes few more connections",
      description: `${used} \`npx cdktf-mastodon connections\` prints what the page expects.`,
    }),
  ];
}
