// What a site has left on this host, from the host's own tables: `nothingLeft("social")` must be empty.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";

const ROOT = process.env["CDKTF_MASTODON_ROOT"] ?? "/var/lib/cdktf-mastodon";

export function nothingLeft(site: string): readonly string[] {
  const directory = join(ROOT, "sites", site);
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(`${directory}/`));
  const loops = readdirSync("/sys/block")
    .map((device) => join("/sys/block", device, "loop/backing_file"))
    .flatMap((file) => (existsSync(file) ? [`${file}: ${readFileSync(file, "utf8").trim()}`] : []))
    .filter((line) => line.includes(`${directory}/`));
  const processes = readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")];
      } catch {
        return [];
      }
    })
    .filter((command) => command.includes(`--directory=${directory}/`));
  const links = run("ip", "-d", "link", "show").filter((line) => line.includes(`cdktf-mastodon ${ROOT} ${site}`));
  // As the driver names them: another site's may be there.
  const id = createHash("sha256").update(`${ROOT} ${site}`).digest("hex").slice(0, 5);
  const tables = run("nft", "list", "tables").filter((line) => line.includes(`cdktf_mastodon_${id}`));
  return [...(existsSync(directory) ? [directory] : []), ...mounts, ...loops, ...processes, ...links, ...tables];
}

function run(command: string, ...args: readonly string[]): readonly string[] {
  return spawnSync(command, args, { encoding: "utf8" }).stdout.split("\n");
}
