// Translation of posts, by one of two services: `deepL({ key })` or `libreTranslate({ endpoint: "https://translate.example" })`.

import { wrongUrl } from "../../core/address";
import { Secret } from "../../core/secret";
import { Setting } from "../setting";

export interface DeepLProps {
  /** The API key, as a `Secret` or a sensitive variable. */
  readonly key: Secret | string;
  /**
   * The plan of the key; each plan has a host of its own.
   * @default "free"
   */
  readonly plan?: "free" | "pro";
}

export function deepL(props: DeepLProps): Setting {
  return {
    name: "translation",
    fill: (into) => {
      into.set("DEEPL_API_KEY", props.key);
      into.set("DEEPL_PLAN", props.plan ?? "free");
    },
  };
}

export interface LibreTranslateProps {
  /** The URL of the service, without `/translate`. */
  readonly endpoint: string;
  /**
   * The API key, as a `Secret` or a sensitive variable.
   * @default - none
   */
  readonly key?: Secret | string;
}

export function libreTranslate(props: LibreTranslateProps): Setting {
  return {
    name: "translation",
    fill: (into) => {
      into.refuse(wrongUrl("endpoint", props.endpoint, { schemes: ["https", "http"], such: "https://translate.example" }));
      into.set("LIBRE_TRANSLATE_ENDPOINT", props.endpoint);
      into.set("LIBRE_TRANSLATE_API_KEY", props.key);
    },
  };
}
