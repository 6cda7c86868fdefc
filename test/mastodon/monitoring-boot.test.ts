// What the boot script of a monitoring machine makes of its kept disk and of its addresses, in a real shell.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Machine, Monitoring } from "../../lib";
import { FileStep, textOf } from "../../lib/core/program";
import { emptySite } from "./monitoring-site";

const page = (machines: 1 | 2) => new Monitoring(emptySite(), "Monitoring", { machines });

/** The boot script's part of that name on a machine with these addresses: the calls of `install` and `chown`, and what is left in the file of options. */
function booted(machine: Machine, why: string, addresses: readonly string[]) {
  const room = mkdtempSync(join(tmpdir(), "monitoring-"));
  try {
    const options = "/etc/default/prometheus-alertmanager";
    writeFileSync(
      join(room, "options"),
      textOf(machine.program.steps.find((step): step is FileStep => step.kind === "file" && step.path === options)!.content),
    );
    const shown = addresses.map((address, n) => `${n + 2}: eth${n}    inet ${address}/16 brd 0.0.0.0 scope global eth${n}`);
    const said = (name: string) => `${name}() { echo "${name} $*"; }`;
    const stubs = ["install", "chown", "promtool", "amtool"].map(said);
    const step = machine.program.steps.find((one) => one.kind === "run" && one.why === why);
    const text = step?.kind === "run" ? textOf(step.script) : "";
    const script = [
      "set -euo pipefail",
      ...stubs,
      `ip() { printf '%s\\n' ${shown.map((line) => `'${line}'`).join(" ")}; }`,
      text.replaceAll(options, join(room, "options")).replace(/^\(\n[^]*?^\)$/m, ""),
    ].join("\n");
    const calls = execFileSync("bash", ["-c", script], { encoding: "utf8" }).split("\n").slice(0, -1);
    return { calls, options: readFileSync(join(room, "options"), "utf8") };
  } finally {
    rmSync(room, { recursive: true });
  }
}

test("a machine tells its peer the address in the site's network, also where the default interface has another private one", () => {
  const { machines } = page(2);
  const at = (...addresses: readonly string[]) => booted(machines[0]!, "Alertmanager", addresses).options;
  expect(at("203.0.113.7", "10.17.0.5", "10.20.99.1")).toContain(" --cluster.advertise-address=10.20.99.1:9094 ");
  expect(at("10.20.99.1", "10.20.99.2")).toContain(" --cluster.advertise-address=10.20.99.1:9094 ");
});

test("what a kept disk has is the user's again, whatever number it has on a new machine", () => {
  const { machines } = page(1);
  const [machine] = machines;
  expect(booted(machine!, "Prometheus", ["10.20.99.1"]).calls).toEqual([
    "install -d -m 0750 /var/lib/monitoring/prometheus",
    "chown -R prometheus:prometheus /var/lib/monitoring/prometheus",
  ]);
  expect(booted(machine!, "Alertmanager", ["10.20.99.1"])).toEqual({
    calls: [
      "install -d -m 0750 /var/lib/monitoring/alertmanager",
      "chown -R prometheus:prometheus /var/lib/monitoring/alertmanager",
    ],
    options:
      'ARGS="--storage.path=/var/lib/monitoring/alertmanager --web.listen-address=127.0.0.1:9093 --web.external-url=http://localhost:9093 --cluster.listen-address="\n',
  });
});
