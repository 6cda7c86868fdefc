// Prometheus metrics of Ruby processes, from 4.4 on: `prometheus({ collector: { host: "collector.example" } })`. Streaming always has them, on its
// port.

import { wrongHost } from "../../core/address";
import { Setting } from "../setting";
import { PROMETHEUS_PORT } from "../ports";

export interface PrometheusProps {
  /**
   * A `prometheus_exporter` that web and Sidekiq send metrics to, and that Prometheus scrapes. The page opens no firewall for it.
   * @default - each Sidekiq process serves metrics itself, on `port` of its machine; web has none, since Puma's processes cannot serve them
   */
  readonly collector?: { readonly host: string; readonly port?: number };
  /**
   * The port on which Sidekiq serves metrics without a collector. Open it for the scraper: `group.pool.open(role, port, "metrics")`.
   * @default 9394
   */
  readonly port?: number;
  /**
   * Whether metrics are also split by controller, action and job, which makes many time series.
   * @default false
   */
  readonly detailed?: boolean;
}

export function prometheus(props: PrometheusProps = {}): Setting {
  const { collector } = props;
  return {
    name: "prometheus",
    fill: (into) => {
      const who = collector === undefined ? ["sidekiq"] : ["web", "sidekiq"];
      into.set("MASTODON_PROMETHEUS_EXPORTER_ENABLED", true, who);
      if (collector === undefined) {
        into.set("MASTODON_PROMETHEUS_EXPORTER_LOCAL", true, who);
        into.set("MASTODON_PROMETHEUS_EXPORTER_HOST", "0.0.0.0", who);
        into.set("MASTODON_PROMETHEUS_EXPORTER_PORT", props.port ?? PROMETHEUS_PORT, who);
      } else {
        into.refuse(wrongHost("collector.host", collector.host));
        into.set("PROMETHEUS_EXPORTER_HOST", collector.host);
        into.set("PROMETHEUS_EXPORTER_PORT", collector.port ?? PROMETHEUS_PORT);
        into.set("MASTODON_PROMETHEUS_EXPORTER_WEB_DETAILED_METRICS", props.detailed ? true : undefined);
      }
      into.set("MASTODON_PROMETHEUS_EXPORTER_SIDEKIQ_DETAILED_METRICS", props.detailed ? true : undefined);
    },
  };
}
