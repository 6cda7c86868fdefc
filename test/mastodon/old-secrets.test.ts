import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { PgBouncer, Postgres, Secret, Site } from "../../lib";
import { main } from "../../lib/bin/cdktf-mastodon";
import { differences, dotenv } from "../../lib/bin/dotenv";
import { oldSecrets } from "../../lib/bin/old-secrets";
import { wrongSecrets } from "../../lib/mastodon/secret-check";
import { makeSecrets, PASSWORD, SECRET_NAMES } from "../../lib/mastodon/secrets";
import { FakeCloud } from "../../lib/testing";
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

const bytes = (text: string) => Buffer.from(text);

/** Everything that Ruby reads in it as one thing, or why not. */
const ruby = (text: string) => {
  const setting = dotenv(text).settings.get("A");
  return setting?.ruby ?? setting?.trouble?.split(" ").slice(0, 2).join(" ");
};

describe("dotenv, as Ruby reads it", () => {
  test.each([
    ["A=b", "b"],
    ["export A=b", "b"],
    ["  A = b  ", "b"],
    ["A: b", "b"],
    ["\uFEFFA=b", "b"],
    ["X=1\r\nA=b\r\nY=2\r\n", "b"],
    ["A=b # said", "b"],
    ["A=b#c", "b"],
    ["A='b#c'", "b#c"],
    ["A='b # c' # said", "b # c"],
    ["A='$b'", "$b"],
    ["A='$(b)'", "$(b)"],
    ['A="b\\"c"', 'b"c'],
    ['A="b\\$c"', "b$c"],
    ["A=b\\$c", "b$c"],
    ["A=b\\$(c)", "b$(c)"],
    ['A="b\\nc"', "b\\nc"],
    ["A=b$", "b$"],
    ["A=b\\#", "b\\"],
    ['A="-----BEGIN\nEND"', "-----BEGIN\nEND"],
    ["A=", ""],
    ["A=b==", "b=="],
    ["A=b\nA=c", "c"],
    ["B=x\nA=$B", "x"],
    ['B=x\nA="${B}y"', "xy"],
    ["A=$OTHER", "refers by"],
    ['A="${OTHER}x"', "refers by"],
    ["A=pa$word", "refers by"],
    ["A=$(id)", "has Ruby's"],
    ['A="x$(id)"', "has Ruby's"],
    ["B='$(id)'\nA=$B", "has Ruby's"],
  ])("%j", (text, value) => expect(ruby(text)).toBe(value));

  test("a line that is commented out counts for nothing", () => {
    expect(dotenv("# A=b\n#A=c")).toEqual({ settings: new Map(), passedOver: [] });
  });

  test("lines that nobody reads are known by their number", () => {
    expect(dotenv("A=b\n\n# c\nSECRET_KEY_BASE abc\nexport A\nB='x\ny'\nB=c\n=d").passedOver).toEqual([4, 9]);
    expect(dotenv('\n\nA="x\ny"\nB=c').settings.get("B")?.line).toBe(5);
  });
});

describe("a line that is read differently", () => {
  const differ = (text: string) => {
    const setting = dotenv(text).settings.get("A");
    return setting === undefined ? undefined : differences(setting);
  };
  const [all, two, docker] = ["Ruby's dotenv", "Ruby's dotenv and npm's dotenv", "Docker's --env-file"] as const;

  test.each([
    ["A='Zx9q'", `${two}: 4 characters; ${docker}: 6 characters, with a single quote`],
    ["A=Zx9q#7w", `${two}: 4 characters; ${docker}: 7 characters, with a number sign, a letter or digit`],
    ["A=Zx9q # old", `${two}: 4 characters; ${docker}: 10 characters, with a space, a number sign, a letter or digit`],
    ["A=Zx9q ", `${two}: 4 characters; ${docker}: 5 characters, with a space`],
    [
      'A="Zx9q\\$7w"',
      `${all}: 7 characters; npm's dotenv: 8 characters, with a backslash; ${docker}: 10 characters, with a double quote, a backslash`,
    ],
    [
      'A="Zx\\n9q"',
      `${all}: 6 characters, with a backslash, a letter or digit; npm's dotenv: 5 characters, with a line break; ${docker}: 8 characters, with a double quote, a backslash, a letter or digit`,
    ],
    ["A=`Zx9q`", `${all} and ${docker}: 6 characters, with a backtick; npm's dotenv: 4 characters`],
    ["A='Zx\n9q'", `${two}: 5 characters, with a line break, a letter or digit; ${docker}: 3 characters, with a single quote`],
  ])("%j", (text, said) => expect(differ(text)).toBe(said));

  // Docker does not start with a file that has such a line.
  test.each(["A=Zx9q", "export A='Zx9q'", "A: 'Zx9q'", "A=Zx9q==", "A=Zx+/9q", "A = 'Zx9q'"])("%j is not", (text) =>
    expect(differ(text)).toBeUndefined(),
  );
});

