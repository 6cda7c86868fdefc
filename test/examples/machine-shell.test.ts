// All shell that boot texts bring, under the tools of the machines: Debian's awk is mawk, its sh is dash. A program that its reader refuses fails
// on a machine each time it is called, and where its caller looks away nobody sees it: mawk once refused a check for a second primary.

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { bootTexts, planOf } from "./plan";
import { Call, callsOf, Shell, shellOf } from "./machine-shell";

const ROOT = join(__dirname, "../..");
const EXAMPLES = readdirSync(join(ROOT, "examples"));
const ON_SOCIAL = [
  "hetzner",
  "digitalocean",
  "digitalocean-managed",
  "aws",
  "aws-managed",
  "aws-scaled",
  "aws-ses",
  "aws-existing",
];
const ON_LOCAL = ["local", "one-line", "monitored", "alerts", "settings", "old-version", "fork"];
const stackOf = (example: string) => (ON_SOCIAL.includes(example) ? "social" : ON_LOCAL.includes(example) ? "local" : example);

let shell: readonly Shell[];
beforeAll(() => {
  const texts = EXAMPLES.map((name) => bootTexts(planOf(name, stackOf(name))));
  // The local cloud's driver runs on the user's own host, Debian as well.
  const driver = join(ROOT, "lib/clouds/local/driver");
  const parts = readdirSync(driver).filter((file) => file.endsWith(".sh"));
  shell = [
    ...shellOf(
      Object.fromEntries(
        texts.flatMap((hosts, n) => Object.entries(hosts).map(([host, text]) => [`${EXAMPLES[n]} ${host}`, text])),
      ),
    ),
    ...parts.map((file): Shell => ({ where: file, interpreter: "bash", text: readFileSync(join(driver, file), "utf8") })),
  ];
});

function said(command: string, args: readonly string[], input = ""): { readonly status: number | null; readonly stderr: string } {
  const { status, stderr } = spawnSync(command, args, { input, encoding: "utf8", env: { ...process.env, LC_ALL: "C.UTF-8" } });
  return { status, stderr };
}

const calls = (command: string) => {
  const all = shell.flatMap((one) => callsOf(one, command));
  return [...new Map(all.map((call) => [call.words.join("\0"), call])).values()];
};

/** What the reader says of each call that it refuses; `refuses` gets the call's words. */
const refused = (all: readonly Call[], refuses: (words: readonly string[]) => string) =>
  all.flatMap(({ where, words }) => {
    const why = refuses(words);
    return why === "" ? [] : [`${where}: ${words.join(" ")}: ${why}`];
  });

test("the tools are those of the machines", () => {
  expect(spawnSync("awk", ["-W", "version"], { encoding: "utf8" }).stdout).toMatch(/^mawk /);
  expect(spawnSync("sh", ["-c", "readlink /proc/$$/exe"], { encoding: "utf8" }).stdout).toMatch(/\/dash\n$/);
});

test("every kind of shell is found", () => {
  const wheres = shell.map(({ where }) => where.replace(/^\S+ \S+: /, ""));
  expect(wheres).toEqual(
    expect.arrayContaining(["/usr/local/sbin/patroni-start", "/usr/local/sbin/etcd-start", "/usr/local/bin/rails", "machine.sh"]),
  );
  expect(wheres.filter((where) => where === "cloud-init")).toHaveLength(1);
  expect(calls("awk").length).toBeGreaterThan(20);
  expect(calls("sed").length).toBeGreaterThan(20);
  expect(calls("grep").length).toBeGreaterThan(20);
});

test("so are texts that others source, and commands of units", () => {
  const Database = stringify({
    write_files: [
      { path: "/usr/local/lib/ask", content: 'ask() { curl "$1"; }\n' },
      { path: "/etc/systemd/system/a.service", content: "[Service]\nExecStopPost=/bin/sh -c 'echo $$HOME %%'\n" },
    ],
  });
  expect(shellOf({ Database })).toEqual([
    { where: "Database: /usr/local/lib/ask", interpreter: "bash", text: 'ask() { curl "$1"; }\n' },
    { where: "Database: /etc/systemd/system/a.service", interpreter: "sh", text: "echo $HOME %" },
  ]);
});

test("every script is one for its shell", () => {
  const wrong = shell.flatMap(({ where, interpreter, text }) => {
    const { status, stderr } = said(interpreter === "sh" ? "dash" : "bash", ["-n"], text);
    return status === 0 && stderr === "" ? [] : [`${where}: ${stderr}`];
  });
  expect(wrong).toEqual([]);
});

test("what runs under sh has nothing of bash", () => {
  const plain = shell.filter(({ interpreter }) => interpreter === "sh");
  expect(plain.length).toBeGreaterThanOrEqual(2);
  const wrong = plain.flatMap(({ where, text }) => {
    const { stdout } = spawnSync("shellcheck", ["--shell=dash", "--severity=warning", "-"], { input: text, encoding: "utf8" });
    return stdout === "" ? [] : [`${where}: ${stdout}`];
  });
  expect(wrong).toEqual([]);
});

test("mawk takes every awk program with its very options", () => {
  const wrong = refused(calls("awk"), (words) => said("mawk", words.slice(0, programOf(words, /^-[vF]$/) + 1)).stderr);
  expect(wrong).toEqual([]);
});

test("sed takes every program with its very options", () => {
  const wrong = refused(calls("sed"), (words) => {
    const options = words.slice(0, programOf(words, /^-l$/) + 1).filter((word) => !/^-i|^--in-place/.test(word));
    return said("sed", options).stderr;
  });
  expect(wrong).toEqual([]);
});

test("grep takes every pattern with its very options", () => {
  // A list of patterns is a file, which is not there.
  const known = calls("grep").filter(({ words }) => !words.some((word) => /^-\w*f$/.test(word)));
  const wrong = refused(
    known,
    (words) =>
      said(
        "grep",
        words.slice(0, programOf(words, /^-[mABC]$/) + 1).filter((word) => !/^-\w*r/.test(word)),
      ).stderr,
  );
  expect(wrong).toEqual([]);
});

test("a program that mawk refuses is seen", () => {
  const [call] = callsOf(
    { where: "here", interpreter: "bash", text: `other=$(awk -v system="$1" '$5 == system' <<<"$words")` },
    "awk",
  );
  expect(call!.words).toEqual(["-v", "system=1", "$5 == system"]);
  expect(said("mawk", call!.words).stderr).toContain("cannot command line assign to system");
});

/** Where the program or pattern stands among the words; `valued` are the options of which the next word is the value. */
function programOf(words: readonly string[], valued: RegExp): number {
  for (let n = 0; n < words.length; n++) {
    if (words[n] === "-e") return n + 1;
    if (valued.test(words[n]!)) n++;
    else if (!words[n]!.startsWith("-") || words[n] === "--") return words[n] === "--" ? n + 1 : n;
  }
  return words.length - 1;
}
