// A program on each monitoring machine that tells the cloud how much of pools is used, as Prometheus there knows it: `tellsPoolsUsed(machine)`. The cloud
// runs it, and does with the numbers what it has to.

import { join } from "node:path";
import { Host } from "../../core/host";
import { script } from "../../core/script";
import { PROMETHEUS_WEB_PORT } from "../ports";
import { USED_PERCENT } from "./rules-used";

const PROGRAM = "/usr/local/sbin/pools-used";

export function tellsPoolsUsed(machine: Host): void {
  const content = script(join(__dirname, "pools-used.sh"), { QUERY: USED_PERCENT, PORT: PROMETHEUS_WEB_PORT });
  machine.program.add({ kind: "package", names: ["curl", "jq"] }).add({ kind: "file", path: PROGRAM, content, mode: "0755" });
  machine.measuresPools(PROGRAM);
}
