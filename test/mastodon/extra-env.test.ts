// What `extraEnv` may not say: what a prop says already, what names a file, what is secret.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deepL, mail, outgoingProxy, Secret } from "../../lib";
import { CATALOGUE, isSecret, ownedElsewhere, Process } from "../../lib/mastodon/env-catalogue";
import { readable } from "./mixes";
import { page } from "./page-by-hand";

const HAND = "stack/Social/Settings/extraEnv";

// Each would outrank what the page says, or be outranked by it, without a word.
const SAID: readonly (readonly [string, string | number, string])[] = [
  ["LOCAL_DOMAIN", "other.example", "domain"],
  ["WEB_DOMAIN", "web.example", "webDomain"],
  ["ALTERNATE_DOMAINS", "old.example", "alternateDomains"],
  ["DB_HOST", "db.example", "database"],
  ["DB_PORT", 5433, "database"],
  ["DB_SSLMODE", "disable", "database"],
  ["REPLICA_DB_HOST", "db-2.example", "database"],
  ["REDIS_HOST", "redis.example", "redis"],
  ["REDIS_SENTINELS", "a:26379", "redis"],
  ["CACHE_REDIS_HOST", "cache.example", "cache"],
  ["CACHE_REDIS_DB", 2, "cache"],
  ["SIDEKIQ_REDIS_HOST", "jobs.example", "jobs"],
  ["WEB_CONCURRENCY", 4, "processes"],
  ["MAX_THREADS", 8, "threads"],
  ["SIDEKIQ_CONCURRENCY", 40, "threads"],
  ["TRUSTED_PROXY_IP", "203.0.113.7", "trustedProxies"],
  ["S3_ENDPOINT", "https://other.example", "objects"],
  ["S3_CLOUDFRONT_HOST", "files.example", "aliasHost of objects"],
];
const byHand = (name: string, owner: string) =>
  `${HAND}: ${name} is in extraEnv, and "${owner}" sets it already / leave it out, and use "${owner}"`;

test("what a prop says cannot be said by hand", () => {
  const { problems } = page({ extraEnv: () => Object.fromEntries(SAID) });
  expect([...problems].sort()).toEqual(SAID.map(([name, , owner]) => byHand(name, owner)).sort());
});

const SECRET: readonly (readonly [string, string])[] = [
  ["DATABASE_URL", "database"],
  ["REPLICA_DATABASE_URL", "replicaUrl"],
  ["REDIS_URL", "redis"],
  ["CACHE_REDIS_URL", "cache"],
  ["SIDEKIQ_REDIS_URL", "jobs"],
  ["REDIS_SENTINEL_PASSWORD", "redis"],
  ["SECRET_KEY_BASE", "secret_key_base of the secrets"],
  ["OTP_SECRET", "otp_secret of the secrets"],
  ["AWS_SECRET_ACCESS_KEY", "objects"],
];

test("nor as a secret", () => {
  const { problems } = page({ extraEnv: (secret) => Object.fromEntries(SECRET.map(([name]) => [name, secret])) });
  expect([...problems].sort()).toEqual(SECRET.map(([name, owner]) => byHand(name, owner)).sort());
});

const FIXED: readonly (readonly [string, string | number | boolean, string])[] = [
  ["RAILS_ENV", "development", "the image says production, and is made for nothing else"],
  ["NODE_ENV", "development", "the image says production, and is made for nothing else"],
  ["PORT", 8080, "nginx and the checks of the machine look for the process where the tier puts it"],
  ["BIND", "0.0.0.0", "nginx and the checks of the machine look for the process where the tier puts it"],
  ["SOCKET", "/run/puma.sock", "nginx and the checks of the machine look for the process where the tier puts it"],
  ["PROXY_PROTO_V1", true, "nginx on the machine speaks to Puma without that protocol, and no request would be understood"],
  ["SENDFILE_HEADER", "X-Accel-Redirect", "nginx serves the files before Puma is asked, and has them under other paths"],
  [
    "MASTODON_SIDEKIQ_READY_FILENAME",
    "ready",
    "the machine is ready when the file is there under the name that the image gives it",
  ],
  [
    "SECRET_KEY_BASE_DUMMY",
    "1",
    "it is for building an image: the site would sign and encrypt with a key that is made up at each start",
  ],
  ["AWS_WEB_IDENTITY_TOKEN_FILE", "/token", "it names a file that nothing brings to the machines and nothing renews"],
  ["AWS_CA_BUNDLE", "/ca.pem", "it names a file that nothing brings to the machines"],
];

test("what would break the machine cannot be set at all", () => {
  const { problems } = page({ extraEnv: () => Object.fromEntries(FIXED) });
  expect([...problems].sort()).toEqual(
    FIXED.map(([name, , why]) => `${HAND}: ${name} cannot be set: ${why} / leave it out`).sort(),
  );
});

