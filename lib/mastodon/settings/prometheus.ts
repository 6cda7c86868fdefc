// What Ruby's processes tell Prometheus, from 4.4 on: `prometheus({ collector: { host: "collector.example" } })`. Streaming always does, on its port.

import { wrongHost } from "../../core/address";
import { Setting } from "../setting";
import { PROMETHEUS_PORT } from "../ports";

export interface PrometheusProps {
  /**
   * A `prometheus_exporter` that web and Sidekiq tell, and that Prometheus asks. The page opens no way to it.
   * @default - each Sidekiq process answers itself, on `port` of its machine, and web tells nothing: Puma's processes cannot answer
   */
  readonly collector?: { readonly host: string; readonly port?: number };
  /**
   * Where Sidekiq answers without a collector. Who asks has to be let in: `group.pool.open(role, port, "metrics")`.
   * @default 9394
   */
  readonly port?: number;
  /**
   * Whether it counts by controller, action and job, too, which are many series.
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
