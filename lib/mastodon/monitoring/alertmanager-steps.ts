// Alertmanager on a monitoring machine: `alertmanagerSteps(program, plan)`. Its settings and all that it needs for sending reach a running machine.

import { basename, join } from "node:path";
import { Fn, Token } from "cdktf";
import { lengthOf, manyLines } from "../../core/render/many-lines";
import { packedFile } from "../../core/packed-file";
import { FileStep, Program, Taken, textOf } from "../../core/program";
import { script } from "../../core/script";
import { NEVER_GIVEN_UP, RESTARTED, unit } from "../../core/unit";
import { ALERTMANAGER_PORT } from "../ports";
import { OWN_ADDRESS } from "./alertmanager";
import { forwarded } from "./forwarded";

export interface AlertmanagerPlan {
  /** Where the disk is. */
  readonly directory: string;
  /** The site's network. */
  readonly network: string;
  /** Whether the other monitoring machine reaches it. */
  readonly reached: boolean;
  readonly clusterOptions: readonly string[];
  /** alertmanager.yml. */
  readonly config: () => string;
  /** What it reads from files of their own, since the settings hold no secret. */
  readonly files: readonly FileStep[];
}

const CONFIG = "/etc/prometheus/alertmanager.yml";
const OPTIONS = "/etc/default/prometheus-alertmanager";
const RECEIVERS = "/etc/prometheus/receivers.secrets";
const UNIT = "prometheus-alertmanager.service";

export function alertmanagerSteps(program: Program, plan: AlertmanagerPlan): void {
  const { directory, network, reached, clusterOptions, config, files } = plan;
  const split = script(join(__dirname, "receivers.sh"), { RECEIVERS, DIRECTORY: "/etc/prometheus/receivers" });
  const taken: Taken = {
    what: "Alertmanager",
    does: "reload",
    check: `amtool check-config ${CONFIG} >/dev/null`,
    script: `${split}\nreload ${UNIT}\n`,
  };
  const words = [
    `--storage.path=${directory}/alertmanager`,
    `--web.listen-address=${reached ? "" : "127.0.0.1"}:${ALERTMANAGER_PORT}`,
    forwarded(ALERTMANAGER_PORT),
    ...clusterOptions,
  ];
  const start = network.replace(/\d+\.\d+\/16$/, "");
  program
    .add({ kind: "package", names: ["prometheus-alertmanager"] })
    // One file for all of them, since a delivery changes files and makes none.
    .add({ kind: "file", path: RECEIVERS, content: () => lines(files), mode: "0600", taken })
    .add(...packedFile({ kind: "file", path: CONFIG, content: config, mode: "0640", owner: "root:prometheus", taken }))
    .add({ kind: "file", path: OPTIONS, content: `ARGS="${words.join(" ")}"\n` })
    .add({
      kind: "file",
      path: `/etc/systemd/system/${UNIT}.d/10-mastodon.conf`,
      content: unit({ Unit: { ...NEVER_GIVEN_UP, RequiresMountsFor: directory }, Service: RESTARTED }),
    })
    .add({
      kind: "run",
      why: "Alertmanager",
      script: [
        // What is on a kept disk may belong to the number that another machine gave to this user.
        `install -d -m 0750 ${directory}/alertmanager\nchown -R prometheus:prometheus ${directory}/alertmanager`,
        ...(reached ? [script(join(__dirname, "advertised-address.sh"), { OPTIONS, OWN_ADDRESS, START: start })] : []),
        `(\n${split}\n)\namtool check-config ${CONFIG} >/dev/null\n`,
      ].join("\n"),
    })
    .add({ kind: "start", units: [UNIT] })
    .readyWhen(
      `curl -fsS -m 2 -o /dev/null http://127.0.0.1:${ALERTMANAGER_PORT}/-/ready 2>/dev/null || { echo "Alertmanager does not answer"; false; }`,
    );
}

/** One line for each file: its name and its content. What has several lines, as a certificate does, is no secret and is encoded. */
function lines(files: readonly FileStep[]): string {
  return files
    .map(({ path, content }) => {
      const text = textOf(content).trimEnd();
      if (!text.includes("\n") && lengthOf(text) === undefined) return `${basename(path)} ${text}\n`;
      // Of a certificate that Terraform knows, Terraform makes it.
      const encoded = Token.isUnresolved(text)
        ? manyLines(Fn.base64encode(text))
        : `${Buffer.from(`${text}\n`).toString("base64")}\n`;
      return `${basename(path)}.base64 ${encoded}`;
    })
    .join("");
}
