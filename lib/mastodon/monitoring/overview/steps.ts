// The overview page on a monitoring machine: `overview(program, { addresses, names, facts })`.

import { packedFile } from "../../../core/packed-file";
import { Program } from "../../../core/program";
import { ALERTMANAGER_PORT, OVERVIEW_PORT, PROMETHEUS_WEB_PORT } from "../../ports";
import { OverviewFacts } from "./facts";
import { overviewFiles } from "./files";
import { overviewNginx } from "./nginx";

export interface OverviewPlan {
  /** Where it listens. */
  readonly listen: string;
  /** Names by which the machine is addressed besides `localhost`. */
  readonly names: readonly string[];
  readonly facts: () => OverviewFacts;
}

const DIRECTORY = "/usr/local/share/overview";

export function overview(program: Program, { listen, names, facts }: OverviewPlan): void {
  program
    .add({ kind: "package", names: ["nginx-light"] })
    .add(...overviewFiles(DIRECTORY, facts).flatMap(packedFile))
    .add(
      ...packedFile({
        kind: "file",
        path: "/etc/nginx/conf.d/overview.conf",
        content: overviewNginx({
          listen: `${listen}:${OVERVIEW_PORT}`,
          directory: DIRECTORY,
          names,
          prometheus: `127.0.0.1:${PROMETHEUS_WEB_PORT}`,
          alertmanager: `127.0.0.1:${ALERTMANAGER_PORT}`,
        }),
      }),
    )
    .add({ kind: "run", why: "everybody on the machine may read the page", script: `chmod -R a+rX ${DIRECTORY}\n` });
}
