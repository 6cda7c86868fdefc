// A page in a Chromium without a window, by its DevTools protocol: `const browser = await open(url)`, then `await browser.text()`.

import { ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import WebSocket from "ws";

export interface Look {
  readonly width: number;
  readonly dark?: boolean;
}

export class Browser {
  private calls = 0;
  /** What the page has complained of, such as a policy that it breaks. */
  readonly complaints: string[] = [];

  private constructor(
    private readonly process: ChildProcess,
    private readonly folder: string,
    private readonly socket: WebSocket,
  ) {
    socket.on("message", (data: Buffer) => {
      const { method, params } = JSON.parse(data.toString()) as { readonly method?: string; readonly params?: Entry };
      const entry = method === "Log.entryAdded" ? params?.entry : undefined;
      if (entry !== undefined && entry.source !== "network") this.complaints.push(entry.text);
      if (method === "Runtime.exceptionThrown") this.complaints.push(JSON.stringify(params));
    });
  }

  static async start(): Promise<Browser> {
    const folder = mkdtempSync(join(tmpdir(), "browser-"));
    const options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"];
    const own = ["--remote-debugging-port=0", `--user-data-dir=${folder}`, "--lang=en-US"];
    const process = spawn("chromium", [...options, ...own, "about:blank"], {
      stdio: "ignore",
      env: { ...globalThis.process.env, TZ: "UTC" },
    });
    const file = join(folder, "DevToolsActivePort");
    const port = await soon(() => (existsSync(file) ? readFileSync(file, "utf8").split("\n")[0] : undefined), "Chromium");
    const pages = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as readonly Target[];
    const socket = new WebSocket(pages.find(({ type }) => type === "page")!.webSocketDebuggerUrl);
    await new Promise((done) => socket.once("open", done));
    const browser = new Browser(process, folder, socket);
    for (const domain of ["Page", "Runtime", "Log"]) await browser.call(`${domain}.enable`);
    return browser;
  }

  async open(url: string, { width, dark = false }: Look): Promise<void> {
    await this.call("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 });
    const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
    await this.call("Emulation.setEmulatedMedia", { features });
    await this.call("Page.navigate", { url });
  }

  /** The value of an expression on the page. */
  async value<Value>(expression: string): Promise<Value> {
    const { result } = (await this.call("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true })) as {
      readonly result: { readonly value: Value };
    };
    return result.value;
  }

  /** Waits until the expression is true. */
  async until(expression: string): Promise<void> {
    await soon(async () => ((await this.value<boolean>(expression)) ? true : undefined), expression);
  }

  /** The page as a PNG, or a part of it. */
  async picture(part?: Part): Promise<Buffer> {
    const { data } = (await this.call("Page.captureScreenshot", { captureBeyondViewport: true, clip: part })) as {
      readonly data: string;
    };
    return Buffer.from(data, "base64");
  }

  async close(): Promise<void> {
    const ended = new Promise((done) => this.process.once("exit", done));
    // Ends its other processes too, which would still write to the folder.
    this.socket.send(JSON.stringify({ id: ++this.calls, method: "Browser.close" }));
    await ended;
    this.socket.close();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  private async call(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.calls;
    const answer = new Promise<Answer>((done) => {
      const take = (data: Buffer) => {
        const one = JSON.parse(data.toString()) as Answer;
        if (one.id !== id) return;
        this.socket.off("message", take);
        done(one);
      };
      this.socket.on("message", take);
    });
    this.socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await answer;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }
}

interface Part {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Target {
  readonly type: string;
  readonly webSocketDebuggerUrl: string;
}

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface Entry {
  readonly entry?: { readonly source: string; readonly text: string };
}

/** Tries until there is a value, for half a minute. */
async function soon<Value>(get: () => Value | undefined | Promise<Value | undefined>, what: string): Promise<Value> {
  for (let n = 0; n < 300; n++) {
    const value = await get();
    if (value !== undefined) return value;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`in 30 s: ${what}`);
}
