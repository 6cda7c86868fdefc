// How a machine boots from what a cloud hands it: the machines' own Debian, with its systemd and cloud-init. At AWS it fetches the boot text with the AWS
// CLI, here a stand-in for it that is refused at first; at DigitalOcean the text is a compressed part of a message.

import { ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { userData } from "../../lib/clouds/aws/stored-boot-text";
import { packedText } from "../../lib/clouds/digitalocean/user-data";
import { Program } from "../../lib/core/program";
import { cloudConfig } from "../../lib/core/render/cloud-config";
import { driver } from "../../scripts/cluster";

const folder = mkdtempSync(join(tmpdir(), "user-data-"));
/** What the machine writes, and it alone. */
const out = join(folder, "out");
let machine: ChildProcess | undefined;

/** Two refusals, as of a role whose rights have not settled. */
const AWS = `#!/bin/bash
echo "$*" >>/out/calls
[ "$(wc -l </out/calls)" -gt 2 ] || { echo "An error occurred (AccessDenied)" >&2; exit 254; }
cp /stored/text.gz "\${@: -1}"
`;

const text = cloudConfig(
  new Program().add(
    { kind: "file", path: "/etc/probe/below/file", content: "costs $1 and ${this}\n", mode: "0640" },
    {
      kind: "run",
      why: "the probe",
      script: "cp /etc/probe/below/file /out/file\nstat -c %a /etc/probe/below /etc/probe/below/file >/out/modes\n",
    },
  ),
);

beforeAll(() => {
  driver(["base"], { PACKAGES: "" });
  for (const name of ["seed", "stored"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "stored/text.gz"), gzipSync(text));
  writeFileSync(join(folder, "seed/meta-data"), "instance-id: i-1\n");
  writeFileSync(join(folder, "datasource.cfg"), "datasource_list: [NoCloud, None]\n");
  writeFileSync(join(folder, "aws"), AWS);
  chmodSync(join(folder, "aws"), 0o755);
}, 900_000);

afterEach(async () => {
  const ended =
    machine === undefined || machine.exitCode !== null ? undefined : new Promise((done) => machine!.once("exit", done));
  machine?.kill("SIGTERM");
  if ((await Promise.race([ended, setTimeout(30_000, "late", { ref: false })])) === "late") machine?.kill("SIGKILL");
  await ended;
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Boots a machine with that user-data until it has performed the boot text; returns what it wrote. */
async function booted(data: string): Promise<Readonly<Record<"file" | "modes" | "calls", string | undefined>>> {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  writeFileSync(join(folder, "seed/user-data"), data);
  const base = join(process.env["CDKTF_MASTODON_ROOT"] ?? "/var/lib/cdktf-mastodon", "base");
  const system = readdirSync(base).find((name) => name.startsWith("system-"))!;
  const binds = [
    `--bind=${out}:/out`,
    `--bind-ro=${folder}/stored:/stored`,
    `--bind-ro=${folder}/seed:/var/lib/cloud/seed/nocloud`,
    `--bind-ro=${folder}/datasource.cfg:/etc/cloud/cloud.cfg.d/99-datasource.cfg`,
    `--bind-ro=${folder}/aws:/usr/local/bin/aws`,
  ];
  const words = ["--quiet", "--register=no", "--keep-unit", "--settings=no", "--private-network", "--volatile=overlay"];
  const boot = ["systemd-nspawn", ...words, "-M", "user-data-test", "-D", join(base, system), ...binds, "--boot"];
  // It ends by itself too, should this test be killed.
  machine = spawn("timeout", ["--kill-after=30", "300", ...boot], { stdio: "ignore" });
  const end = Date.now() + 240_000;
  while (!existsSync(join(out, "modes")) && Date.now() < end) await setTimeout(500);
  const read = (name: string) => (existsSync(join(out, name)) ? readFileSync(join(out, name), "utf8") : undefined);
  return { file: read("file"), modes: read("modes"), calls: read("calls") };
}

const PERFORMED = { file: "costs $1 and ${this}\n", modes: "755\n640\n" };

test("a machine at AWS fetches its boot text until it has it, and performs it as cloud-init would have", async () => {
  const sha256 = createHash("sha256").update(text).digest("hex");
  const place = { region: "eu-central-1", bucket: "social-boot-1", key: "pool-web/web-1.gz", sha256 };
  const call = "s3api get-object --region eu-central-1 --bucket social-boot-1 --key pool-web/web-1.gz";
  const timeouts = "--cli-connect-timeout 10 --cli-read-timeout 60";
  expect(await booted(userData(place))).toEqual({
    ...PERFORMED,
    calls: `${call} ${timeouts} /run/cdktf-mastodon/boot-text.gz\n`.repeat(3),
  });
}, 300_000);

test("a machine at DigitalOcean unpacks its boot text out of the message", async () => {
  expect(await booted(packedText(gzipSync(text).toString("base64")))).toEqual(PERFORMED);
}, 300_000);
