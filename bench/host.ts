// When and where something was measured: `describeHost(new Date())`.

import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";

/** One sentence, the same for the same machine on the same day. */
export function describeHost(now: Date): string {
  const [first] = cpus();
  const gib = Math.round(totalmem() / 2 ** 30);
  const said = execFileSync(process.env["TERRAFORM_BINARY_NAME"] ?? "terraform", ["version"], {
    encoding: "utf8",
    stdio: "pipe",
  });
  const terraform = /v([\d.]+)/.exec(said)?.[1] ?? "unknown";
  return `On ${now.toISOString().slice(0, 10)}: ${cpus().length} cores of ${first?.model.trim() ?? "unknown"}, ${gib} GiB, Linux ${release()}, Node ${process.versions.node}, Terraform ${terraform}.`;
}
