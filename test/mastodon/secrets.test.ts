import { createECDH } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack, Testing } from "cdktf";
import { Site } from "../../lib";
import { main } from "../../lib/bin/cdktf-mastodon";
import { wrongWith } from "../../lib/core/secret-rule";
import { makeSecrets, secret, SECRET_NAMES } from "../../lib/mastodon/secrets";
import { FakeCloud } from "../../lib/testing";
import { said } from "../said";

test("every value is accepted by the variable that takes it, and no two are alike", () => {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", { cloud: new FakeCloud(), domain: "social.example", version: "4.7.6" });
  SECRET_NAMES.forEach((name) => String(secret(site, name)));
  expect(secret(site, "redis_password")).toBe(secret(site, "redis_password"));
  const { variable } = JSON.parse(Testing.synth(stack, true));
  const values = makeSecrets();
  expect(Object.keys(variable).sort()).toEqual(Object.keys(values).sort());
  for (const name of SECRET_NAMES) {
    const { rules, wanted } = secret(site, name);
    expect(rules.map((rule) => wrongWith(values[name], rule))).toEqual([undefined]);
    expect(wanted).toBe(true);
    expect(variable[name].sensitive).toBe(true);
  }
  expect(new Set(Object.values(values)).size).toBe(SECRET_NAMES.length);
});

test("the two halves of the VAPID pair belong together, also when the private key begins with zeros", () => {
  for (let n = 0; n < 600; n++) {
    const { vapid_private_key, vapid_public_key } = makeSecrets();
    const pair = createECDH("prime256v1");
    pair.setPrivateKey(Buffer.from(vapid_private_key, "base64url"));
    expect(pair.getPublicKey("base64url") + "=").toBe(vapid_public_key);
    expect(vapid_private_key).toHaveLength(44);
  }
});

test("the command writes a file for its owner only, and never writes over one", () => {
  const folder = mkdtempSync(join(tmpdir(), "secrets-"));
  const file = join(folder, "secrets.tfvars.json");
  const run = () => said(() => main(["secrets", file]));
  try {
    expect(run()).toEqual({ status: 0, said: `wrote ${file}\n` });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const before = readFileSync(file, "utf8");
    expect(Object.keys(JSON.parse(before))).toEqual([...SECRET_NAMES]);
    const again = run();
    expect(again.status).toBe(1);
    expect(again.said).toContain("exists already; it was not touched");
    expect(readFileSync(file, "utf8")).toBe(before);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