describe("an older server's secrets", () => {
  test("are taken over under their new names, from parts and from addresses", () => {
    const { values, problems, notes } = oldSecrets(bytes(OLD), { reader: "ruby" });
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
      expect.stringMatching(/^for external servers only, as in Postgres.external: database_password, redis_password;/),
    ]);
  });

  test("of an older file are taken over as they are", () => {
    const { vapid_private_key, vapid_public_key, ...rest } = made;
    expect(oldSecrets(bytes(JSON.stringify({ ...rest, media_key: "x" })))).toMatchObject({
      values: rest,
      others: { media_key: "x" },
    });
    expect(vapid_private_key).not.toBe(vapid_public_key);
  });

  test("that cannot work are all told at once, and no value shows", () => {
    const { problems, notes } = oldSecrets(
      bytes(
        [
          "SECRET_KEY_BASE=hunter2",
          "DB_PASS=hunter2 hunter2",
          "OTP_SECRET=$HUNTER2",
          `VAPID_PRIVATE_KEY=${makeSecrets().vapid_private_key}`,
          `VAPID_PUBLIC_KEY=${made.vapid_public_key}`,
          `ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY=${made.active_record_encryption_primary_key}`,
          "REDIS_URL=hunter2",
          "hunter2",
        ].join("\n"),
      ),
    );
    expect(problems).toEqual([
      "line 8: is no line of the form NAME=value, and loaders pass over it; correct it or make it a comment",
      "line 3, OTP_SECRET: refers by a dollar sign to a variable that the file does not set before; write the value itself, without quotes if it has letters " +
        "and digits only, else in single quotes and with --read-by ruby, or say --read-by docker if Docker read it as it stands",
      "line 7, REDIS_URL: cannot be read as an address; encode what is no letter or digit in its password",
      "secret_key_base: is shorter than 30 characters; it takes 30 to 256 printable characters of ASCII but a space",
      "database_password: holds a space; an external server takes 1 to 128 printable characters of ASCII but a space, a double quote, a percent sign, a backslash",
      "only active_record_encryption_primary_key of the three encryption keys: without the others what they encrypted is lost",
      "vapid_private_key and vapid_public_key: not a key pair; give both from the same generator run",
    ]);
    expect([...problems, ...notes].join()).not.toMatch(/hunter2/i);
  });

  test("a half of a pair, and a file of something else", () => {
    expect(oldSecrets(bytes(`VAPID_PUBLIC_KEY=${made.vapid_public_key}`)).problems).toEqual([
      "only vapid_public_key of the pair: give both halves, or neither for a new pair",
    ]);
    expect(oldSecrets(bytes("{ not json")).problems).toEqual(["begins with a brace, but is no JSON"]);
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
    expect(wrongSecrets(values)).toEqual([
      "secret_key_base: weak; it has fewer than 6 different characters. Signs sessions. A change logs everyone out.",
      "otp_secret: missing; secrets NEW --from FILE makes what FILE lacks",
      "active_record_encryption_primary_key: weak; it is a published example. Encrypts columns. If it is lost or changed, data is lost.",
      "database_password: weak; it has fewer than 12 characters. The PostgreSQL role mastodon.",
      "pgbouncer_admin_password: holds a hyphen, an exclamation mark; a server of the page takes 16 to 64 letters and digits",
      "redis_password: holds a double quote; an external server takes 1 to 128 printable characters of ASCII but a space, a double quote, a percent sign, a backslash",
      "active_record_encryption_…: two of the three keys are equal, which no generator makes; import the server's own with --from",
      "vapid_private_key and vapid_public_key: not a key pair; give both from the same generator run",
    ]);
    const named = Object.fromEntries(Object.entries(values).map(([name, value]) => [`social_${name}`, value]));
    expect(wrongSecrets(named, { site: "social", names: ["otp_secret"], rules: { redis_password: [PASSWORD] } })).toEqual(
      expect.arrayContaining([
        "social_otp_secret: missing; secrets NEW --from FILE makes what FILE lacks",
        "social_redis_password: is shorter than 16 characters and holds a double quote; a server of the page takes 16 to 64 letters and digits",
      ]),
    );
  });
});

