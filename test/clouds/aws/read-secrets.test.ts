import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { script } from "../../../lib/core/script";

/** What the AWS CLI does at one call after the other: it fails with these words, or it answers. The last holds for all further calls. */
type Answer = { readonly fails: string } | { readonly says: string } | { readonly without: readonly string[] };

const VALUE = "a\"b\\ \t'é$(id)%\nline two";
const NAMES = Array.from({ length: 12 }, (_, n) => `secret_${n + 1}`);

let folder = "";
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "read-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function valueOf(name: string): string {
  return `${name} ${VALUE}`;
}

function answers(calls: readonly Answer[]): void {
  const program = `
    const { appendFileSync, existsSync, readFileSync, writeFileSync } = require("node:fs");
    const [folder, calls] = [${JSON.stringify(folder)}, ${JSON.stringify(calls)}];
    const count = existsSync(folder + "/count") ? Number(readFileSync(folder + "/count")) : 0;
    writeFileSync(folder + "/count", String(count + 1));
    appendFileSync(folder + "/calls", process.argv.slice(2).join(" ") + "\\n");
    const call = calls[Math.min(count, calls.length - 1)];
    if (call.fails !== undefined) { console.error("\\n" + call.fails); process.exit(254); }
    if (call.says !== undefined) { console.log(call.says); process.exit(0); }
    const names = process.argv.slice(process.argv.indexOf("--names") + 1);
    const there = names.filter((name) => !call.without.includes(name));
    console.log(JSON.stringify({
      Parameters: there.map((Name) => ({ Name, Type: "SecureString", Value: Name.split("/").pop() + ${JSON.stringify(` ${VALUE}`)}, Version: 1 })).reverse(),
      InvalidParameters: names.filter((name) => !there.includes(name)),
    }));`;
  writeFileSync(join(folder, "aws.js"), program);
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin/aws"), `#!/bin/sh\nexec "${process.execPath}" "${folder}/aws.js" "$@"\n`);
  chmodSync(join(folder, "bin/aws"), 0o755);
}

function run(names: readonly string[], limit = 5) {
  const text = script(join(__dirname, "../../../lib/clouds/aws/read-secrets.sh"), {
    DIRECTORY: join(folder, "run/secrets"),
    REGION: "eu-central-1",
    STORE: "/social/web/",
    NAMES: names.join(" "),
    NUMBERS: names.map(() => 1).join(" "),
    LIMIT_SECONDS: limit,
    PAUSE_SECONDS: 0.05,
  });
  const env = { ...process.env, PATH: `${folder}/bin:${process.env["PATH"]}` };
  // As the boot script runs it.
  const { status, stdout, stderr } = spawnSync("bash", ["-c", `set -euo pipefail\n${text}\necho next`], {
    encoding: "utf8",
    env,
  });
  return { status, said: stdout.split("\n").slice(0, -1), stderr };
}

const DIRECTORY = () => join(folder, "run/secrets");
const END = (names: readonly string[]) => [
  `boot: has the secrets ${names.join(" ")} with the numbers ${names.map(() => 1).join(" ")}`,
  "next",
];

function calls(): readonly string[] {
  return readFileSync(join(folder, "calls"), "utf8").trimEnd().split("\n");
}

test("reads each value as it is into a file that root alone may read, ten in a request", () => {
  answers([{ without: [] }]);
  expect(run(NAMES)).toEqual({ status: 0, said: END(NAMES), stderr: "" });
  expect(readdirSync(DIRECTORY()).sort()).toEqual([...NAMES].sort());
  for (const name of NAMES) expect(readFileSync(join(DIRECTORY(), name), "utf8")).toBe(valueOf(name));
  expect(NAMES.map((name) => statSync(join(DIRECTORY(), name)).mode & 0o777)).toEqual(NAMES.map(() => 0o600));
  expect(statSync(DIRECTORY()).mode & 0o777).toBe(0o700);
  const request =
    "ssm get-parameters --region eu-central-1 --with-decryption --output json --cli-connect-timeout 10 --cli-read-timeout 20 --names";
  expect(calls()).toEqual(
    [NAMES.slice(0, 10), NAMES.slice(10)].map((some) => `${request} ${some.map((name) => `/social/web/${name}`).join(" ")}`),
  );
});

const DENIED =
  "An error occurred (AccessDeniedException) when calling the GetParameters operation: no identity-based policy allows the ssm:GetParameters action";
const THROTTLED = "An error occurred (ThrottlingException) when calling the GetParameters operation: Rate exceeded";
const OFFLINE = 'Could not connect to the endpoint URL: "https://ssm.eu-central-1.amazonaws.com/"';
const NO_ROLE = 'Unable to locate credentials. You can configure credentials by running "aws configure".';

test("waits for its role, its rights, the way out and its turn, and says once what it waits for", () => {
  const fails = [NO_ROLE, OFFLINE, DENIED, DENIED, THROTTLED].map((words) => ({ fails: words }));
  answers([...fails, { without: ["/social/web/b"] }, { says: "<html>" }, { says: "" }, { without: [] }]);
  const waits = [NO_ROLE, OFFLINE, DENIED, THROTTLED, "there is no /social/web/b", "no answer"];
  expect(run(["a", "b"])).toEqual({
    status: 0,
    said: [...waits.map((why) => `boot: waits for secrets: ${why}`), ...END(["a", "b"])],
    stderr: "",
  });
  expect(readFileSync(join(DIRECTORY(), "b"), "utf8")).toBe(valueOf("b"));
});

test("ends after its time with what a boot that begins again needs: a status, and no half of a secret", () => {
  answers([{ without: [] }, { fails: DENIED }]);
  const { status, said, stderr } = run(NAMES, 0);
  expect({ status, said, stderr }).toEqual({
    status: 1,
    said: [`boot: waits for secrets: ${DENIED}`],
    stderr: "boot: no secrets after 0 s; the boot begins again\n",
  });
  expect(readdirSync(DIRECTORY()).filter((name) => name.startsWith("secret_"))).toHaveLength(10);
  writeFileSync(join(folder, "count"), "0");
  rmSync(join(folder, "bin"), { recursive: true });
  answers([{ without: [] }]);
  expect(run(NAMES).status).toBe(0);
});

test("no value is ever told", () => {
  answers([{ without: ["/social/web/a"] }, { without: [] }]);
  const { status, said, stderr } = run(["a", "b"]);
  expect(status).toBe(0);
  expect([...said, stderr].join("\n")).not.toContain("line two");
});
