// Programs of the machines' Debian that a computer with another one has not, or older: `debianTool("promtool", "promtool")` is the path of promtool.
// apt fetches the package from the host's own mirror and checks it; it is unpacked once, below the directory of temporary files.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/** That of the machines, as in `lib/clouds/local/driver/base.sh`. */
const SUITE = "trixie";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const CACHE = join(tmpdir(), `debian-tools-${SUITE}-${userInfo().uid}`);

/** The path of a program in `/usr/bin` of a package, which must need no library that the host may lack, such as programs in Go. */
export function debianTool(packageName: string, program: string): string {
  const folder = join(CACHE, packageName);
  const path = join(folder, "usr/bin", program);
  if (!existsSync(path)) fetchPackage(packageName, folder);
  return path;
}

function fetchPackage(packageName: string, folder: string): void {
  mkdirSync(CACHE, { recursive: true, mode: 0o700 });
  const room = mkdtempSync(join(CACHE, "tmp-"));
  try {
    const apt = aptOf(room);
    apt("update");
    apt("download", packageName);
    const [file] = readdirSync(room).filter((name) => name.endsWith(".deb"));
    execFileSync("dpkg-deb", ["-x", join(room, file!), join(room, "unpacked")]);
    // Another process may have been faster.
    if (!existsSync(folder)) renameSync(join(room, "unpacked"), folder);
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}

/** apt with lists and a cache of its own, so that the host's are as before. */
function aptOf(room: string): (...words: readonly string[]) => void {
  for (const part of ["lists/partial", "archives/partial"]) mkdirSync(join(room, part), { recursive: true });
  const list = join(room, "sources.list");
  writeFileSync(list, `deb [signed-by=${KEYRING}] ${mirror()} ${SUITE} main\n`);
  const options = {
    "Dir::Etc::SourceList": list,
    "Dir::Etc::SourceParts": "/dev/null",
    "Dir::State::Lists": join(room, "lists"),
    "Dir::Cache::Archives": join(room, "archives"),
    "Dir::Cache::pkgcache": "",
    "Dir::Cache::srcpkgcache": "",
    "Acquire::Languages": "none",
    "APT::Sandbox::User": userInfo().username,
  };
  const given = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return (...words) => {
    execFileSync("apt-get", ["-qq", ...given, ...words], { cwd: room, stdio: ["ignore", "ignore", "pipe"] });
  };
}

/** The host's own mirror of Debian. */
function mirror(): string {
  const files = [
    "/etc/apt/sources.list",
    ...readdirSync("/etc/apt/sources.list.d").map((name) => `/etc/apt/sources.list.d/${name}`),
  ];
  const text = files.flatMap((file) => (existsSync(file) ? [readFileSync(file, "utf8")] : [])).join("\n");
  const [, found] = /^(?!\s*#).*?\b(https?:\/\/\S+\/debian)\/*(?:\s|$)/m.exec(text) ?? [];
  if (found === undefined)
    throw new Error("the sources in /etc/apt name no mirror of Debian, from which the tools of the machines come");
  return found;
}
