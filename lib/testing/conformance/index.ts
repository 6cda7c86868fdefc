// Checks that a cloud follows the rules of the contract: `conformance(() => hetzner({ location: "fsn1" }), { excused: { … } })` must be empty.
// Each rule is a function in the table below, which makes pages on the cloud and returns what it found.

import { Cloud } from "../../core/cloud";
import { boundToPage, keepsSiblings, keepsWhatIsKept } from "./change";
import { ConformanceOptions, withoutExcused } from "./excused";
import { makesEach } from "./made";
import { opensNothing } from "./open";
import { tellsNoSecret } from "./secret";
import { deliversSettings } from "./settings";
import { neverRead } from "./unread";

export type { ConformanceOptions };

/** Makes a new cloud for each page, since a cloud may have state. */
export type MakeCloud = () => Cloud;

/** The rules, by what a page may rely on. */
export const RULES: Readonly<Record<string, (make: MakeCloud) => readonly string[]>> = {
  "a back-end may refuse a spec, and never overlooks a field of one": neverRead,
  "whatever the page has is made": makesEach,
  "the boot text reaches the host, and nothing else of a plan holds it in clear": boundToPage,
  "one more machine, member or tier leaves the others alone, and so does the order of the page": keepsSiblings,
  "a changed boot text replaces members of pools and leaves kept machines alone": keepsWhatIsKept,
  "a changed setting of a kept machine is delivered, or the output names the machine": deliversSettings,
  "no plan tells a secret": tellsNoSecret,
  "the world reaches what has a route, and nothing else": opensNothing,
};

/** Everything that breaks a rule, as `what: where`; nothing is made. */
export function conformance(make: MakeCloud, options: ConformanceOptions = {}): readonly string[] {
  return withoutExcused(
    Object.values(RULES).flatMap((rule) => rule(make)),
    options,
  );
}
