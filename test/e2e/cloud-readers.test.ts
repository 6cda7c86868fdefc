// What the machines' own Debian says of the boot texts at Hetzner, DigitalOcean and AWS. They are rendered by what the local cloud boots; this finds
// what differs.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { driver } from "../../scripts/cluster";
import { bootTexts, planOf } from "../examples/plan";

// A script that reads its settings from a file of the machine has variables that nobody sees assigned.
const SOURCED = "--exclude=SC1090,SC2154";
/** Each boot text, as in `digitalocean/Home`. */
const texts: Readonly<Record<string, string>> = Object.fromEntries(
  ["hetzner", "digitalocean", "digitalocean-managed", "aws", "aws-managed", "aws-scaled", "aws-ses"].flatMap((cloud) =>
    Object.entries(bootTexts(planOf(cloud, "social"))).map(([host, text]) => [`${cloud}/${host}`, text]),
  ),
);
const hosts = Object.keys(texts);
const folder = mkdtempSync(join(tmpdir(), "readers-"));

interface BootText {
  readonly write_files: readonly { readonly path: string; readonly content: string }[];
}

const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

/** A boot text as Terraform hands it over, with something in the place of each value. */
function filledIn(text: string): string {
  return text
    .replaceAll(/(?<!\$)\$\{indent\((\d+), [^}]+\)\}/g, (_, spaces) =>
      CERTIFICATE.replaceAll("\n", `\n${" ".repeat(Number(spaces))}`),
    )
    .replaceAll(/(?<!\$)\$\{(urlencode\()?(data\.)?digitalocean_[^}]+\}/g, "managed.example")
    .replaceAll(/(?<!\$)\$\{aws_(db_instance|elasticache_replication_group)\.[^}]+\}/g, "managed.example")
    .replaceAll(/(?<!\$)\$\{(aws_s3_\w+|local)\.[^}]+\}/g, "stored")
    .replaceAll(/(?<!\$)\$\{replace\(aws_ebs_volume\.[^}]+\}/g, "vol0123456789abcdef0")
    .replaceAll(/(?<!\$)\$\{join\(" ", \[lookup\(var\.secret_versions[^}]+\}/g, "1 1")
    .replaceAll(/(?<!\$)\$\{hcloud_volume\.[^}]+\}/g, "/dev/disk/by-id/scsi-0HC_Volume_1")
    .replaceAll(/(?<!\$)\$\{var\.[^}]+\}/g, "0123456789abcdef")
    .replaceAll(/([$%])\1\{/g, "$1{");
}

/** Runs a command in the machines' Debian, which sees `folder` at /mnt. */
function inDebian(...command: readonly string[]): { readonly status: number | null; readonly said: string } {
  const base = join(process.env["CDKTF_MASTODON_ROOT"] ?? "/var/lib/cdktf-mastodon", "base");
  const system = readdirSync(base).find((name) => name.startsWith("system-"))!;
  const machine = [
    "--quiet",
    "--private-network",
    "--register=no",
    "--keep-unit",
    "--read-only",
    "--pipe",
    "-D",
    join(base, system),
  ];
  const { status, stdout, stderr } = spawnSync("systemd-nspawn", [...machine, `--bind-ro=${folder}:/mnt`, ...command], {
    encoding: "utf8",
  });
  return { status, said: stdout + stderr };
}

beforeAll(() => {
  driver(["base"], { PACKAGES: "" });
  for (const host of hosts) {
    const text = filledIn(texts[host]!);
    mkdirSync(join(folder, host), { recursive: true });
    writeFileSync(join(folder, `${host}.yaml`), text);
    for (const { path, content } of (parse(text) as BootText).write_files) {
      mkdirSync(dirname(join(folder, host, path)), { recursive: true });
      writeFileSync(join(folder, host, path), content);
    }
  }
}, 900_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(hosts)("cloud-init takes the boot text of %s", (host) => {
  const { status, said } = inDebian("cloud-init", "schema", "-c", `/mnt/${host}.yaml`);
  expect({ host, said: status === 0 ? "" : said }).toEqual({ host, said: "" });
});

test.each(hosts.filter((host) => !host.endsWith("-user-data")))("the firewall of %s is one that nftables takes", (host) => {
  const { status, said } = inDebian("nft", "-c", "-f", `/mnt/${host}/etc/nftables.conf`);
  expect({ host, said: status === 0 ? "" : said }).toEqual({ host, said: "" });
});

test.each(hosts)("the scripts of %s have no fault that shellcheck finds", (host) => {
  const paths = readdirSync(join(folder, host), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => /^#!\/bin\/(ba)?sh/.test(readFileSync(path, "utf8")));
  const { status, stdout } = spawnSync("shellcheck", ["--severity=warning", SOURCED, ...paths], { encoding: "utf8" });
  expect({ host, said: status === 0 ? "" : stdout }).toEqual({ host, said: "" });
});

test.each([
  ["hetzner", ["answer-ready.socket", "answer-ready@.service"]],
  ["digitalocean", ["answer-ready.socket", "answer-ready@.service", "private-names.service", "forget-user-data.service"]],
  ["aws", ["member.service"]],
  ["aws", ["stored-boot-text.service"], "Home-user-data"],
])("systemd takes the units that the hosts have at %s: %s", (cloud, units, host = "Home") => {
  const paths = units.map((unit) => `/mnt/${cloud}/${host}/etc/systemd/system/${unit}`);
  const { said } = inDebian("systemd-analyze", "verify", "--man=no", ...paths);
  const names = units.map((unit) => unit.replace(/@?\.\w+$/, ""));
  const ours = said.split("\n").filter((line) => names.some((name) => line.includes(name)) && !/is not executable/.test(line));
  expect(ours).toEqual([]);
});

test("certificates that Terraform computes reach their file line by line", () => {
  const directory = join(folder, "digitalocean-managed/Home/etc/mastodon/tls");
  const lines = readdirSync(directory).flatMap((name) => readFileSync(join(directory, name), "utf8").split("\n"));
  expect(new Set(lines)).toEqual(new Set(CERTIFICATE.split("\n")));
});