test("a tier may not say it either, and each process has its own owner", () => {
  const { problems } = page({
    web: { MAX_THREADS: 8, BIND: "0.0.0.0", DB_POOL: 9 },
    sidekiq: { DB_POOL: 50 },
    streaming: { DB_POOL: 50, TRUSTED_PROXY_IP: "203.0.113.7" },
  });
  const hand = (tier: string, name: string, owner: string) =>
    `stack/Social/${tier}: ${name} is in extraEnv, and "${owner}" sets it already / leave it out, and use "${owner}"`;
  expect(problems).toEqual([
    hand("Streaming", "DB_POOL", "databaseConnections"),
    hand("Web", "MAX_THREADS", "threads"),
    "stack/Social/Web: BIND cannot be set: nginx and the checks of the machine look for the process where the tier puts it / leave it out",
    hand("Web", "DB_POOL", "threads"),
    hand("All", "DB_POOL", "threads"),
  ]);
});

test("what no prop of theirs says, processes are given", () => {
  const { problems, web, live } = page({ web: { MIN_THREADS: 2 }, streaming: { TRUSTED_PROXY_IP: "203.0.113.7" } });
  expect(problems).toEqual([]);
  expect(readable(web.env)).toMatchObject({ MIN_THREADS: "2" });
  expect(readable(live.envs.get(4000)!)).toMatchObject({ TRUSTED_PROXY_IP: "203.0.113.7" });
});

test("a setting owns its variables where the page has it, under their other names too, and nowhere else", () => {
  const from = { server: "smtp.example", from: "hello@social.example" };
  const own = { SMTP_SERVER: "other.example", SMTP_SSL: true };
  const { problems } = page({ settings: () => [mail(from)], extraEnv: () => own });
  expect(problems.filter((problem) => problem.startsWith(HAND))).toEqual([
    `${HAND}: SMTP_SERVER is in extraEnv, and "server of mail()" sets it already / leave it out, and use "server of mail()"`,
    `${HAND}: SMTP_SSL is in extraEnv, and "tls of mail()" sets it already / leave it out, and use "tls of mail()"`,
  ]);
  expect(page({ extraEnv: () => own }).problems).toEqual([]);
  const plan = page({ settings: (key) => [mail(from), deepL({ key })], extraEnv: () => ({ DEEPL_PLAN: "pro" }) }).problems;
  expect(plan.filter((problem) => problem.startsWith(HAND))).toEqual([
    `${HAND}: DEEPL_PLAN is in extraEnv, and "plan of deepL()" sets it already / leave it out, and use "plan of deepL()"`,
  ]);
});

test("every owner that a row names is a word of the library: settings by their functions, others as props", () => {
  const owners = Object.values(CATALOGUE).flatMap(({ owner }) =>
    typeof owner === "object" ? Object.values(owner) : (owner ?? []),
  );
  const library = readFileSync(join(__dirname, "../../lib/index.ts"), "utf8");
  const sources = [
    "mastodon/site",
    "mastodon/web",
    "mastodon/sidekiq",
    "mastodon/streaming",
    "mastodon/ruby",
    "mastodon/s3-objects",
  ];
  const props = sources.map((name) => readFileSync(join(__dirname, `../../lib/${name}.ts`), "utf8")).join("\n");
  for (const owner of new Set(owners)) {
    const [prop, of] = owner.split(" of ") as [string, string | undefined];
    if (/\(\)$/.test(of ?? "")) {
      const setting = of!.replace("()", "");
      expect(library).toMatch(new RegExp(`\\b${setting}\\b`));
      const file = { deepL: "translation", libreTranslate: "translation", openId: "openid", outgoingProxy: "proxy" }[setting];
      const other = { signOn: "sign-on", swiftObjects: "swift", openTelemetry: "telemetry" }[setting];
      const text = readFileSync(join(__dirname, `../../lib/mastodon/settings/${file ?? other ?? setting}.ts`), "utf8");
      expect({ owner, there: new RegExp(`readonly ${prop}\\??:`).test(text) }).toEqual({ owner, there: true });
    } else if (of !== "the secrets" && prop !== "ca") {
      expect({ owner, there: new RegExp(`readonly ${prop}\\??:`).test(props) }).toEqual({ owner, there: true });
    }
  }
});

test("no variable that names a file can be given, but where files lie and programs of the image", () => {
  const naming = Object.entries(CATALOGUE).filter(([, { format }]) => format?.test("/some/file.pem") && !format.test("word"));
  const settable = naming.filter(([name, { readBy }]) =>
    readBy.every((process: Process) => ownedElsewhere(name, process, []) === undefined),
  );
  expect(settable.map(([name]) => name)).toEqual(["PAPERCLIP_ROOT_PATH"]);
});

const FILES: readonly (readonly [string, string])[] = [
  ["SMTP_CA_FILE", "ca of mail()"],
  ["BULK_SMTP_CA_FILE", "bulk of mail()"],
  ["ES_CA_FILE", "ca of search()"],
  ["CAS_CA_PATH", "ca of cas()"],
  ["PGSSLROOTCERT", "ca of Postgres.external"],
  ["SSL_CERT_FILE", "ca of whatever the certificate is of"],
];

