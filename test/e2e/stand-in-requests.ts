// Requests to the stand-in's application from within one of its processes, so that what it asks of Redis can be counted:
// `requests(runner, "counts")` returns what the part of stand-in-requests.rb found.

import { readFileSync } from "node:fs";
import { join } from "node:path";

const SCRIPT = readFileSync(join(__dirname, "stand-in-requests.rb"), "utf8");

export function requests(
  runner: (script: string) => string,
  part: "counts" | "work" | "upload" | "elsewhere" | "signUp",
): unknown {
  const said = runner(`${SCRIPT}\nputs JSON.generate(Requests.${part})`);
  return JSON.parse(said.trim().split("\n").at(-1)!);
}
