// What must stand in no log: the secrets of the page, and the tokens of the accounts that were drilled with.

import { existsSync, readFileSync } from "node:fs";
import { Place, secretsFile } from "../scripts/cluster";
import { secretsInLogs } from "./logs";
import { Result } from "./report";
import { Site } from "./site";

// A shorter one is in every text by chance.
const SHORTEST = 8;

/** The values of Terraform's file of secrets, at whatever depth. */
export function secretsOf(place: Place): readonly string[] {
  const file = secretsFile(place);
  return existsSync(file) ? texts(JSON.parse(readFileSync(file, "utf8"))).filter(({ length }) => length >= SHORTEST) : [];
}

function texts(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(texts) : [];
}

/** A row like a drill's: the logs of all machines after what was done to them. */
export async function logs(site: Site, secrets: readonly string[]): Promise<Result> {
  const row = { name: "logs", title: "every journal and log file of every machine is read for tokens and secrets" };
  const count = `${secrets.length} secrets and tokens were looked for`;
  try {
    const found = await secretsInLogs(site, secrets);
    return { ...row, passed: found.length === 0, reasons: found, findings: [count] };
  } catch (error) {
    return { ...row, passed: false, reasons: [`it broke off: ${(error as Error).message}`], findings: [count] };
  }
}
