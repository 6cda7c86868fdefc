// Rules on what a change of the page changes: a host depends on its own boot text, and not on other hosts of its tier.

import type { MakeCloud } from ".";
import { LINE, probe, Variation } from "./page";
import { resolved, Resources, resources, unhashed } from "./plan";

/** Each member's boot text is in the plan, as a local value and nowhere else, and a resource holds it by way of that. */
export function boundToPage(make: MakeCloud): readonly string[] {
  const { plan } = probe(make());
  const clear = [...resources(plan)].filter(([, config]) => JSON.stringify(config).includes(LINE));
  const holds = [...resources(plan)].some(([, config]) => resolved(plan, config).includes(LINE));
  return [
    ...clear.map(([address]) => `a boot text stands in a resource as it is, where a plan shows it: ${address}`),
    ...(holds ? [] : ["no resource holds the boot text: pool Web"]),
  ];
}

/** If a machine, member or tier is added, or the page is reordered, no other host changes. */
export function keepsSiblings(make: MakeCloud): readonly string[] {
  const changes: readonly (readonly [string, Variation])[] = [
    ["one more kept machine", { machines: 3 }],
    ["one more member of a pool", { members: 3 }],
    ["one more tier of a role", { more: true }],
    ["another order of the page", { reversed: true }],
  ];
  const before = hosts(make, {});
  return changes.flatMap(([what, variation]) => {
    const after = hosts(make, variation);
    return [...before]
      .filter(([address, host]) => after.get(address) !== undefined && after.get(address) !== host)
      .map(([address]) => `${what} changes a host: ${address}`);
  });
}

/** A change of a pool's program changes its members, and no kept machine. */
export function keepsWhatIsKept(make: MakeCloud): readonly string[] {
  const before = hosts(make, {});
  const after = hosts(make, { line: `${LINE}, changed` });
  const changed = [...before].filter(([address, host]) => after.get(address) !== host);
  return [
    ...changed
      .filter(([address]) => !/_Web_/.test(address))
      .map(([address]) => `another program of a pool changes a host: ${address}`),
    ...(changed.length > 0 ? [] : ["another program changes no host: pool Web"]),
  ];
}

/** The resources that hold a boot text, with all that they hold by way of local values. */
function hosts(make: MakeCloud, variation: Variation): ReadonlyMap<string, string> {
  const { plan } = probe(make(), variation);
  const all: Resources = resources(plan);
  const made = [...all].filter(([, config]) => unhashed(plan, config).includes("#cloud-config"));
  return new Map(made.map(([address, config]) => [address, resolved(plan, config)]));
}
