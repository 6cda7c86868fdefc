// Rule: a changed setting of a kept machine is delivered, or an output names the machine.

import type { MakeCloud } from ".";
import { probe, Variation } from "./page";
import { resolved, resources } from "./plan";

/** Finds the resource that delivers settings by its content. A changed setting must not change any other resource. */
export function deliversSettings(make: MakeCloud): readonly string[] {
  const { delivers = false } = make().can;
  const [before, after] = [of(make, { setting: "one" }), of(make, { setting: "two" })];
  const changed = [...after.texts].filter(([address]) => before.heeded.get(address) !== after.heeded.get(address));
  const delivered = changed.filter(([, text]) => !text.includes("#cloud-config")).map(([address]) => address);
  const older = before.older !== after.older;
  if (!delivers) {
    return [
      ...delivered.map((address) => `a setting is delivered by a cloud that says that it delivers none: ${address}`),
      ...(older ? [] : ["a changed setting is neither delivered nor tells that machines are older than the page: Kept1"]),
    ];
  }
  const missing = ["Kept1", "Kept2"].filter((machine) => !delivered.some((address) => address.includes(`_${machine}_`)));
  return [
    ...missing.map((machine) => `a changed setting is not delivered: ${machine}`),
    ...(older ? ["a setting that is delivered makes machines older than the page: Kept1"] : []),
    ...changed
      .filter(([address]) => !/_Kept[12]_/.test(address))
      .map(([address]) => `a changed setting of a kept machine changes another resource: ${address}`),
  ];
}

function of(make: MakeCloud, variation: Variation) {
  const { plan, site } = probe(make(), variation);
  const texts = new Map([...resources(plan)].map(([address, config]) => [address, resolved(plan, config)]));
  const heeded = new Map([...resources(plan)].map(([address, config]) => [address, resolved(plan, withoutIgnored(config))]));
  const output = plan.output?.[`${site.name}_machines_older_than_the_page`];
  return { texts, heeded, older: output && resolved(plan, output.value) };
}

/** The resource without arguments whose changes Terraform ignores, such as a record of what a machine was made with. */
function withoutIgnored(config: unknown): unknown {
  const { lifecycle } = config as { readonly lifecycle?: { readonly ignore_changes?: unknown } };
  const ignored: unknown = lifecycle?.ignore_changes;
  if (!Array.isArray(ignored)) return config;
  return Object.fromEntries(Object.entries(config as object).filter(([name]) => !ignored.includes(name)));
}
