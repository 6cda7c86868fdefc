import { App, TerraformStack } from "cdktf";
import { parse } from "yaml";
import { deepL, mail, Mastodon, PgBouncer, Postgres, Redis, s3Objects, Secret, SidekiqGroup, Site } from "../../lib";
import { wrongWith } from "../../lib/core/secret-rule";
import { readSecret, UNQUOTED_YAML } from "../../lib/mastodon/secret-readers";
import { MastodonVersion } from "../../lib/mastodon/version";
import { FakeCloud } from "../../lib/testing";

const SIGNS = Array.from({ length: 95 }, (_, n) => String.fromCharCode(32 + n));
const TOKEN = /\$\{TfToken\[[^\]]*\]\}/g;

const right = (secret: Secret, value: string) => secret.rules.every((rule) => wrongWith(value, rule) === undefined);

/** The value with the most different characters that every reader of this secret is said to take. */
function worst(secret: Secret): string {
  const fill = "aA0aA0aA0aA0aA0aA0aA0";
  const signs = [...SIGNS, "ä", "€", "\u{1f600}", ..."\n\r\t\0\x1b\x85\u2028\u2029"].filter((sign) =>
    right(secret, `${fill}${sign}${fill}`),
  );
  return [`${fill}${signs.join("")}`, `${fill}${signs.join("")}`.slice(0, 64), `${"A".repeat(43)}=`, `B${"A".repeat(86)}=`].find(
    (value) => right(secret, value),
  )!;
}

