import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

test("the page of a fork makes a plan that runs both its images, and none of Mastodon's own", () => {
  const directory = mkdtempSync(join(tmpdir(), "plan-"));
  process.env["CDKTF_OUTDIR"] = directory;
  try {
    jest.isolateModules(() => void require("../../examples/fork/main"));
    const plan = readFileSync(join(directory, "stacks/local/cdk.tf.json"), "utf8");
    const images = [...new Set(plan.match(/ghcr\.io\/[\w.\/-]+:v[\w.-]+/g))].sort();
    expect(images).toEqual(["ghcr.io/glitch-soc/mastodon-streaming:v4.5.3", "ghcr.io/glitch-soc/mastodon:v4.5.3"]);
  } finally {
    delete process.env["CDKTF_OUTDIR"];
    rmSync(directory, { recursive: true });
  }
});
