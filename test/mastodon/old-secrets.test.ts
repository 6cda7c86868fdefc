import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../lib/bin/cdktf-mastodon";
import { dotenv } from "../../lib/bin/dotenv";
import { oldSecrets } from "../../lib/bin/old-secrets";
import { wrongSecrets } from "../../lib/mastodon/secret-check";
import { makeSecrets, SECRET_NAMES } from "../../lib/mastodon/secrets";
import { said } from "../said";

const made = makeSecrets();
const unpadded = (text: string) => text.replace(/=+$/, "");
const OLD = `# Generated with mastodon:setup on 2019-04-01 10:00:00 UTC
LOCAL_DOMAIN=social.example
SECRET_KEY_BASE=${made.secret_key_base}
OTP_SECRET=${made.otp_secret} # keep
ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY=${made.active_record_encryption_primary_key}
ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY=${made.active_record_encryption_deterministic_key}
ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT=${made.active_record_encryption_key_derivation_salt}
VAPID_PRIVATE_KEY=${unpadded(made.vapid_private_key)}
VAPID_PUBLIC_KEY=${unpadded(made.vapid_public_key)}
export DB_PASS='p'
DB_PASS="p'a\\$s#w{o}rd="
REDIS_URL=rediss://default:a%40b%3Ac-d-e-f-g@cache.example.net:6380
AWS_SECRET_ACCESS_KEY=abc
SMTP_PASSWORD=abc
`;

describe("dotenv", () => {
  test.each([
    ["A=b", "b"],
    ["export A=b", "b"],
    ["  A = b  ", "b"],
    ["A=b # said", "b"],
    ["A=b#c", "b#c"],
    ["A='b # c' # said", "b # c"],
    ["A='$b'", "$b"],
    ['A="b\\"c"', 'b"c'],
    ['A="b\\$c"', "b$c"],
    ["A=b$", "b$"],
    ['A="-----BEGIN\nEND"', "-----BEGIN\nEND"],
    ["A=", ""],
    ["A=b==", "b=="],
    ["A=b\nA=c", "c"],
    ["A=$OTHER", undefined],
    ['A="${OTHER}x"', undefined],
  ])("%j", (text, value) => expect(dotenv(text).get("A")).toEqual({ value }));

  test("a line that is commented out counts for nothing", () => expect(dotenv("# A=b\n#A=c").has("A")).toBe(false));
});

describe("an older server's secrets", () => {
  test("are taken over under their new names, from parts and from addresses", () => {
    const { values, problems, notes } = oldSecrets(OLD);
    expect(problems).toEqual([]);
    expect(values).toEqual({
      ...Object.fromEntries(Object.entries(made).filter(([name]) => /^(secret_key|otp|active_record)/.test(name))),
      vapid_private_key: unpadded(made.vapid_private_key),
      vapid_public_key: unpadded(made.vapid_public_key),
      database_password: "p'a$s#w{o}rd=",
      redis_password: "a@b:c-d-e-f-g",
    });
    expect(notes).toEqual([
      expect.stringMatching(/^taken over: secret_key_base, /),
      "not taken over, since the page names them itself: AWS_SECRET_ACCESS_KEY, SMTP_PASSWORD",
      expect.stringMatching(/^for servers outside the page only, as in Postgres.external: database_password, redis_password;/),
    ]);
  });

  test("of an older file are taken over as they are", () => {
    const { vapid_private_key, vapid_public_key, ...rest } = made;
    expect(oldSecrets(JSON.stringify({ ...rest, media_key: "x" })).values).toEqual(rest);
    expect(vapid_private_key).not.toBe(vapid_public_key);
  });

  test("that cannot work are all told at once, and no value shows", () => {
    const { problems, notes } = oldSecrets(
      [
        "SECRET_KEY_BASE=hunter2",
        "DB_PASS=hunter2 hunter2",
        "OTP_SECRET=$HUNTER2",
        `VAPID_PRIVATE_KEY=${makeSecrets().vapid_private_key}`,
        `VAPID_PUBLIC_KEY=${made.vapid_public_key}`,
        `ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY=${made.active_record_encryption_primary_key}`,
        "REDIS_URL=hunter2",
      ].join("\n"),
    );
    expect(problems.map((problem) => problem.replace(/; it must match.*/, ""))).toEqual([
      "OTP_SECRET: refers to another variable; write out what it stands for",
      "REDIS_URL: cannot be read as an address",
      "secret_key_base: malformed",
      "database_password: malformed",
      "only active_record_encryption_primary_key of the three encryption keys: without the others what they encrypted is lost",
      "vapid_private_key and vapid_public_key: not the two halves of one pair",
    ]);
    expect([...problems, ...notes].join()).not.toMatch(/hunter2/i);
  });

  test("a half of a pair, and a file of something else", () => {
    expect(oldSecrets(`VAPID_PUBLIC_KEY=${made.vapid_public_key}`).problems).toEqual([
      "only vapid_public_key of the pair: give both halves, or neither for a new pair",
    ]);
    expect(oldSecrets("{ not json").problems).toEqual(["it holds no secret of a site"]);
  });
});

