// A Debian of the machines with its own journal and rsyslog, and nothing else: `const room = new JournalRoom(["rsyslog"])`.

import { ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const DRIVER = join(__dirname, "../../lib/clouds/local/driver");

/** The layers of the local cloud's machines, built if they are not there. */
function layers(packages: readonly string[]): string {
  const env = { ...process.env, PACKAGES: packages.join(" ") };
  const built = spawnSync("bash", [join(DRIVER, "local.sh"), "base"], { encoding: "utf8", env });
  if (built.status !== 0) throw new Error(built.stderr);
  const parts = ["common", "base"].map((part) => `. ${DRIVER}/${part}.sh`);
  const script = [...parts, "base_layers", 'printf %s "$CONFIG_LAYER:$PACKAGE_LAYER:$SYSTEM_LAYER"'].join("\n");
  return spawnSync("bash", ["-c", script], { encoding: "utf8", env: { ...env, COMMAND: "test" } }).stdout;
}

export class JournalRoom {
  private readonly directory = mkdtempSync(join(tmpdir(), "journal-room-"));
  private readonly shell: ChildProcessWithoutNullStreams;
  private printed = "";

  constructor(packages: readonly string[], files: Readonly<Record<string, string>>) {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.directory, "upper", path)), { recursive: true });
      writeFileSync(join(this.directory, "upper", path), text);
    }
    this.shell = spawn("unshare", ["-m", "bash", join(__dirname, "journal-room.sh"), this.directory, layers(packages)]);
    for (const stream of [this.shell.stdout, this.shell.stderr])
      stream.on("data", (part: Buffer) => (this.printed += part.toString()));
  }

  /** Performs one line of shell, and returns what it has printed. */
  async run(line: string): Promise<string> {
    this.printed = "";
    this.shell.stdin.write(`${line}\n`);
    let ended: RegExpExecArray | null;
    while ((ended = /\nended (\d+)\n$/.exec(this.printed)) === null) {
      if (this.shell.exitCode !== null) throw new Error(`the room is closed: ${this.printed}`);
      await new Promise((done) => setTimeout(done, 20));
    }
    const printed = this.printed.slice(0, ended.index);
    if (ended[1] !== "0") throw new Error(`${line}: exit ${ended[1]}\n${printed}`);
    return printed;
  }

  async close(): Promise<void> {
    const closed = new Promise((done) => this.shell.on("close", done));
    if (this.shell.exitCode === null) {
      this.shell.stdin.end();
      await closed;
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}
