// The gate as Terraform runs it, with a stand-in for the AWS CLI: `cli.answer = …; await cli.gate()`. Each call is a line of the log.

import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const LIB = join(__dirname, "../../../lib/clouds");
export const GATE = join(LIB, "aws/gate/gate.mjs");

export interface Answer {
  readonly code?: number;
  readonly body?: object;
  readonly error?: string;
}

export class AwsCli {
  /** What the CLI does with the words of a call, without those of all calls. */
  answer: (words: readonly string[], times: number) => Answer = () => ({ code: 1 });
  calls: string[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), "aws-cli-"));
  private readonly server: Server;

  /** Opens for each test of the file and closes after it. */
  constructor() {
    const socket = join(this.folder, "socket");
    this.server = createServer({ allowHalfOpen: true }, (connection) => {
      let text = "";
      connection.on("data", (part) => (text += String(part)));
      connection.on("end", () => connection.end(JSON.stringify(this.take(JSON.parse(text) as string[]))));
    });
    writeFileSync(
      join(this.folder, "aws"),
      `#!${process.execPath}
const connection = require("node:net").connect(${JSON.stringify(socket)}, () => connection.end(JSON.stringify(process.argv.slice(2))));
let text = "";
connection.on("data", (part) => (text += part));
connection.on("end", () => {
  const { code = 0, body = {}, error = "" } = JSON.parse(text);
  process.stderr.write(error);
  if (code === 0) process.stdout.write(JSON.stringify(body));
  process.exitCode = code;
});
`,
    );
    chmodSync(join(this.folder, "aws"), 0o755);
    beforeAll(() => new Promise<void>((done) => void this.server.listen(socket, done)));
    beforeEach(() => void (this.calls = []));
    afterAll(async () => {
      await new Promise((done) => this.server.close(done));
      rmSync(this.folder, { recursive: true });
    });
  }

  environment(change: Readonly<Record<string, string>> = {}): Record<string, string> {
    return {
      PATH: `${this.folder}:${dirname(process.execPath)}`,
      WAITING: join(LIB, "shared/gate/waiting.mjs"),
      PAUSE_SECONDS: "0.02",
      LIMIT_SECONDS: "10",
      POOL: "web",
      REGION: "eu-central-1",
      GROUP: "social-web-bbbbbb",
      TAGS: "cdktf-mastodon:site=social cdktf-mastodon:pool=web",
      TARGETS: "",
      ...change,
    };
  }

  /** Runs the gate; numbers of seconds in its lines are N. */
  async gate(
    change: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
    const child = spawn(process.execPath, [GATE, "serve"], { env: this.environment(change) });
    let text = "";
    child.stdout.on("data", (part) => (text += String(part)));
    child.stderr.on("data", (part) => (text += String(part)));
    const code = await new Promise<number>((done) => child.on("close", done));
    const lines = text.trim().split("\n");
    return { code, lines: lines.map((line) => line.replace(/\b\d+ s\b/, "N s")) };
  }

  private take(words: readonly string[]): Answer {
    const ALL = ["--region", "eu-central-1", "--output", "json", "--no-cli-pager"];
    expect(words.slice(-ALL.length)).toEqual(ALL);
    const own = words.slice(0, -ALL.length);
    this.calls.push(own.join(" "));
    return this.answer(own, this.calls.filter((call) => call === own.join(" ")).length);
  }
}
