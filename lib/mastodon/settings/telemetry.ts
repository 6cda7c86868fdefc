// OpenTelemetry traces of Ruby processes, from 4.3 on: `openTelemetry({ endpoint: "http://collector.example:4318" })`.

import { wrongUrl } from "../../core/address";
import { Secret } from "../../core/secret";
import { Setting } from "../setting";

export interface OpenTelemetryProps {
  /** The URL of the collector, for OTLP over HTTP. */
  readonly endpoint: string;
  /**
   * Headers of each request, as in `api-key=…`, as a `Secret` or a sensitive variable.
   * @default - none
   */
  readonly headers?: Secret | string;
  /**
   * The share of traces that is sent, from 0 to 1. On a large server, sending all of them costs more than it is worth.
   * @default - 1 of OpenTelemetry
   */
  readonly share?: number;
  /**
   * The prefix of service names, before the kind of process.
   * @default "mastodon" of Mastodon
   */
  readonly prefix?: string;
}

/** Synth fails for a share that is not from 0 to 1. */
export function openTelemetry(props: OpenTelemetryProps): Setting {
  return {
    name: "openTelemetry",
    fill: (into) => {
      if (props.share !== undefined && !(props.share >= 0 && props.share <= 1)) {
        into.refuse({ wrong: `share is ${props.share}`, remedy: "use a number from 0 to 1" });
      }
      into.refuse(wrongUrl("endpoint", props.endpoint, { schemes: ["http", "https"], such: "http://collector.example:4318" }));
      into.set("OTEL_EXPORTER_OTLP_ENDPOINT", props.endpoint);
      into.set("OTEL_EXPORTER_OTLP_HEADERS", props.headers);
      into.set("OTEL_TRACES_SAMPLER", props.share === undefined ? undefined : "parentbased_traceidratio");
      into.set("OTEL_TRACES_SAMPLER_ARG", props.share);
      into.set("OTEL_SERVICE_NAME_PREFIX", props.prefix);
    },
  };
}
