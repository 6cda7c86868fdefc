// Which language the web interface speaks to whoever has not chosen one: `languages({ standard: "de" })`.

import { Setting } from "../setting";

export interface LanguageProps {
  /** The language of whoever has not chosen one and whose browser asks for none that there is; up to 4.3 the browser is not asked. */
  readonly standard: string;
  /**
   * Whether the browser is not asked. From 4.4 on; before, it never is.
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
