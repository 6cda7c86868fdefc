// Secrets of a page for which the command makes values, besides those of each site.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { Secret, Site } from "../../lib";
import { secrets } from "../../lib/bin/secrets";
import { FakeCloud } from "../../lib/testing";

const room = mkdtempSync(join(tmpdir(), "generated-"));
afterAll(() => rmSync(room, { recursive: true }));

function run(...args: readonly string[]): { readonly status: number; readonly said: readonly string[] } {
  const said: string[] = [];
  const spies = (["log", "error"] as const).map((name) =>
    jest.spyOn(console, name).mockImplementation((...lines: unknown[]) => void said.push(lines.join(" ").replaceAll(room, "."))),
  );
  try {
    return { status: secrets(args, "usage"), said };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

test("a password that the page only hands on is made, and another key is the user's", () => {
  const app = new App({ outdir: join(room, "out") });
  const stack = new TerraformStack(app, "pages");
  new Site(stack, "Social", {
    cloud: new FakeCloud(),
    domain: "social.example",
    version: "4.7.6",
    queuesElsewhere: ["scheduler"],
  });
  String(new Secret(stack, "media_key", { length: 20, description: "The key of the bucket." }));
  String(new Secret(stack, "admin_password", { length: 128, generated: true, description: "The server's first user." }));
  new Secret(stack, "unused_password", { length: 128, generated: true, description: "Of nothing." });
  app.synth();
  const file = join(room, "new.json");
  expect(run(file, "--page", join(room, "out"))).toEqual({
    status: 0,
    said: ["wrote ./new.json", "media_key: write it into the file by hand; The key of the bucket."],
  });
  const values = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, string>>;
  expect(values["admin_password"]).toMatch(/^[0-9A-Za-z]{40}$/);
  expect(values).not.toHaveProperty("unused_password");

  const { admin_password: _, ...others } = values;
  mkdirSync(join(room, "old"));
  const old = join(room, "old/secrets.json");
  writeFileSync(old, JSON.stringify({ ...others, media_key: "a" }), { mode: 0o600 });
  expect(run("check", old, "--page", join(room, "out"))).toEqual({
    status: 1,
    said: ["./old/secrets.json: admin_password: missing; secrets NEW --from FILE makes it: The server's first user."],
  });
  const more = join(room, "more.json");
  expect(run(more, "--from", old, "--page", join(room, "out")).status).toBe(0);
  const added = JSON.parse(readFileSync(more, "utf8")) as Readonly<Record<string, string>>;
  expect(added).toEqual({ ...others, media_key: "a", admin_password: expect.stringMatching(/^[0-9A-Za-z]{40}$/) });
});
