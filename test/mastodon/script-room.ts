// A directory in the place of a machine, in which a script of the library runs with commands that the test makes up:
// `new ScriptRoom("etcd-start.sh", { curl: "cat $ROOT/answer" })`.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { script } from "../../lib/core/script";

const PROGRAMS = join(__dirname, "../../lib/mastodon/programs");
// Of a command that is not there, nothing is called by mistake: only these are the computer's own.
const SLEEP = `n=$(($(cat $ROOT/turns 2>/dev/null || echo 0) + 1))
echo $n >$ROOT/turns
[ ! -e $ROOT/turn-$n ] || . $ROOT/turn-$n
[ $n -lt 8 ] || kill -KILL $PPID
`;

export interface Ran {
  /** "waits" if it still slept after eight turns. */
  readonly status: number | "waits" | null;
  readonly said: readonly string[];
  /** How often it slept. */
  readonly turns: number;
  /** What was written by `did` of the made-up commands. */
  readonly did: readonly string[];
}

export class ScriptRoom {
  readonly root = mkdtempSync(join(tmpdir(), "script-"));

  /** `commands` are shell texts by name; they have the room as $ROOT, and `did WORDS` notes what they did. */
  constructor(
    private readonly file: string,
    commands: Readonly<Record<string, string>>,
  ) {
    this.command("did", 'echo "${*//"$ROOT"/}" >>$ROOT/did');
    this.command("sleep", SLEEP);
    for (const [name, text] of Object.entries(commands)) this.command(name, text);
  }

  /** The path of something in the room. */
  at(path: string): string {
    return join(this.root, path);
  }

  write(path: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), text);
    chmodSync(this.at(path), mode);
  }

  read(path: string): string | undefined {
    return existsSync(this.at(path)) ? readFileSync(this.at(path), "utf8") : undefined;
  }

  /** What happens in the n-th sleep, as shell. */
  turn(n: number, text: string): void {
    this.write(`turn-${n}`, text);
  }

  async run(values: Readonly<Record<string, string | number>>, ...args: readonly string[]): Promise<Ran> {
    const env = { PATH: `${this.at("bin")}:${process.env["PATH"]}`, ROOT: this.root };
    const child = spawn("bash", ["--norc", "-c", script(join(PROGRAMS, this.file), values), this.file, ...args], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (said += text));
    const [status, signal] = (await once(child, "close")) as [number | null, string | null];
    const lines = (text: string | undefined) => (text ?? "").replaceAll(this.root, "").split("\n").filter(Boolean);
    return {
      status: signal === "SIGKILL" ? "waits" : status,
      said: lines(said).filter((line) => !/^[\w.-]+: line \d+: +\d+ Killed/.test(line)),
      turns: Number(this.read("turns") ?? 0),
      did: lines(this.read("did")),
    };
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  private command(name: string, text: string): void {
    this.write(`bin/${name}`, `#!/bin/bash\n${text}\n`, 0o755);
  }
}
