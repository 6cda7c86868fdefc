import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../lib/bin/cdktf-mastodon";
import { makeSecrets } from "../../lib/mastodon/secrets";
import { said } from "../said";

let folder = "";
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "changed-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const file = () => join(folder, "secrets.tfvars.json");
const page = () => join(folder, "cdktf.out");
const held = (path = file()) => JSON.parse(readFileSync(path, "utf8")) as Readonly<Record<string, unknown>>;
const changed = (...words: readonly string[]) => said(() => main(["secrets", "changed", ...words, "--page", page()]));
const checked = () => said(() => main(["secrets", "check", file(), "--page", page()]));

function write(values: Readonly<Record<string, unknown>>, path = file()): void {
  writeFileSync(path, JSON.stringify(values), { mode: 0o600 });
}

/** A page that `cdktf synth` has written, whose machines fetch secrets or do not. */
function synthesized(fetches: boolean): void {
  mkdirSync(join(page(), "stacks/stack"), { recursive: true });
  const facts = { name: "mail_password", wanted: true, rules: [] };
  const variable = { mail_password: { "//": facts }, ...(fetches && { secret_versions: { type: "map(number)" } }) };
  writeFileSync(join(page(), "stacks/stack/cdk.tf.json"), JSON.stringify({ variable }));
}

const AFTER =
  "The next deploy with this file replaces the members of pools that have them, and names the kept machines to renew.\n";

test("raises the number of each named secret, and changes nothing else of the file", () => {
  write({ mail_password: "Zx9q7w2", a: "1", b: "2", secret_versions: { a: 4 } });
  expect(changed(file(), "mail_password", "a", "a")).toEqual({
    status: 0,
    said: `mail_password: number 2\na: number 5\n${AFTER}`,
  });
  expect(held()).toEqual({ mail_password: "Zx9q7w2", a: "1", b: "2", secret_versions: { a: 5, mail_password: 2 } });
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  expect(changed(file(), "a").status).toBe(0);
  expect(held()["secret_versions"]).toEqual({ a: 6, mail_password: 2 });
});

test("is for its owner only, also if the file was not, and follows a link to it", () => {
  write({ a: "1" });
  chmodSync(file(), 0o644);
  symlinkSync(file(), join(folder, "link"));
  expect(changed(join(folder, "link"), "a").status).toBe(0);
  expect(held()).toEqual({ a: "1", secret_versions: { a: 2 } });
  expect(statSync(file()).mode & 0o777).toBe(0o600);
});

test("refuses what it does not know, and then leaves the file alone", () => {
  for (const [values, words, told] of [
    [{ a: "Zx9q7w2" }, ["a", "other"], "there is no other; give the names that stand in the file"],
    [
      { a: "Zx9q7w2", secret_versions: {} },
      ["secret_versions"],
      "there is no secret_versions; give the names that stand in the file",
    ],
    [{ a: "1", secret_versions: { a: "2" } }, ["a"], "secret_versions: that of a is no whole number from 1 on"],
    [
      { a: "1", secret_versions: [2] },
      ["a"],
      "secret_versions: is no object of names and numbers; remove it, and name what has changed: secrets changed FILE NAME",
    ],
  ] as const) {
    write(values);
    expect(changed(file(), ...words)).toEqual({ status: 1, said: `${file()}: ${told}\n` });
    expect(held()).toEqual(values);
  }
  for (const words of [[], [file()], [file(), "a", "--site", "b"]]) expect(changed(...words).status).toBe(2);
  writeFileSync(file(), "Zx9q7w2");
  expect(changed(file(), "a")).toEqual({ status: 1, said: `${file()}: is no JSON\n` });
});

test("has nothing to do for a page whose boot texts hold the values", () => {
  write({ mail_password: "1" });
  synthesized(false);
  expect(changed(file(), "mail_password")).toEqual({
    status: 0,
    said: `${file()}: nothing to do; no site of the page in ${page()} fetches secrets from a store, so Terraform sees what has changed\n`,
  });
  expect(held()).toEqual({ mail_password: "1" });
  rmSync(page(), { recursive: true });
  synthesized(true);
  expect(changed(file(), "mail_password").status).toBe(0);
});

test("check knows the numbers, and names those that are wrong", () => {
  synthesized(true);
  write({ mail_password: "Zx9q7w2", secret_versions: { mail_password: 2 } });
  expect(checked()).toEqual({
    status: 0,
    said: `${file()}: all secrets that the page in ${page()} wants are there and well formed\n`,
  });
  write({ mail_password: "Zx9q7w2", secret_versions: { mail_password: 1.5, gone: 2 } });
  expect(checked()).toEqual({
    status: 1,
    said:
      `${file()}: secret_versions: that of mail_password is no whole number from 1 on\n` +
      `${file()}: secret_versions: gone is no secret of the file; correct the name, or remove it\n`,
  });
});

test("a new file of several old ones has the numbers of all, under the names that their secrets have in it", () => {
  const olds = ["one", "two"].map((name) => join(folder, `${name}.json`));
  const own = { redis_password: 3, mail_password: 2 };
  for (const [n, old] of olds.entries())
    write({ ...makeSecrets(), mail_password: "a", [`key_${n}`]: "b", secret_versions: { ...own, [`key_${n}`]: 7 } }, old);
  const from = olds.flatMap((old, n) => ["--from", `${["one", "two"][n]!}=${old}`]);
  expect(said(() => main(["secrets", file(), "--site", "one", "--site", "two", ...from, "--page", page()])).status).toBe(0);
  expect(held()["secret_versions"]).toEqual({
    one_redis_password: 3,
    two_redis_password: 3,
    mail_password: 2,
    key_0: 7,
    key_1: 7,
  });
});
