// The default language of the web interface: `languages({ standard: "de" })`.

import { Setting } from "../setting";

export interface LanguageProps {
  /** The language for users who have not chosen one and whose browser requests no available one; up to 4.3 the browser is ignored. */
  readonly standard: string;
  /**
   * Whether the browser's language is ignored. From 4.4 on; before, it always is.
   * @default false
   */
  readonly always?: boolean;
}

export function languages(props: LanguageProps): Setting {
  return {
    name: "languages",
    fill: (into) => {
      into.set("DEFAULT_LOCALE", props.standard);
      into.set("FORCE_DEFAULT_LOCALE", props.always && !into.isBefore("4.4") ? true : undefined);
    },
  };
}
