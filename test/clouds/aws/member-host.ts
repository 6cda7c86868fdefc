// A member's host, with stand-ins for what member.sh calls: `const host = new MemberHost(); host.start(); await host.until(() => …)`. Files of its
// folder say what holds: `imds/…` the metadata, `ready` whether it serves, `visitors` its connections, `kills` how many lines the watchdog has
// written, `units` what systemd shows, `up` the seconds since boot, and `refuse` for what AWS refuses.

import { ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { textOf } from "../../../lib/core/program";
import { memberSteps } from "../../../lib/clouds/aws/member";
import { Settings } from "../../../lib/clouds/aws/settings";

const TOKEN = "the-token";

/** The metadata service as curl finds it: no answer without the token of a session, and 22 for what is not there. */
const CURL = `words="$*"
case "$words" in
  *"-X PUT"*"http://169.254.169.254/latest/api/token") printf ${TOKEN} ;;
  *"X-aws-ec2-metadata-token: ${TOKEN}"*"http://169.254.169.254/latest/meta-data/"*)
    item="$HERE/imds/\${words##*/latest/meta-data/}"
    [ -e "$item" ] && cat "$item" || exit 22 ;;
  *) exit 22 ;;
esac`;

const COMMANDS: Readonly<Record<string, string>> = {
  curl: CURL,
  // What is refused is written down as well.
  aws: `echo "$*" >>"$HERE/calls"
if [ -e "$HERE/refuse" ] && grep -qF -- "$(cat "$HERE/refuse")" <<<"$*"; then
  echo >&2
  cat "$HERE/refusal" >&2
  exit 254
fi`,
  systemctl: `case $1 in
  show) cat "$HERE/units" ;;
  *) echo "systemctl $*" >>"$HERE/calls" ;;
esac`,
  journalctl: `echo "$*" >>"$HERE/journal-calls"; for ((n = 0; n < $(cat "$HERE/kills"); n++)); do echo "killed process $n (ruby) of a, which b"; done; echo "another line"`,
  ss: `cat "$HERE/visitors"`,
  ready: `echo >>"$HERE/asked"
[ -e "$HERE/ready" ]`,
  // As fast as the test goes.
  sleep: `echo "$*" >>"$HERE/sleeps"
exec ${spawnable("sleep")} 0.02`,
};

function spawnable(name: string): string {
  return (process.env["PATH"] ?? "")
    .split(":")
    .map((folder) => join(folder, name))
    .find(existsSync)!;
}

/** What systemd shows of units, one a line: name, file, state and type. */
export const UNITS = [
  "mastodon-web.service /run/systemd/generator/mastodon-web.service active simple",
  "mastodon-sidekiq@1.service /run/systemd/generator/mastodon-sidekiq@1.service deactivating notify",
  "mastodon-watchdog.service /etc/systemd/system/mastodon-watchdog.service active simple",
  "mastodon-prepare.service /etc/systemd/system/mastodon-prepare.service failed oneshot",
  "boot-again.service /etc/systemd/system/boot-again.service inactive oneshot",
  "member.service /etc/systemd/system/member.service active simple",
  "nginx.service /usr/lib/systemd/system/nginx.service active forking",
  "apt-daily.service /usr/lib/systemd/system/apt-daily.service failed simple",
  "cloud-init.service /run/systemd/generator.late/cloud-init.service active simple",
];

export class MemberHost {
  readonly folder = mkdtempSync(join(tmpdir(), "member-"));
  private child: ChildProcess | undefined;
  private said = "";
  private code: number | null | undefined;

  constructor() {
    const bin = join(this.folder, "bin");
    mkdirSync(bin);
    for (const [name, script] of Object.entries(COMMANDS)) {
      writeFileSync(join(bin, name), `#!/bin/bash\nHERE='${this.folder}'\n${script}\n`);
      chmodSync(join(bin, name), 0o755);
    }
    this.set("imds/instance-id", "i-1");
    this.set("imds/tags/instance/cdktf-mastodon:group", "social-web-bbbbbb");
    this.set("imds/autoscaling/target-lifecycle-state", "InService");
    this.set("visitors", "");
    this.set("kills", "0");
    this.set("up", "100.00 90.00\n");
    this.units(UNITS);
  }

  set(name: string, text = ""): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  unset(name: string): void {
    rmSync(join(this.folder, name), { force: true });
  }

  /** Sets the seconds since boot. */
  up(seconds: number): void {
    this.set("up", `${seconds}.00 1.00\n`);
  }

  /** Sets them and waits until it has asked again whether this machine serves, as it does once a minute. */
  async looksAt(seconds: number): Promise<void> {
    const before = this.asked;
    this.up(seconds);
    await this.until(() => this.asked > before);
  }

  units(lines: readonly string[]): void {
    const shown = lines.map((line) => {
      const [id, path, state, type] = line.split(" ");
      // Not in the order in which they are asked for.
      return `Type=${type}\nId=${id}\nActiveState=${state}\nFragmentPath=${path}\n`;
    });
    this.set("units", shown.join("\n"));
  }

  /** AWS refuses calls that hold these words, for this reason. */
  refuse(words: string, reason = "An error occurred (ThrottlingException) when calling an operation: Rate exceeded"): void {
    this.set("refusal", `${reason}\n`);
    this.set("refuse", words);
  }

  start(): void {
    const step = memberSteps({ settings: new Settings({ region: "eu-central-1" }) }).find(
      (one) => one.kind === "file" && one.path === "/usr/local/sbin/member",
    );
    if (step?.kind !== "file") throw new Error("no script");
    const values: Readonly<Record<string, string>> = {
      SERVED: join(this.folder, "served"),
      UPTIME: join(this.folder, "up"),
      READY_SCRIPT: join(this.folder, "bin/ready"),
    };
    const text = Object.entries(values).reduce(
      (script, [name, value]) => script.replace(new RegExp(`^${name}=.*$`, "m"), `${name}='${value}'`),
      textOf(step.content),
    );
    const env = { PATH: `${join(this.folder, "bin")}:${process.env["PATH"]}` };
    const path = join(this.folder, "member");
    writeFileSync(path, text);
    this.child = spawn("bash", [path], { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    this.child.stdout!.on("data", (part) => (this.said += String(part)));
    this.child.stderr!.on("data", (part) => (this.said += String(part)));
    this.code = undefined;
    this.child.on("close", (code) => (this.code = code));
  }

  /** What it said. */
  get lines(): readonly string[] {
    return this.said.trim().split("\n");
  }

  /** What it has called of AWS and systemd, without the words of all calls. */
  get calls(): readonly string[] {
    const path = join(this.folder, "calls");
    if (!existsSync(path)) return [];
    const own = readFileSync(path, "utf8").trim().split("\n");
    return own.map((line) => line.replace("--region eu-central-1 --instance-id i-1", "…"));
  }

  /** How often `ready` was asked. */
  private get asked(): number {
    return this.has("asked") ? this.read("asked").length : 0;
  }

  /** The exit code, once it has ended. */
  get ended(): number | null | undefined {
    return this.code;
  }

  has(name: string): boolean {
    return existsSync(join(this.folder, name));
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), "utf8");
  }

  async until(holds: () => boolean): Promise<void> {
    const begin = Date.now();
    while (!holds()) {
      if (Date.now() - begin > 20_000) throw new Error(`it does not come: ${this.said} ${this.calls.join("\n")}`);
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  /** Lets it look some times more. */
  async looks(): Promise<void> {
    await new Promise((done) => setTimeout(done, 500));
  }

  stop(): void {
    if (this.child?.pid !== undefined && this.code === undefined) process.kill(-this.child.pid, "SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }
}
