// What Terraform writes for us may hold secrets, so nobody else may read it.

import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { Postgres, Site } from "../../lib";
import { FakeCloud } from "../../lib/testing";
import { apply, destroy, makeSecrets, secretsFile } from "../../scripts/cluster";

test("state and its copy are for their owner only, also where they once were not", async () => {
  const directory = mkdtempSync(join(tmpdir(), "state-"));
  const [before, terraform] = [process.cwd(), process.env["TERRAFORM_BINARY_NAME"]];
  const umask = process.umask(0o022);
  const place = { directory, say: () => undefined };
  try {
    process.chdir(directory);
    process.env["TERRAFORM_BINARY_NAME"] = "terraform";
    const app = new App({ outdir: join(directory, "cdktf.out") });
    const stack = new TerraformStack(app, "state");
    const site = new Site(stack, "Social", { cloud: new FakeCloud(), domain: "social.example", version: "4.7.6" });
    new Postgres(site, "Database");
    app.synth();
    const written = join(directory, "cdktf.out/stacks/state");
    makeSecrets(place);
    const modes = () => {
      const files = readdirSync(directory).filter((name) => /\.tfstate/.test(name));
      return Object.fromEntries(files.map((name) => [name, (statSync(join(directory, name)).mode & 0o777).toString(8)]));
    };
    await apply(written, place);
    expect(modes()).toEqual({ "terraform.state.tfstate": "600" });
    const secrets = readFileSync(secretsFile(place), "utf8");
    // Terraform would show the line.
    writeFileSync(secretsFile(place), secrets.replace(/"/g, ""));
    await expect(apply(written, place)).rejects.toThrow(new Error(`${secretsFile(place)}: is no JSON`));
    writeFileSync(secretsFile(place), secrets);
    chmodSync(join(directory, "terraform.state.tfstate"), 0o644);
    await destroy(written, place);
    expect(modes()).toEqual({ "terraform.state.tfstate": "600", "terraform.state.tfstate.backup": "600" });
    expect(process.umask()).toBe(0o022);
  } finally {
    process.umask(umask);
    process.chdir(before);
    if (terraform === undefined) delete process.env["TERRAFORM_BINARY_NAME"];
    else process.env["TERRAFORM_BINARY_NAME"] = terraform;
    rmSync(directory, { recursive: true });
  }
}, 60_000);