/** What Terraform makes of a boot text. */
function filled(text: string): string {
  const plain = (part: string) => part.replace(/\$\$\{/g, "${").replace(/%%\{/g, "%{");
  const tokens = text.match(TOKEN) ?? [];
  return text
    .split(TOKEN)
    .map((part, n) => plain(part) + (tokens[n] === undefined ? "" : valueOf(tokens[n])))
    .join("");
}

function valueOf(token: string): string {
  const secret = Secret.of(token);
  if (secret === undefined) return "10.20.0.9";
  return String(secret) === token ? worst(secret) : encodeURIComponent(worst(secret));
}

interface CloudConfig {
  readonly write_files: readonly { readonly path: string; readonly content: string }[];
}

test("a boot text stays YAML whatever its secrets hold, and every file holds the very values", () => {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = new FakeCloud();
  const anything = (name: string) => new Secret(stack, name, { length: 64, pattern: "^[\\s\\S]*$", description: "" });
  new Mastodon(stack, "Social", {
    cloud,
    domain: "social.example",
    objects: s3Objects({ bucket: "media", keys: { id: anything("key"), secret: anything("key_secret") } }),
    extraEnv: { OIDC_CLIENT_SECRET: anything("oidc"), LDAP_PASSWORD: anything("ldap") },
  });
  let values = 0;
  for (const { bootText } of [...cloud.machines, ...cloud.pools]) {
    const text = bootText();
    const before = parse(text, { version: "1.1" }) as CloudConfig;
    const after = parse(filled(text), { version: "1.1" }) as CloudConfig;
    expect(after.write_files.map(({ path, content }) => ({ path, content }))).toEqual(
      before.write_files.map(({ path, content }) => ({ path, content: filled(content) })),
    );
    values += text.match(TOKEN)?.length ?? 0;
  }
  expect(values).toBeGreaterThan(50);
  expect(worst(anything("worst"))).toContain(` !"#$%&'()*+,-./0123456789:;<=>?@A`);
});

describe("a value that stands unquoted in a YAML file of Mastodon's", () => {
  const read = (value: string): unknown => {
    try {
      return (
        parse(`smtp_settings:\n  password: ${value}\n  domain: x\n`, { version: "1.1" }) as {
          smtp_settings: { password: unknown };
        }
      ).smtp_settings.password;
    } catch {
      return undefined;
    }
  };
  /** The values that are read as something else: all at once, since a parser takes longer to begin than to read one. */
  const misread = (values: readonly string[]): readonly string[] => {
    try {
      const items = parse(values.map((value) => `- password: ${value}\n`).join(""), { version: "1.1" }) as readonly {
        readonly password: unknown;
      }[];
      return values.filter((value, n) => items[n]?.password !== value);
    } catch {
      return values.filter((value) => read(value) !== value);
    }
  };
  const taken = (value: string) => wrongWith(value, { reader: "it", ...UNQUOTED_YAML }) === undefined;

  test.each([
    "]]123456789[[",
    "#abc",
    "a #b",
    "a: b",
    "abc:",
    "12345",
    "0x1F",
    "1e5",
    "1.5",
    "1:30",
    "2024-01-01",
    "true",
    "No",
    "~",
    "null",
    "=",
    "'a'",
    '"a"',
    "@a",
    "`a",
    "%a",
    "&a",
    "*a",
    "!a",
    "|",
    ">",
    "{a}",
    ",a",
    "? a",
    "- a",
    " a",
    "a ",
    "",
    ".inf",
    "1_000",
    "0o17",
    "017",
  ])("is refused: %j", (value) => expect(taken(value)).toBe(false));

  test.each([
    "a]b",
    "a{b}c",
    "pass#word",
    "a:b",
    "x'y\"z",
    "a b",
    "+/abc=",
    "$a!b@c%d^e&f*g(h)",
    "a,b",
    "9a",
    "1-2",
    "\\a",
    "a\\",
  ])("is taken: %j", (value) => {
    expect(taken(value)).toBe(true);
    expect(read(value)).toBe(value);
  });

  test("is read as it is, if it is taken", () => {
    const tried = SIGNS.flatMap((a) => SIGNS.flatMap((b) => [`${a}${b}`, `${a}${b}x`, `x${a}${b}`, `1${a}${b}`])).filter(taken);
    expect(tried.length).toBeGreaterThan(20_000);
    expect(misread(tried)).toEqual([]);
    expect(misread(["fine", "12345", "- a", "#abc", "fine: too"])).toEqual(["12345", "- a", "#abc", "fine: too"]);
    expect(misread(["fine", "12345"])).toEqual(["12345"]);
  });
});

test("each reader narrows what a secret of the page may hold", () => {
  const stack = new TerraformStack(new App(), "stack");
  const probe = (name: string) => new Secret(stack, name, { length: 64, description: "" });
  const [smtp, key, old, database, redis] = [
    probe("smtp"),
    probe("key"),
    probe("old"),
    probe("database"),
    probe("redis"),
  ] as const;
  const page = (id: string, version: string, password: Secret) =>
    new Site(stack, id, {
      cloud: new FakeCloud(),
      domain: "social.example",
      version,
      queuesElsewhere: ["default", "push", "ingress", "mailers", "pull", "fasp"],
      settings: [mail({ server: "smtp.example.org", login: "a", password, from: "a@example.org" }), deepL({ key })],
    });
  for (const [id, version, password] of [
    ["New", "4.4.0", smtp],
    ["Old", "4.3.0", old],
  ] as const) {
    const db = Postgres.external({ host: "db.example.net", name: "mastodon", user: "mastodon", password: database });
    const site = page(id, version, password);
    new SidekiqGroup(site, "Scheduler", {
      threads: 5,
      queues: ["scheduler"],
      database:
        id === "New"
          ? PgBouncer.external({ host: "pool.example.net", name: "mastodon", user: "mastodon", password: database, direct: db })
          : db,
      redis: Redis.external({ host: "redis.example.net", password: redis }),
    });
    expect(site.problems.all()).toEqual([]);
  }
  const takes = (secret: Secret) => SIGNS.filter((sign) => right(secret, `aaaa${sign}aaaa`)).join("");
  const all = SIGNS.slice(1).join("");
  expect(takes(smtp)).toBe(all);
  expect([right(smtp, "[a]"), right(smtp, "12345"), right(key, "12345"), right(old, "[a]"), right(old, "12345")]).toEqual([
    false,
    false,
    false,
    true,
    true,
  ]);
  expect(takes(database)).toBe(all.replace(/["%\\]/g, ""));
  expect(takes(redis)).toBe(all.replace(/["%\\]/g, ""));
});

test.each([
  ["4.3.23", [true, true, true]],
  ["4.4.0", [false, false, false]],
  ["4.4.1", [true, true, false]],
  ["4.7.6", [true, true, false]],
] as const)("in %s a number is taken as a password of mail, a key of DeepL, and hCaptcha's key: %j", (version, taken) => {
  const stack = new TerraformStack(new App(), "stack");
  const read = ["SMTP_PASSWORD", "DEEPL_API_KEY", "HCAPTCHA_SECRET_KEY"].map((variable) => {
    const secret = new Secret(stack, variable, { length: 64, description: "" });
    readSecret(MastodonVersion.of(version), variable, String(secret));
    return right(secret, "12345");
  });
  expect(read).toEqual(taken);
});