describe("the check", () => {
  test("finds nothing wrong with what was made", () => {
    for (let n = 0; n < 50; n++) expect(wrongSecrets(makeSecrets())).toEqual([]);
  });

  test("says everything at once, by name only", () => {
    const { otp_secret: _, ...rest } = made;
    const values = {
      ...rest,
      secret_key_base: "a".repeat(64),
      active_record_encryption_primary_key: "0123456789abcdef_DO_NOT_USE_IN_PRODUCTION",
      active_record_encryption_deterministic_key: made.active_record_encryption_key_derivation_salt,
      vapid_private_key: makeSecrets().vapid_private_key,
      database_password: "mastodon",
      redis_password: 'a"b',
      pgbouncer_admin_password: "p-a-s-s-w-o-r-d-!",
    };
    expect(wrongSecrets(values).map((line) => line.replace(/; it must match.*/, ""))).toEqual([
      "secret_key_base: weak; it has fewer than 6 different characters",
      "otp_secret: missing",
      "active_record_encryption_primary_key: weak; it is a published example",
      "database_password: weak; it has fewer than 12 characters",
      "pgbouncer_admin_password: malformed",
      "redis_password: malformed",
      "the encryption keys: two of the three are alike; no generator makes that",
      "vapid_private_key and vapid_public_key: not the two halves of one pair",
    ]);
  });
});

test("the command takes over, checks, and shows no value on the way", () => {
  const folder = mkdtempSync(join(tmpdir(), "old-secrets-"));
  const run = (...args: readonly string[]) => said(() => main(["secrets", ...args]));
  const [old, file] = [join(folder, ".env.production"), join(folder, "secrets.tfvars.json")] as const;
  try {
    writeFileSync(old, OLD.replace(/^REDIS_URL.*\n/m, ""));
    const taken = run(file, "--from", old);
    expect(taken.status).toBe(0);
    expect(taken.said).toContain("made anew: replication_password, pgbouncer_admin_password, redis_password,");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const values = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
    expect(Object.keys(values)).toEqual([...SECRET_NAMES]);
    expect(values["secret_key_base"]).toBe(made.secret_key_base);
    expect(run("check", file)).toEqual({ status: 0, said: `${file}: all secrets are there and well formed\n` });

    writeFileSync(old, `${OLD}SECRET_KEY_BASE=short\n`);
    const refused = run(join(folder, "other.json"), "--from", old);
    expect(refused).toEqual({ status: 1, said: expect.stringContaining(`${old}: secret_key_base: malformed`) as string });
    writeFileSync(file, JSON.stringify({ ...values, otp_secret: undefined, database_password: "hunter2" }), { mode: 0o644 });
    const checked = run("check", file);
    expect(checked.status).toBe(1);
    expect(checked.said.split("\n")).toHaveLength(3);
    writeFileSync(file, "hunter2");
    expect(run("check", file)).toEqual({ status: 1, said: `${file}: is no JSON\n` });
    writeFileSync(file, "null");
    expect(run("check", file)).toEqual({ status: 1, said: `${file}: is no object of names and values\n` });
    for (const args of [["check"], [file, "--form", old], ["check", join(folder, "none")]])
      expect(run(...args).status).not.toBe(0);
    for (const { said } of [taken, refused, checked]) {
      for (const value of [...Object.values(values), "hunter2"]) expect(said).not.toContain(value);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
