// `cdktf-mastodon init`: what a project needs beside its page. What is there already is kept; `.gitignore` gets the lines that it lacks.

import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";

export const SECRETS = "secrets.tfvars.json";

const FILES: Readonly<Record<string, string>> = {
  // The types are checked first: the page runs without, and then ignores a property whose name is misspelt.
  "cdktf.json": `${JSON.stringify({ language: "typescript", app: "npx tsc && npx tsx main.ts", sendCrashReports: "false" }, null, 2)}\n`,
  "tsconfig.json": `${JSON.stringify(
    {
      compilerOptions: { module: "node16", target: "ES2022", strict: true, skipLibCheck: true, noEmit: true },
      include: ["main.ts"],
    },
    null,
    2,
  )}\n`,
};

/** What holds secrets, or is made anew. */
const IGNORED = ["node_modules/", "cdktf.out/", "cdktf.log", "*.tfvars.json", "terraform.*.tfstate*"];

/** Writes the files into the current directory, with secrets made by `makeSecrets`; returns the exit status. */
export function init(makeSecrets: (file: string) => number): number {
  const old = existsSync("cdktf.json");
  for (const [name, text] of Object.entries(FILES)) {
    if (existsSync(name)) console.log(`kept ${name}`);
    else {
      writeFileSync(name, text, { flag: "wx" });
      console.log(`wrote ${name}`);
    }
  }
  console.log(ignore());
  if (existsSync(SECRETS)) console.log(`kept ${SECRETS}`);
  else if (old) {
    console.error(
      `${SECRETS} is not here, but a project is. If its site has been deployed, bring the file from where it is kept: new secrets would lock the site out of its data. If not: cdktf-mastodon secrets ${SECRETS}`,
    );
    return 1;
  } else if (makeSecrets(SECRETS) !== 0) return 1;
  if (!existsSync("main.ts")) console.log("next: the page, as main.ts");
  return 0;
}

// A project of Node's has such a file already, without what would make secrets public.
function ignore(): string {
  const old = existsSync(".gitignore") ? readFileSync(".gitignore", "utf8") : undefined;
  const lines = (old ?? "").split(/\r?\n/).map((line) => line.trim().replace(/^\//, ""));
  const missing = IGNORED.filter((line) => !lines.includes(line) && !lines.includes(line.replace(/\/$/, "")));
  if (missing.length === 0) return "kept .gitignore";
  appendFileSync(".gitignore", `${old === undefined || old === "" || old.endsWith("\n") ? "" : "\n"}${missing.join("\n")}\n`);
  return old === undefined ? "wrote .gitignore" : `added to .gitignore: ${missing.join(", ")}`;
}
