import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parse } from "yaml";
import { USER_DATA_BYTES } from "../../../lib/clouds/aws/limits";
import { userData } from "../../../lib/clouds/aws/stored-boot-text";
import { script } from "../../../lib/core/script";
import { all, machines, page, planOf, web } from "./page";

const TEXT = "#cloud-config\nwrite_files: []\n";
const SHA256 = createHash("sha256").update(TEXT).digest("hex");
const PLACE = { region: "eu-central-1", bucket: "b".repeat(63), key: "k".repeat(160), sha256: SHA256 };

describe("where a boot text is", () => {
  test("it is an object of the site's own closed bucket, which its tier alone may read", () => {
    const { stack, site } = page();
    web(site);
    machines(site, "database", 1, "postgres");
    const bucket = "${aws_s3_bucket.Social_BootTexts.id}";
    expect(all(stack, "aws_s3_bucket")).toEqual({
      BootTexts: {
        bucket_prefix: "social-boot-",
        force_destroy: true,
        tags: { Name: "social-boot", "cdktf-mastodon:site": "social" },
      },
    });
    expect(all(stack, "aws_s3_bucket_public_access_block")).toEqual({
      BootTextsClosed: {
        bucket,
        block_public_acls: true,
        block_public_policy: true,
        ignore_public_acls: true,
        restrict_public_buckets: true,
      },
    });
    expect(all(stack, "aws_s3_object")["web_PoolBootText"]).toEqual({
      bucket,
      // By the generation: a failed one that was taken back had the same text, and with its end the text would be gone.
      key: "pool-web/web-${local.Social_web_PoolGeneration}.gz",
      content_base64: "${base64gzip(local.Social_web_PoolBoot)}",
      content_type: "application/gzip",
      lifecycle: { create_before_destroy: true, replace_triggered_by: ["terraform_data.Social_web_PoolRenewal"] },
    });
    expect(all(stack, "aws_s3_object")["database-1_MachineBootText"]).toEqual({
      bucket,
      key: "machines-database/database-1-${substr(local.Social_database-1_MachineBootSha256, 0, 16)}.gz",
      content_base64: "${base64gzip(local.Social_database-1_MachineBoot)}",
      content_type: "application/gzip",
    });
    const { policy } = all(stack, "aws_iam_role_policy")["Rights-pool-web"] as { readonly policy: string };
    expect((JSON.parse(policy) as { readonly Statement: readonly { readonly Sid: string }[] }).Statement).toContainEqual({
      Sid: "ReadBootText",
      Effect: "Allow",
      Action: ["s3:GetObject"],
      Resource: ["${aws_s3_bucket.Social_BootTexts.arn}/pool-web/*"],
    });
  });

  test("user-data names the text by its hash, which holds no secret", () => {
    const { stack, site } = page();
    web(site);
    const { locals } = planOf(stack) as unknown as { readonly locals: Readonly<Record<string, string>> };
    expect(locals["Social_web_PoolBootSha256"]).toBe("${nonsensitive(sensitive(sha256(local.Social_web_PoolBoot)))}");
    expect(locals["Social_web_PoolUserData"]).toContain("KEY='${aws_s3_object.Social_web_PoolBootText.key}'");
    expect(locals["Social_web_PoolUserData"]).toContain("SHA256='${local.Social_web_PoolBootSha256}'");
  });
});

test("user-data needs a tenth of what AWS takes, with the longest names", () => {
  expect(gzipSync(userData(PLACE)).length).toBeLessThan(USER_DATA_BYTES / 10);
});

test("cloud-init gets a program, a unit that fetches the text until it is there, and the AWS CLI", () => {
  const config = parse(userData(PLACE)) as Readonly<Record<string, unknown>>;
  expect({ ...config, write_files: (config["write_files"] as { readonly path: string }[]).map(({ path }) => path) }).toEqual({
    manage_etc_hosts: false,
    package_update: true,
    packages: ["awscli"],
    write_files: ["/usr/local/sbin/stored-boot-text", "/etc/systemd/system/stored-boot-text.service"],
    runcmd: [
      ["systemctl", "enable", "stored-boot-text.service"],
      ["systemctl", "start", "--no-block", "stored-boot-text.service"],
    ],
  });
});

test("the unit that fetches the text comes after cloud-init without being a part of what cloud-init comes after", () => {
  const { write_files: files } = parse(userData(PLACE)) as {
    readonly write_files: readonly { readonly path: string; readonly content: string }[];
  };
  const lines = files[1]!.content.split("\n").filter((line) => /^(After|WantedBy|ConditionPathExists)=/.test(line));
  expect(lines).toEqual([
    "After=network-online.target",
    "After=cloud-final.service",
    "ConditionPathExists=!/var/lib/cdktf-mastodon-boot-text-fetched",
    "WantedBy=cloud-init.target",
  ]);
});

describe("the program", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "stored-"));
    mkdirSync(join(folder, "bin"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function command(name: string, text: string): void {
    writeFileSync(join(folder, "bin", name), `#!/bin/bash\necho "${name} $*" >>'${folder}/calls'\n${text}\n`);
    chmodSync(join(folder, "bin", name), 0o755);
  }

  function run(stored: string, boot = "boot"): { readonly status: number | null; readonly calls: readonly string[] } {
    writeFileSync(join(folder, "stored.gz"), gzipSync(stored));
    command("aws", `cp '${folder}/stored.gz' "\${@: -1}"`);
    command("cloud-init", ":");
    command("boot", ":");
    const text = script(join(__dirname, "../../../lib/clouds/aws/stored-boot-text.sh"), {
      REGION: "eu-central-1",
      BUCKET: "social-boot-1",
      KEY: "pool-web/web-1.gz",
      SHA256,
      TEXT: `${folder}/run/boot-text`,
      FETCHED: `${folder}/fetched`,
      BOOT_SCRIPT: `${folder}/bin/${boot}`,
    }).replace(/^export HOME=.*$/m, `export PATH='${folder}/bin':"$PATH"`);
    const { status } = spawnSync("bash", ["-c", text], { encoding: "utf8" });
    const calls = readFileSync(join(folder, "calls"), "utf8").replaceAll(folder, "").trimEnd().split("\n");
    return { status, calls };
  }

  test("fetches the text, has cloud-init write it, and performs it", () => {
    expect(run(TEXT)).toEqual({
      status: 0,
      calls: [
        "aws s3api get-object --region eu-central-1 --bucket social-boot-1 --key pool-web/web-1.gz --cli-connect-timeout 10 --cli-read-timeout 60 /run/boot-text.gz",
        "cloud-init single --file /run/boot-text --name bootcmd --frequency always",
        "cloud-init single --file /run/boot-text --name write_files --frequency always",
        "boot",
      ],
    });
    expect(existsSync(join(folder, "fetched"))).toBe(true);
  });

  test("is not done with a text that cloud-init has not written", () => {
    expect(run(TEXT, "none").status).not.toBe(0);
    expect(existsSync(join(folder, "fetched"))).toBe(false);
  });

  test("performs no text but the one that user-data means", () => {
    const { status, calls } = run(TEXT.replace("[]", "[ ]"));
    expect(status).not.toBe(0);
    expect(calls).toHaveLength(1);
    expect(existsSync(join(folder, "fetched"))).toBe(false);
  });
});
