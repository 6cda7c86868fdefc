// `cdktf-mastodon init`: writes what a project needs besides its page. Existing files are kept; missing lines are added to `.gitignore`.

import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";

export const SECRETS = "secrets.tfvars.json";

const FILES: Readonly<Record<string, string>> = {
  // `tsc` first: tsx does not check types, so a misspelt prop would be ignored.
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

/** Files that hold secrets, or are generated. */
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

// A Node project often has this file already, without the lines that keep secrets out of git.
function ignore(): string {
  const old = existsSync(".gitignore") ? readFileSync(".gitignore", "utf8") : undefined;
  const lines = (old ?? "").split(/\r?\n/).map((line) => line.trim().replace(/^\//, ""));
  const missing = IGNORED.filter((line) => !lines.includes(line) && !lines.includes(line.replace(/\/$/, "")));
  if (missing.length === 0) return "kept .gitignore";
  appendFileSync(".gitignore", `${old === undefined || old === "" || old.endsWith("\n") ? "" : "\n"}${missing.join("\n")}\n`);
  return old === undefined ? "wrote .gitignore" : `added to .gitignore: ${missing.join(", ")}`;
}
