// A source of metrics on a host: an exporter, or a service that serves its metrics itself.

import { Step } from "../../core/program";

export interface Exporter {
  /** Its name at the exporter proxy and in `__param_module`; unique on a host, such as `redis-main`, `streaming-4000`. */
  readonly module: string;
  /** Prometheus' `job`. */
  readonly job: string;
  /** Further labels of its target. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Where it serves metrics on the host's loopback. */
  readonly port: number;
  /** @default "/metrics" */
  readonly path?: string;
  /** Steps that install it; none if the service serves metrics itself. */
  readonly steps: readonly Step[];
}
