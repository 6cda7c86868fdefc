// What the real Terraform makes of a plan that needs nothing but its built-in resources: `terraform(plan).plan({ mail_password: "…" })`.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Said {
  readonly status: number | null;
  /** Both streams, with lines that Terraform has broken put together again. */
  readonly said: string;
  readonly lines: string;
}

export class Terraform {
  readonly directory = mkdtempSync(join(tmpdir(), "terraform-"));

  constructor(plan: string) {
    this.write(plan);
    const { status, lines } = this.run("init");
    if (status !== 0) throw new Error(lines);
  }

  /** Puts another plan of the same providers in its place. */
  write(plan: string): void {
    writeFileSync(join(this.directory, "cdk.tf.json"), plan);
  }

  plan(values: Readonly<Record<string, unknown>>, ...more: readonly string[]): Said {
    return this.run("plan", this.file(values), ...more);
  }

  apply(values: Readonly<Record<string, unknown>>, ...more: readonly string[]): Said {
    return this.run("apply", "-auto-approve", this.file(values), ...more);
  }

  run(command: string, ...more: readonly string[]): Said {
    const asks = ["init", "plan", "apply", "destroy"].includes(command);
    const words = [command, "-no-color", ...(asks ? ["-input=false"] : []), ...more];
    const { status, stdout, stderr } = spawnSync("terraform", words, {
      cwd: this.directory,
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, TF_CLI_CONFIG_FILE: "/dev/null", CHECKPOINT_DISABLE: "1" },
    });
    const lines = `${stdout}${stderr}`;
    return { status, lines, said: lines.replace(/\s+/g, " ") };
  }

  /** The rights of a file beside the plan. */
  mode(name: string): number {
    return statSync(join(this.directory, name)).mode & 0o777;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }

  private file(values: Readonly<Record<string, unknown>>): string {
    const path = join(this.directory, "values.tfvars.json");
    writeFileSync(path, JSON.stringify(values, null, 2), { mode: 0o600 });
    return `-var-file=${path}`;
  }
}
