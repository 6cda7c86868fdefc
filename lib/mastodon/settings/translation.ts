// Posts are translated for readers, by one of two services: `deepL({ key })` or `libreTranslate({ endpoint: "https://translate.example" })`.

import { wrongUrl } from "../../core/address";
import { Secret } from "../../core/secret";
import { Setting } from "../setting";

export interface DeepLProps {
  /** The key, as a `Secret` or a sensitive variable. */
  readonly key: Secret | string;
  /**
   * Which plan the key is of; each has a host of its own.
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
  /** Its address, without `/translate`. */
  readonly endpoint: string;
  /**
   * Its key, as a `Secret` or a sensitive variable.
   * @default - it asks for none
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
