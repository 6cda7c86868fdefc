// The row `logs` of the report: after the drills no log of any machine may hold a secret of the page, or a token of the accounts that were drilled with.

import { existsSync } from "node:fs";
import { Place, secretsFile } from "../scripts/cluster";
import { Secrets, secretsInLogs, secretsOf } from "./logs";
import { Result } from "./report";
import { Site } from "./site";

/** What must stand in no log: the values of Terraform's file of secrets, and these tokens. */
export function kept(place: Place, tokens: readonly string[]): Secrets {
  const file = secretsFile(place);
  const named = tokens.map((token, n) => [`token of drill${n + 1}`, token] as const);
  return { ...(existsSync(file) ? secretsOf(file) : {}), ...Object.fromEntries(named) };
}

export async function logs(site: Site, secrets: Secrets): Promise<Result> {
  const row = { name: "logs", title: "every journal and log file of every machine is read for tokens and secrets" };
  const findings = [`${Object.keys(secrets).length} secrets and tokens were looked for`];
  try {
    const found = await secretsInLogs(site, secrets);
    const reasons = found.map(({ machine, log, line }) => `${machine}, ${log}: ${line.slice(0, 200)}`);
    return { ...row, passed: found.length === 0, reasons, findings };
  } catch (error) {
    return { ...row, passed: false, reasons: [`it broke off: ${(error as Error).message}`], findings };
  }
}
