import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack, Testing } from "cdktf";
import { HcloudProvider } from "@cdktf/provider-hcloud/lib/provider";
import { Server } from "@cdktf/provider-hcloud/lib/server";

const ROOT = join(__dirname, "../..");
const PACKAGE = join(ROOT, "providers/hcloud");

/** Every file below a directory, with what identifies its bytes. */
function bytes(directory: string): Readonly<Record<string, string>> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files
      .map((file) => join(file.parentPath, file.name))
      .map((path) => [path.slice(directory.length), createHash("sha256").update(readFileSync(path)).digest("hex")]),
  );
}

test("building it again gives the same bytes", () => {
  const again = mkdtempSync(join(tmpdir(), "hcloud-"));
  try {
    const { status, stderr } = spawnSync(join(ROOT, "node_modules/.bin/tsx"), ["providers/build.ts", "hcloud", "--into", again], {
      cwd: ROOT,
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(bytes(again)).toEqual(bytes(join(PACKAGE, "lib")));
  } finally {
    rmSync(again, { recursive: true });
  }
}, 120_000);

test("its classes ask Terraform for the version of the schema", () => {
  const stack = new TerraformStack(new App(), "stack");
  new HcloudProvider(stack, "hcloud");
  new Server(stack, "server", { name: "web-1", serverType: "cx33", network: [{ networkId: 1, ip: "10.20.0.2" }] });
  const plan = JSON.parse(Testing.synth(stack)) as Record<string, Record<string, unknown>>;
  expect(plan["terraform"]!["required_providers"]).toEqual({ hcloud: { source: "hetznercloud/hcloud", version: "1.68.0" } });
  expect(plan["resource"]).toMatchObject({
    hcloud_server: { server: { name: "web-1", server_type: "cx33", network: [{ ip: "10.20.0.2", network_id: 1 }] } },
  });
});

test("it holds what an installation may use, and neither storage boxes nor what Hetzner has taken away", () => {
  const classes = readdirSync(join(PACKAGE, "lib"));
  expect(classes).toEqual(expect.arrayContaining(["server", "load-balancer-service", "zone-rrset", "data-hcloud-server-type"]));
  expect(classes.filter((name) => /storage-box|datacenter/.test(name))).toEqual([]);
});
