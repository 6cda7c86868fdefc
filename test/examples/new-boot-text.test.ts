import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newBootText } from "../../drills/page";

const REPOSITORY = join(__dirname, "../..");

/** The boot texts of examples/local, made by a process that is told this. */
function bootTexts(environment: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const out = mkdtempSync(join(tmpdir(), "boot-text-"));
  try {
    const { status, stderr } = spawnSync(process.execPath, ["--import", require.resolve("tsx"), "examples/local/main.ts"], {
      cwd: REPOSITORY,
      encoding: "utf8",
      env: { ...process.env, ...environment, CDKTF_OUTDIR: out },
    });
    if (status !== 0) throw new Error(stderr);
    const plan = JSON.parse(readFileSync(join(out, "stacks/local/cdk.tf.json"), "utf8")) as { readonly locals: object };
    return Object.fromEntries(Object.entries(plan.locals).filter(([, text]) => String(text).includes("#cloud-config")));
  } finally {
    rmSync(out, { recursive: true });
  }
}

test("a drill gives the pools that it names a new boot text, and no other machine", () => {
  const before = bootTexts({});
  const changed = (...pools: readonly string[]) => {
    const after = bootTexts(newBootText(...pools));
    expect(Object.keys(after)).toEqual(Object.keys(before));
    return Object.keys(before)
      .filter((name) => before[name] !== after[name])
      .map((name) => /^Social_([A-Za-z-]*?)_/.exec(name)![1])
      .sort();
  };
  expect(changed("scheduler")).toEqual(["Scheduler"]);
  expect(changed()).toEqual(["Federated", "Jobs-Local", "Scheduler", "Streaming", "Web"]);
}, 60_000);
