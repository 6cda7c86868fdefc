// Which kept machines have an older boot text than the page, as a metric: `bootTexts(machine, () => site.hosts)`. Terraform knows it, and each deploy that
// changes it tells the machines of Monitoring.

import { Lazy } from "cdktf";
import { Host } from "../../core/host";
import { Machine } from "../../core/machine";
import { TEXTFILES } from "./node-exporter";

export const BOOT_TEXT_OLDER = "mastodon_boot_text_older";

/** Only for a cloud that delivers settings. */
export function bootTexts(machine: Machine, hosts: () => readonly Host[]): void {
  machine.program.add({
    kind: "file",
    path: `${TEXTFILES}/boot-texts.prom`,
    atBoot: "# Each deploy brings it.\n",
    content: () => text(machine, hosts()),
    taken: { what: "the age of boot texts", does: "nothing" },
  });
}

// The first line differs after the renewal of the machine that reads it, which has lost the file: so it is delivered again.
function text(machine: Machine, hosts: readonly Host[]): string {
  const { resource } = machine.described;
  const kept = hosts.filter((host) => host instanceof Machine).map(({ described }) => described);
  return [
    ...(resource === undefined ? [] : [`# For ${expression(`${resource}.id`)}`]),
    ...kept.flatMap(({ name, onChange, older }) => {
      if (onChange !== "keep" || older === undefined) return [];
      // In the plan it is Terraform's expression for it.
      const is = String(older).replace(/^\$\{(.*)\}$/, "$1");
      return `${BOOT_TEXT_OLDER}{machine="${name}"} ${expression(`${is} ? 1 : 0`)}`;
    }),
    "",
  ].join("\n");
}

function expression(terraform: string): string {
  return Lazy.stringValue({ produce: () => `\${${terraform}}` });
}
