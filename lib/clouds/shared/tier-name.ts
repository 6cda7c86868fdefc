// The name of a kept machine's tier, whose machines differ by their number only: `tierName({ name: "database-1", number: 1 })` is `database`.

import { MachineSpec } from "../../core/cloud";

export function tierName({ name, number }: Pick<MachineSpec, "name" | "number">): string {
  const end = `-${number}`;
  return name.endsWith(end) ? name.slice(0, -end.length) : name;
}