describe("the command", () => {
  let folder: string;
  let before: string;
  const run = (...args: readonly string[]) => {
    const { status, said: text } = said(() => main(["secrets", ...args]));
    return { status, said: text.replaceAll(`${folder}/`, "") };
  };
  const at = (name: string) => join(folder, name);
  const write = (name: string, text: string | Uint8Array) => writeFileSync(at(name), text, { mode: 0o600 });
  const valuesOf = (name: string) => JSON.parse(readFileSync(at(name), "utf8")) as Record<string, string>;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "old-secrets-"));
    before = process.cwd();
    process.chdir(folder);
  });
  afterEach(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });

  test("takes over, checks, and shows no value on the way", () => {
    write(".env", OLD.replace(/^REDIS_URL.*\n/m, ""));
    const taken = run("new.json", "--from", ".env", "--read-by", "ruby");
    expect(taken.status).toBe(0);
    expect(taken.said).toContain("made anew: replication_password, pgbouncer_admin_password, redis_password,");
    expect(statSync("new.json").mode & 0o777).toBe(0o600);
    const values = valuesOf("new.json");
    expect(Object.keys(values)).toEqual([...SECRET_NAMES]);
    expect(values["secret_key_base"]).toBe(made.secret_key_base);
    expect(run("check", "new.json")).toEqual({
      status: 0,
      said: "new.json: all secrets of a site are there and well formed. Those that the page names itself are checked once cdktf synth has written cdktf.out\n",
    });

    const refused = [run("other.json", "--from", ".env")];
    write(".env", `${OLD}SECRET_KEY_BASE=short\n`);
    refused.push(run("other.json", "--from", ".env", "--read-by", "ruby"));
    expect(refused.map(({ status }) => status)).toEqual([1, 1]);
    // Docker does not read a file that has an export.
    expect(refused[0]!.said).toBe(
      ".env: line 11, DB_PASS: is read differently. Ruby's dotenv: 13 characters; npm's dotenv: 14 characters, with a backslash. " +
        "Now write it so that all read the same, or say who has read it: --read-by ruby (the server itself, or docker compose) or --read-by docker " +
        "(docker run --env-file)\n",
    );
    expect(refused[1]!.said).toContain(".env: secret_key_base: is shorter than 30 characters");
    expect(existsSync("other.json")).toBe(false);

    write("new.json", JSON.stringify({ ...values, otp_secret: undefined, database_password: "hunter2" }));
    chmodSync("new.json", 0o644);
    const checked = run("check", "new.json");
    expect(checked.status).toBe(1);
    expect(checked.said.split("\n")).toHaveLength(4);
    expect(checked.said).toContain("new.json: others may read it; chmod 600 new.json\n");
    for (const { said } of [taken, ...refused, checked]) {
      for (const value of [...Object.values(values), "hunter2"]) expect(said).not.toContain(value);
    }
  });

  test("refuses what is no file of secrets, and words that make no sense", () => {
    for (const [text, wrong] of [
      ["hunter2", "is no JSON"],
      ["null", "is no object of names and values"],
      ["[1]", "is no object of names and values"],
      [
        '{"a": "hunter2", "redis_password": "\\"a\\": hunter2", "a" : "hunter2"}',
        "a stands there twice; remove the one that is wrong",
      ],
    ] as const) {
      write("new.json", text);
      expect(run("check", "new.json")).toEqual({ status: 1, said: `new.json: ${wrong}\n` });
    }
    // Variables may be objects, and each has names of its own.
    write("new.json", '{"a": {"key": "1"}, "b": [{"key": "2"}, {"key": "3"}], "c": "{ \\"key\\""}');
    expect(run("check", "new.json").said).not.toContain("twice");
    for (const args of [
      ["check"],
      ["x.json", "--form", ".env"],
      ["check", "none.json"],
      ["x.json", "--from"],
      ["x.json", "--read-by", "bash"],
      ["check", "x.json", "--from", "y"],
    ])
      expect(run(...args).status).not.toBe(0);
  });

  test.each([
    ["UTF-16 with a mark", Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(OLD, "utf16le")]), "is UTF-16"],
    ["UTF-16 without", Buffer.from(OLD, "utf16le"), "is UTF-16"],
    ["Latin-1", Buffer.from("DB_PASS=ä\n", "latin1"), "is not UTF-8"],
    [
      "a command",
      Buffer.from("SECRET_KEY_BASE=$(touch ran)\n"),
      "line 1, SECRET_KEY_BASE: has Ruby's dotenv run a command, $(…), which is not done here",
    ],
    ["a line without a sign", Buffer.from("OTP_SECRET=\nSECRET_KEY_BASE abc\n"), "line 2: is no line of the form NAME=value"],
    [
      "a quote that never ends",
      Buffer.from(`SECRET_KEY_BASE="${made.secret_key_base}\n`),
      "line 1, SECRET_KEY_BASE: begins with a quote that does not end",
    ],
  ])("makes nothing of %s", (_, content, wrong) => {
    write(".env", content);
    const { status, said } = run("new.json", "--from", ".env");
    expect(status).toBe(1);
    expect(said).toContain(`.env: ${wrong}`);
    expect([existsSync("new.json"), existsSync("ran")]).toEqual([false, false]);
  });

  test("reads what Docker has read, sign by sign, if it is told so", () => {
    write(".env", `SECRET_KEY_BASE="${made.secret_key_base}\nDB_PASS=a#b'$(c)$d\n`);
    expect(run("new.json", "--from", ".env", "--read-by", "docker").status).toBe(0);
    expect(valuesOf("new.json")).toMatchObject({ secret_key_base: `"${made.secret_key_base}`, database_password: "a#b'$(c)$d" });
  });

  const PAGE = (...sites: readonly string[]) => {
    const app = new App({ outdir: at("cdktf.out") });
    const stack = new TerraformStack(app, "pages");
    for (const id of sites) {
      const site = new Site(stack, id, { cloud: new FakeCloud(), domain: "social.example", version: "4.7.6" });
      const database = new Postgres(site, "Database");
      new PgBouncer(site, "Pool", { database });
    }
    String(new Secret(stack, "media_key", { length: 20, description: "The key of the bucket." }));
    app.synth();
    return JSON.parse(readFileSync(at("cdktf.out/stacks/pages/cdk.tf.json"), "utf8")).variable as Record<string, object>;
  };

  test("what a running server has had from its first day on is not made anew without a word", () => {
    write(".env", "DB_PASS=abcdefgh12345678\n");
    const { status, said } = run("new.json", "--from", ".env");
    expect(status).toBe(0);
    expect(said).toContain("data can no longer be read: ");
    for (const name of ["secret_key_base", "otp_secret", "vapid_private_key"])
      expect(said.split("can no longer be read: ")[1]).toContain(name);
  });

  test("quotes that docker run hands on and docker compose does not are no part of a secret without a word", () => {
    for (const quote of [`"`, "'"]) {
      write(".env", `SECRET_KEY_BASE=${quote}${"Zx9q7w2".repeat(5)}${quote}\n`);
      const { status, said } = run("new.json", "--from", ".env", "--read-by", "docker");
      expect(status).toBe(1);
      expect(said).toContain("line 1, SECRET_KEY_BASE: is in quotes, which docker run --env-file hands on");
      expect(said).not.toContain("Zx9q7w2");
      expect(existsSync("new.json")).toBe(false);
    }
  });

  test("makes, checks and puts together the secrets of two sites in one page", () => {
    const variables = PAGE("Social", "Blue-Sea");
    expect(Object.keys(variables).sort()).toEqual(
      ["media_key", ...["social", "blue_sea"].flatMap((site) => SECRET_NAMES.map((name) => `${site}_${name}`))].sort(),
    );
    const told = run("new.json");
    expect(told).toEqual({
      status: 0,
      said: "wrote new.json\nmedia_key: write it into the file by hand; The key of the bucket.\n",
    });
    const values = valuesOf("new.json");
    expect(Object.keys(values).sort()).toEqual(
      Object.keys(variables)
        .filter((name) => name !== "media_key")
        .sort(),
    );
    expect(values["social_database_password"]).not.toBe(values["blue_sea_database_password"]);
    expect(run("check", "new.json")).toEqual({
      status: 1,
      said: "new.json: media_key: missing; write it into the file by hand: The key of the bucket.\n",
    });
    write("new.json", JSON.stringify({ ...values, media_key: "a+b/c=", medai_key: "x", blue_sea_database_password: "a b" }));
    expect(run("check", "new.json").said).toBe(
      "new.json: blue_sea_database_password: is shorter than 16 characters and holds a space; it takes 16 to 64 letters and digits\n",
    );
    write("new.json", JSON.stringify({ ...values, media_key: "a+b/c=", medai_key: "x" }));
    expect(run("check", "new.json")).toEqual({
      status: 0,
      said:
        "new.json: medai_key is for nothing that the page in cdktf.out has\n" +
        "new.json: all secrets that the page in cdktf.out wants are there and well formed\n",
    });

    write("social.json", JSON.stringify({ ...made, media_key: "a+b/c=" }));
    write(".env", `SECRET_KEY_BASE=${"Zx9q7w2".repeat(5)}\n`);
    expect(run("both.json", "--from", "social.json")).toEqual({
      status: 1,
      said: "social.json: has the secrets of one site and does not say of which; say it: --from SITE=social.json, where SITE is one of blue_sea, social. The others get new ones\n",
    });
    expect(run("both.json", "--from", "sozial=social.json").said).toContain(
      "there is no site sozial; the sites are blue_sea, social\n",
    );
    expect(run("both.json", "--from", "Social=social.json", "--from", "Blue-Sea=.env").status).toBe(0);
    const both = valuesOf("both.json");
    for (const name of SECRET_NAMES) expect(both[`social_${name}`]).toBe(made[name]);
    expect(both["blue_sea_secret_key_base"]).toBe("Zx9q7w2".repeat(5));
    expect(both["blue_sea_otp_secret"]).not.toBe(made.otp_secret);
    expect(run("check", "both.json").status).toBe(0);
    // What is made beside it is said as well.
    const half = run("half.json", "--from", "social=social.json").said.split("\n");
    expect(half).toContain("blue_sea: all of them are made anew");
    expect(half.filter((line) => line.startsWith("social: made anew"))).toEqual([]);
    // The file of the time when there was one site.
    expect(run("check", "social.json")).toEqual({
      status: 1,
      said:
        "social.json: has the secrets of one site, and the page in cdktf.out has several: blue_sea, social. Once: secrets NEW --from SITE=social.json, " +
        "where SITE is the one that it is of\n",
    });
    // A file of the page itself speaks for all sites.
    expect(run("again.json", "--from", "both.json").status).toBe(0);
    expect(valuesOf("again.json")).toEqual(both);
  });

  test("without a page, is told of the sites, and finds them in the names of a file", () => {
    expect(run("new.json", "--site", "social", "--site", "other").status).toBe(0);
    const { social_otp_secret: _, ...rest } = valuesOf("new.json");
    expect(Object.keys(rest)).toHaveLength(2 * SECRET_NAMES.length - 1);
    write("new.json", JSON.stringify(rest));
    expect(run("check", "new.json").said).toBe(
      "new.json: social_otp_secret: missing; secrets NEW --from FILE makes what FILE lacks\n",
    );
  });

  test("wants of a page with one site what that page wants, under short names", () => {
    const variables = PAGE("Social");
    expect(Object.keys(variables).sort()).toEqual(["media_key", ...SECRET_NAMES].sort());
    expect(run("new.json").status).toBe(0);
    const { otp_secret: _, vapid_private_key: _also, ...rest } = valuesOf("new.json");
    write("new.json", JSON.stringify({ ...rest, media_key: "a+b/c=" }));
    expect(run("check", "new.json").status).toBe(0);
    const { database_password: _too, ...fewer } = rest;
    write("new.json", JSON.stringify({ ...fewer, media_key: "a b\n" }));
    expect(run("check", "new.json")).toEqual({
      status: 1,
      said:
        "new.json: database_password: missing; secrets NEW --from FILE makes what FILE lacks\n" +
        "new.json: media_key: holds a space, a line break; it takes 1 to 20 printable characters of ASCII but a space\n",
    });
  });
});