test("what names a file is refused with the prop that brings it", () => {
  const { problems } = page({ extraEnv: () => Object.fromEntries(FILES.map(([name]) => [name, "/etc/ca.pem"])) });
  const why = (name: string, owner: string) =>
    `${HAND}: ${name} names a file, which is not copied to the machines / leave it out, and give the certificates as "${owner}"`;
  expect([...problems].sort()).toEqual(FILES.map(([name, owner]) => why(name, owner)).sort());
});

const MYSTERIES = ["MYSTERY_SECRET", "MYSTERY_PASSWORD", "MYSTERY_API_KEY", "MYSTERY_TOKEN", "mystery_pass"];

test("what the library does not know, but is called as secrets are, is not taken in plain text", () => {
  const all = <T>(value: T) => Object.fromEntries(MYSTERIES.map((name) => [name, value]));
  expect(page({ extraEnv: () => all("correct-horse") }).problems).toEqual(
    MYSTERIES.map(
      (name) =>
        `${HAND}: ${name} looks like a secret, which the page and the plan would contain in plain text / give a new Secret(stack, "…", …) or another sensitive variable`,
    ),
  );
  const { problems, web } = page({ extraEnv: (secret) => all(secret) });
  expect(problems).toEqual([]);
  expect(readable(web.env)).toMatchObject(all("<secret their_password>"));
});

test("names that hold no secret are taken in plain text, and so are words for yes and no", () => {
  expect(
    page({ extraEnv: () => ({ HCAPTCHA_SITE_KEY: "10000000-ffff", MONKEY: "x", KEYBOARD: "x", USE_KEY: true }) }).problems,
  ).toEqual([]);
});

test("a proxy's password is a secret, also inside of an address, and no message shows it", () => {
  const proxy = (http: (secret: Secret) => string) =>
    page({ settings: (secret) => [mail("none"), outgoingProxy({ http: http(secret) })] });
  const plain = proxy(() => "http://social:correct-horse@proxy.example:3128").problems;
  expect(plain).toEqual([
    'stack/Social/Settings/outgoingProxy: http_proxy holds a password, which the page and the plan would contain in plain text / give a new Secret(stack, "…", …) or another sensitive variable',
  ]);
  const hidden = proxy((secret) => `http://social:${secret.inUrl}@proxy.example:3128`);
  expect(hidden.problems).toEqual([]);
  expect(readable(hidden.web.env)).toMatchObject({ http_proxy: "http://social:<secret their_password>@proxy.example:3128" });
  expect(proxy(() => "http://social@proxy.example:3128").problems).toEqual([]);
  const twice = page({
    settings: () => [mail("none"), outgoingProxy({ hidden: "http://x:correct-horse@a.example" })],
    extraEnv: () => ({ MYSTERY_URL: "https://x:correct-horse@b.example" }),
    web: { MYSTERY_URL: "https://x:battery-staple@b.example" },
  }).problems;
  expect(twice).toContainEqual(expect.stringContaining('MYSTERY_URL is "(secret)" here and "(secret)" in stack/Social'));
  expect(twice.join("\n")).not.toMatch(/correct-horse|battery-staple/);
});

test.each([
  ["SMTP_SERVER", "localhost", "means the local machine"],
  ["ES_HOST", "http://127.0.0.1", "means the local machine"],
  ["http_proxy", "http://localhost:8118", "means the local machine"],
  ["LDAP_HOST", "localhost", "means the local machine"],
  ["SMTP_FROM_ADDRESS", "Mastodon, <a@social.example>", "which Ruby's mail library cannot parse"],
])("%s=%s is refused, as it is by the prop", (name, value, why) => {
  const { problems } = page({ extraEnv: () => ({ [name]: value }), settings: () => [] });
  expect(problems.filter((problem) => problem.startsWith(`${HAND}: ${name} `) && problem.includes(why))).toHaveLength(1);
});

test.each([
  ["SMTP_SERVER", "smtp.example"],
  ["http_proxy", "http://proxy.example:8118"],
  ["SMTP_FROM_ADDRESS", "Mastodon <a@social.example>"],
])("%s=%s is taken", (name, value) => {
  const { problems } = page({ extraEnv: () => ({ [name]: value }), settings: () => [] });
  expect(problems.filter((problem) => problem.includes(name))).toEqual([]);
});

test("an address with a login is a secret, and one with a port and an @ in its path is none", () => {
  const hidden = ["http://u:hunter2@a.example", "http://u:hunter/2@a.example", "http://u:hun@ter2@a.example"];
  const shown = ["https://git.example:3000/@me/mastodon", "https://git.example/@me:x", "https://git.example:3000/x"];
  expect([...hidden, ...shown].map((value) => isSecret("SOURCE_BASE_URL", value))).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});
