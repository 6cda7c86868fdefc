// Traces of Ruby's processes, from 4.3 on: `openTelemetry({ endpoint: "http://collector.example:4318" })`.

import { wrongUrl } from "../../core/address";
import { Secret } from "../../core/secret";
import { Setting } from "../setting";

export interface OpenTelemetryProps {
  /** Where they go, by OTLP over HTTP. */
  readonly endpoint: string;
  /**
   * Headers that are sent along, as in `api-key=…`, as a `Secret` or a sensitive variable.
   * @default - none
   */
  readonly headers?: Secret | string;
  /**
   * Which share of them is kept, from 0 to 1. All of them cost a large server more than they tell.
   * @default - 1 of OpenTelemetry
   */
  readonly share?: number;
  /**
   * What a process is called before its kind.
   * @default "mastodon" of Mastodon
   */
  readonly prefix?: string;
}

/** Refused: a share that is none. */
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
