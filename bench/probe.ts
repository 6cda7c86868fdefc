// Runs a page in this process and writes what it took to the file REPORT: `node --import tsx bench/probe.ts examples/local/main.ts`.
// With VERSION_KNOWN cdktf does not ask for Terraform's version, which it else does for each of its own terraform_data.

import { writeFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { App } from "cdktf";
import { ValidateBinaryVersion } from "cdktf/lib/validations/validate-binary-version";

export interface Probed {
  /** From the first line of the page to its last, imports included. */
  readonly pageMs: number;
  /** `app.synth()` alone. */
  readonly synthMs: number;
  /** Of the whole process, without those that it started. */
  readonly cpuMs: number;
  readonly maxRssMib: number;
}

if (process.env["VERSION_KNOWN"] !== undefined) ValidateBinaryVersion.prototype.validate = () => [];

let synthMs = 0;
const { synth } = App.prototype;
App.prototype.synth = function (this: App): void {
  const from = performance.now();
  synth.call(this);
  synthMs += performance.now() - from;
};

const from = performance.now();
require(process.argv[2]!);
const pageMs = performance.now() - from;

const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
const probed: Probed = { pageMs, synthMs, cpuMs: (userCPUTime + systemCPUTime) / 1000, maxRssMib: maxRSS / 1024 };
writeFileSync(process.env["REPORT"]!, JSON.stringify(probed));
