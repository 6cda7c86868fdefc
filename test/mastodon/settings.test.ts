import { App, TerraformStack } from "cdktf";
import {
  cas,
  cdn,
  deepL,
  ExtraEnv,
  federation,
  languages,
  ldap,
  libreTranslate,
  mail,
  openId,
  openTelemetry,
  outgoingProxy,
  pam,
  Postgres,
  prometheus,
  Redis,
  retention,
  s3Objects,
  saml,
  search,
  Secret,
  Setting,
  SidekiqGroup,
  SidekiqGroupProps,
  signOn,
  Site,
  SiteProps,
  StreamingPool,
  swiftObjects,
  WebTier,
  WebTierProps,
} from "../../lib";
import { rowOf } from "../../lib/mastodon/env-catalogue";
import { FAKE_CLOUDS, FakeCloud } from "../../lib/testing";
import { readable } from "./mixes";

interface Page {
  readonly version?: string;
  readonly site?: Partial<SiteProps> | ((secret: Secret) => Partial<SiteProps>);
  readonly web?: Partial<WebTierProps>;
  readonly sidekiq?: Partial<SidekiqGroupProps>;
  readonly streaming?: ExtraEnv;
}

function page({ version = "4.7.6", site: props, web, sidekiq, streaming }: Page = {}) {
  const stack = new TerraformStack(new App(), "stack");
  const password = new Secret(stack, "their_password", { length: 64, description: "Somebody's." });
  const site = new Site(stack, "Social", {
    cloud: new FakeCloud(),
    domain: "social.example",
    version,
    ...(typeof props === "function" ? props(password) : props),
  });
  const data = { database: new Postgres(site, "Database"), redis: new Redis(site, "Redis") };
  const live = new StreamingPool(site, "Streaming", { machines: 1, processes: 1, extraEnv: streaming, ...data });
  const tier = new WebTier(site, "Web", { machines: 1, processes: 1, streaming: live, ...data, ...web });
  const queues = ["default", "push", "ingress", "mailers", "pull", "scheduler"] as const;
  const group = new SidekiqGroup(site, "All", {
    queues: version < "4.4" ? queues : [...queues, "fasp"],
    ...data,
    ...sidekiq,
  });
  const envs = {
    web: tier.env,
    task: tier.taskEnv,
    sidekiq: group.env,
    ...(group.taskEnv && { prepare: group.taskEnv }),
    streaming: live.envs.get(4000)!,
  };
  return { site, live, tier, group, envs: Object.fromEntries(Object.entries(envs).map(([name, env]) => [name, readable(env)])) };
}

/** What a setting adds to each process. */
function added(settings: (secret: Secret) => readonly Setting[], version?: string) {
  // Without a mailbox, whose variables would else hide those of mail().
  const on = () => ({ cloud: new FakeCloud({ mail: false }) });
  const before = page({ version, site: on() });
  const after = page({ version, site: (secret) => ({ ...on(), settings: settings(secret) }) });
  const known = before.site.problems.all();
  const problems = after.site.problems.all().filter((problem) => !known.includes(problem));
  const own = Object.entries(after.envs).map(([process, env]) => {
    const news = Object.entries(env).filter(([name]) => !(name in before.envs[process]!));
    return [process, Object.fromEntries(news)] as const;
  });
  return { problems, ...Object.fromEntries(own) };
}

/** The same for all of Ruby's processes, and nothing for streaming. */
const ruby = (env: Readonly<Record<string, string>>) => ({
  problems: [],
  web: env,
  task: env,
  sidekiq: env,
  prepare: env,
  streaming: {},
});

const THEIRS = "<secret their_password>";
const ISSUER = "https://login.example/realms/social";

test.each<[string, (secret: Secret) => Setting, Readonly<Record<string, string>>]>([
  [
    "mail by STARTTLS",
    (password) => mail({ server: "smtp.example", from: "Social <hello@social.example>", login: "social", password }),
    {
      SMTP_SERVER: "smtp.example",
      SMTP_PORT: "587",
      SMTP_LOGIN: "social",
      SMTP_PASSWORD: THEIRS,
      SMTP_AUTH_METHOD: "plain",
      SMTP_ENABLE_STARTTLS: "always",
      SMTP_OPENSSL_VERIFY_MODE: "peer",
      SMTP_FROM_ADDRESS: "Social <hello@social.example>",
    },
  ],
  [
    "mail by TLS from the first byte, with another server for bulk mail inside",
    (password) =>
      mail({
        server: "smtp.example",
        port: 465,
        from: "hello@social.example",
        replyTo: "staff@social.example",
        bulk: { server: "bulk.example", port: 25, tls: "none", login: "bulk", password, authentication: "login" },
      }),
    {
      SMTP_SERVER: "smtp.example",
      SMTP_PORT: "465",
      SMTP_AUTH_METHOD: "none",
      SMTP_TLS: "true",
      SMTP_ENABLE_STARTTLS: "never",
      SMTP_OPENSSL_VERIFY_MODE: "peer",
      SMTP_FROM_ADDRESS: "hello@social.example",
      SMTP_REPLY_TO: "staff@social.example",
      BULK_SMTP_SERVER: "bulk.example",
      BULK_SMTP_PORT: "25",
      BULK_SMTP_LOGIN: "bulk",
      BULK_SMTP_PASSWORD: THEIRS,
      BULK_SMTP_AUTH_METHOD: "login",
      BULK_SMTP_ENABLE_STARTTLS: "never",
    },
  ],
  [
    "search",
    (password) =>
      search({ host: "search.example", tls: true, user: "mastodon", password, preset: "small_cluster", timeoutSeconds: 5 }),
    {
      ES_ENABLED: "true",
      ES_HOST: "https://search.example",
      ES_PORT: "9200",
      ES_USER: "mastodon",
      ES_PASS: THEIRS,
      ES_PRESET: "small_cluster",
      ES_QUERY_TIMEOUT: "5s",
    },
  ],
  [
    "OpenID Connect",
    (clientSecret) => openId({ issuer: ISSUER, clientId: "mastodon", clientSecret, pkce: true, trustEmail: true }),
    {
      OIDC_ENABLED: "true",
      OIDC_ISSUER: ISSUER,
      OIDC_DISCOVERY: "true",
      OIDC_SCOPE: "openid,profile,email",
      OIDC_UID_FIELD: "preferred_username",
      OIDC_CLIENT_ID: "mastodon",
      OIDC_CLIENT_SECRET: THEIRS,
      OIDC_REDIRECT_URI: "https://social.example/auth/auth/openid_connect/callback",
      OIDC_USE_PKCE: "true",
      OIDC_SECURITY_ASSUME_EMAIL_IS_VERIFIED: "true",
    },
  ],
  [
    "SAML",
    () =>
      saml({
        signOnUrl: "https://login.example/saml",
        certificate: "-----BEGIN CERTIFICATE-----\nAB\nCD==\n-----END CERTIFICATE-----\n",
        attributes: { email: "mail", fullName: "cn" },
      }),
    {
      SAML_ENABLED: "true",
      SAML_ACS_URL: "https://social.example/auth/auth/saml/callback",
      SAML_ISSUER: "social.example",
      SAML_IDP_SSO_TARGET_URL: "https://login.example/saml",
      SAML_IDP_CERT: "ABCD==",
      SAML_SECURITY_WANT_ASSERTION_SIGNED: "true",
      SAML_ATTRIBUTES_STATEMENTS_EMAIL: "mail",
      SAML_ATTRIBUTES_STATEMENTS_FULL_NAME: "cn",
    },
  ],
  [
    "LDAP",
    (password) => ldap({ host: "ldap.example", base: "dc=example", bindDn: "cn=mastodon,dc=example", password }),
    {
      LDAP_ENABLED: "true",
      LDAP_HOST: "ldap.example",
      LDAP_PORT: "636",
      LDAP_METHOD: "simple_tls",
      LDAP_BASE: "dc=example",
      LDAP_BIND_DN: "cn=mastodon,dc=example",
      LDAP_PASSWORD: THEIRS,
      LDAP_UID: "cn",
      LDAP_MAIL: "mail",
    },
  ],
  [
    "CAS",
    () => cas({ url: "https://cas.example:8443" }),
    {
      CAS_ENABLED: "true",
      CAS_URL: "https://cas.example:8443",
      CAS_HOST: "cas.example",
      CAS_PORT: "8443",
      CAS_SSL: "true",
      CAS_LOGIN_URL: "/login",
      CAS_LOGOUT_URL: "/logout",
      CAS_VALIDATE_URL: "/serviceValidate",
      CAS_UID_FIELD: "user",
    },
  ],
  ["PAM", () => pam({ emailDomain: "example.org" }), { PAM_ENABLED: "true", PAM_EMAIL_DOMAIN: "example.org" }],
  [
    "accounts elsewhere",
    () => signOn({ settingsUrl: "https://login.example/me", signUpUrl: "https://login.example/new" }),
    { SSO_ACCOUNT_SETTINGS: "https://login.example/me", SSO_ACCOUNT_SIGN_UP: "https://login.example/new" },
  ],
  [
    "federation",
    () =>
      federation({
        authorizedFetch: true,
        limited: true,
        followersSync: false,
        allowedPrivateAddresses: ["10.1.2.3", "fd00::/8"],
      }),
    {
      AUTHORIZED_FETCH: "true",
      LIMITED_FEDERATION_MODE: "true",
      DISABLE_FOLLOWERS_SYNCHRONIZATION: "true",
      ALLOWED_PRIVATE_ADDRESSES: "10.1.2.3,fd00::/8",
    },
  ],
  ["languages", () => languages({ standard: "de", always: true }), { DEFAULT_LOCALE: "de", FORCE_DEFAULT_LOCALE: "true" }],
  [
    "a proxy",
    () => outgoingProxy({ http: "http://proxy.example:3128", hidden: "http://tor.example:8118" }),
    {
      http_proxy: "http://proxy.example:3128",
      http_hidden_proxy: "http://tor.example:8118",
      ALLOW_ACCESS_TO_HIDDEN_SERVICE: "true",
    },
  ],
  ["DeepL", (key) => deepL({ key }), { DEEPL_API_KEY: THEIRS, DEEPL_PLAN: "free" }],
  [
    "LibreTranslate",
    () => libreTranslate({ endpoint: "https://translate.example" }),
    { LIBRE_TRANSLATE_ENDPOINT: "https://translate.example" },
  ],
  [
    "traces",
    () => openTelemetry({ endpoint: "http://collector.example:4318", share: 0.1 }),
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector.example:4318",
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0.1",
    },
  ],
  ["retention", () => retention({ addressDays: 90 }), { IP_RETENTION_PERIOD: "7776000" }],
  [
    "caches",
    (secret) =>
      cdn({ assets: "https://assets.example", mediaHosts: ["https://old.example"], purge: { header: "X-Purge", secret } }),
    {
      CDN_HOST: "https://assets.example",
      EXTRA_MEDIA_HOSTS: "https://old.example",
      CACHE_BUSTER_ENABLED: "true",
      CACHE_BUSTER_SECRET_HEADER: "X-Purge",
      CACHE_BUSTER_SECRET: THEIRS,
    },
  ],
  [
    "Swift",
    (password) =>
      swiftObjects({
        authUrl: "https://keystone.example/v3",
        user: "mastodon",
        password,
        projectId: "abc",
        container: "media",
        region: "one",
        objectUrl: "https://swift.example/media",
      }),
    {
      SWIFT_ENABLED: "true",
      SWIFT_AUTH_URL: "https://keystone.example/v3",
      SWIFT_USERNAME: "mastodon",
      SWIFT_PASSWORD: THEIRS,
      SWIFT_PROJECT_ID: "abc",
      SWIFT_CONTAINER: "media",
      SWIFT_REGION: "one",
      SWIFT_OBJECT_URL: "https://swift.example/media",
    },
  ],
])("%s: every Ruby process gets it, and streaming does not", (_, setting, env) => {
  expect(added((secret) => [setting(secret)])).toEqual(ruby(env));
});

test("all at once: no value is empty but the one that may be, and every secret stands where it is read", () => {
  const { site, envs } = page({
    site: (password) => ({
      objects: s3Objects({ bucket: "media", access: "none", keys: { id: password, secret: password } }),
      settings: [
        mail({ server: "smtp.example", from: "a@b.example", login: "social", password }),
        search({ host: "search.example", user: "mastodon", password }),
        openId({ issuer: ISSUER, clientId: "mastodon", clientSecret: password }),
        ldap({ host: "ldap.example", base: "dc=example", bindDn: "cn=a", password }),
        cdn({ purge: { header: "X-Purge", secret: password } }),
        deepL({ key: password }),
        federation({}),
        retention({}),
        signOn({}),
      ],
    }),
  });
  expect(site.problems.all()).toEqual([]);
  for (const [process, env] of Object.entries(envs)) {
    const empty = Object.entries(env).filter(([, value]) => value === "");
    expect({ process, empty }).toEqual({ process, empty: process === "streaming" ? [] : [["S3_PERMISSION", ""]] });
    for (const [name, value] of Object.entries(env)) {
      if (value === THEIRS)
        expect({ name, secret: rowOf(name)?.secret ?? name === "AWS_ACCESS_KEY_ID" }).toEqual({ name, secret: true });
    }
  }
  expect(Object.values(envs["streaming"]!)).not.toContain(THEIRS);
});

test("up to 4.1 streaming lets nobody in unseen, if Ruby does not", () => {
  const env = { AUTHORIZED_FETCH: "true" };
  expect(added(() => [federation({ authorizedFetch: true })], "4.1.22")).toEqual({ ...ruby(env), streaming: env });
});

test("Prometheus asks Sidekiq itself, or a collector that web and Sidekiq tell", () => {
  const enabled = { MASTODON_PROMETHEUS_EXPORTER_ENABLED: "true" };
  const collector = { ...enabled, PROMETHEUS_EXPORTER_HOST: "collector.example", PROMETHEUS_EXPORTER_PORT: "9394" };
  const nothing = { problems: [], task: {}, prepare: {}, streaming: {} };
  expect(added(() => [prometheus({ collector: { host: "collector.example" } })])).toEqual({
    ...nothing,
    web: collector,
    sidekiq: collector,
  });
  const own = {
    ...enabled,
    MASTODON_PROMETHEUS_EXPORTER_LOCAL: "true",
    MASTODON_PROMETHEUS_EXPORTER_HOST: "0.0.0.0",
    MASTODON_PROMETHEUS_EXPORTER_PORT: "9394",
  };
  expect(added(() => [prometheus()])).toEqual({ ...nothing, web: {}, sidekiq: own });
});

test("files in a store that speaks S3", () => {
  const objects = (props: Parameters<typeof s3Objects>[0]) => {
    const { site, envs } = page({ site: { objects: s3Objects({ keys: { id: "key", secret: "secret" }, ...props }) } });
    expect(site.problems.all()).toEqual([]);
    return Object.fromEntries(Object.entries(envs["web"]!).filter(([name]) => /^(S3|AWS)_/.test(name)));
  };
  expect(objects({ bucket: "social-media", region: "eu-central-1", access: "none" })).toEqual({
    S3_ENABLED: "true",
    S3_BUCKET: "social-media",
    S3_REGION: "eu-central-1",
    S3_HOSTNAME: "s3.eu-central-1.amazonaws.com",
    S3_PERMISSION: "",
    AWS_ACCESS_KEY_ID: "key",
    AWS_SECRET_ACCESS_KEY: "secret",
  });
  expect(objects({ bucket: "social-media", endpoint: "https://minio.example", aliasHost: "files.example" })).toEqual({
    S3_ENABLED: "true",
    S3_BUCKET: "social-media",
    S3_REGION: "us-east-1",
    S3_ENDPOINT: "https://minio.example",
    S3_HOSTNAME: "minio.example",
    S3_ALIAS_HOST: "files.example",
    S3_PERMISSION: "public-read",
    AWS_ACCESS_KEY_ID: "key",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_REQUEST_CHECKSUM_CALCULATION: "when_required",
    AWS_RESPONSE_CHECKSUM_VALIDATION: "when_required",
  });
});

test("a store without keys is opened by the machine's own role, and refused where machines have none", () => {
  const objects = s3Objects({ bucket: "media", region: "eu-central-1", hostname: "s3.eu-central-1.amazonaws.com" });
  const without = page({ site: { objects } });
  expect(without.site.problems.all()).toEqual([
    "stack/Social/Web/Hosts: access to the object store, which has no keys on the page, needs the machine's own role at the cloud, " +
      "and machines on fake have none / give keys",
  ]);
  const cloud = new FakeCloud(FAKE_CLOUDS.computed);
  const { site } = page({ site: { objects, cloud } });
  expect(site.problems.all()).toEqual([]);
  const why = "access to the object store, which has no keys on the page,";
  expect(cloud.pools.map(({ name, identity }) => [name, identity()])).toEqual([
    ["streaming", []],
    ["web", [{ user: 991, why }]],
    ["all", [{ user: 991, why }]],
  ]);
});

test("a store's host is that of the bucket's paths; the bucket's own host is an alias", () => {
  const problems = (props: Parameters<typeof s3Objects>[0]) =>
    page({ site: { objects: s3Objects({ keys: { id: "key", secret: "secret" }, ...props }) } }).site.problems.all();
  expect(problems({ bucket: "media", endpoint: "https://store.example", hostname: "media.store.example" })).toEqual([
    'stack/Social: hostname of objects is "media.store.example", and Mastodon would look for files at https://media.store.example/media/… / ' +
      `give the store's own host as hostname, such as "store.example", or the bucket's as aliasHost; if that is the store's own, ` +
      'write aliasHost: "media.store.example/media"',
  ]);
  // Amazon's as well: Mastodon writes paths there, too.
  expect(problems({ bucket: "media", hostname: "media.s3.eu-central-1.amazonaws.com" })).toHaveLength(1);
  expect(problems({ bucket: "media", endpoint: "https://store.example", hostname: "files.example" })).toEqual([]);
  expect(problems({ bucket: "media", endpoint: "https://store.example", aliasHost: "media.store.example" })).toEqual([]);
  // A store whose name happens to begin like the bucket.
  expect(problems({ bucket: "media", endpoint: "https://media.example" })).toEqual([]);
  expect(problems({ bucket: "media", endpoint: "https://media.example", hostname: "media.example" })).toEqual([]);
  expect(problems({ bucket: "media", endpoint: "https://in.example", aliasHost: "media.example/media" })).toEqual([]);
  // A certificate of *.store.example covers no bucket with dots.
  expect(problems({ bucket: "my.media", endpoint: "https://store.example", aliasHost: "my.media.store.example" })).toEqual([
    expect.stringContaining("no certificate of store.example covers a bucket with dots"),
  ]);
  expect(problems({ bucket: "my.media", endpoint: "https://store.example" })).toEqual([]);
});

test("a store on a private network may speak plain http if browsers go elsewhere", () => {
  const store = { bucket: "media", endpoint: "http://minio.internal:9000" };
  const { site, envs } = page({
    site: { objects: s3Objects({ keys: { id: "key", secret: "secret" }, ...store, aliasHost: "files.social.example" }) },
  });
  expect(site.problems.all()).toEqual([]);
  expect(envs["web"]).toMatchObject({ S3_ENDPOINT: "http://minio.internal:9000", S3_ALIAS_HOST: "files.social.example" });
  expect(page({ site: { objects: s3Objects({ keys: { id: "key", secret: "secret" }, ...store }) } }).site.problems.all()).toEqual(
    [
      'stack/Social: endpoint of objects is "http://minio.internal:9000" / give an address that begins with https://, with nothing behind host and port, such as https://store.example',
    ],
  );
});

test("one click to a single OpenID Connect provider needs its address, so that a start asks nobody", () => {
  const problems = (given: Partial<Parameters<typeof openId>[0]>, more: Partial<SiteProps> = {}, version = "4.7.6") =>
    page({
      version,
      site: (clientSecret) => ({
        settings: [openId({ issuer: ISSUER, clientId: "m", clientSecret, ...given }), signOn({ only: true, oneClick: true })],
        ...more,
      }),
    }).site.problems.all();
  const why = (tier: string) =>
    `stack/Social/${tier}: ONE_CLICK_SSO_LOGIN with OpenID Connect alone is set without OIDC_AUTH_ENDPOINT, so no process would start while the ` +
    "issuer is down / give openId() authorizationEndpoint, which is authorization_endpoint in the issuer's /.well-known/openid-configuration, " +
    "or leave oneClick out";
  for (const version of ["4.2.20", "4.7.6"]) expect(problems({}, {}, version)).toEqual(expect.arrayContaining([why("Web")]));
  expect(problems({ authorizationEndpoint: `${ISSUER}/auth` })).toEqual([]);
  const all = { authorization: `${ISSUER}/a`, token: `${ISSUER}/t`, userInfo: `${ISSUER}/u`, jwks: `${ISSUER}/j` };
  expect(problems({ endpoints: all })).toEqual([]);
  expect(problems({ endpoints: all, authorizationEndpoint: `${ISSUER}/auth` })).toEqual([
    "stack/Social/Settings/openId: authorizationEndpoint and endpoints are given / keep endpoints, which include it",
  ]);
  // With a second provider Mastodon names none of them.
  expect(problems({}, { extraEnv: { CAS_ENABLED: true, CAS_URL: "https://cas.example" } })).toEqual([]);
});

test("the front door's route is the web domain, handles keep theirs, and other hosts are let in", () => {
  const { site, envs, live } = page({
    site: { domain: "example.org", webDomain: "social.example.org", alternateDomains: ["abc.onion", "old.example.org"] },
  });
  expect(site.problems.all()).toEqual([]);
  expect(site.frontDoor.routes.map(({ host }) => host)).toEqual(["streaming.social.example.org", "social.example.org"]);
  expect(live.baseUrl).toBe("wss://streaming.social.example.org");
  for (const process of ["web", "task", "sidekiq", "prepare"]) {
    expect(envs[process]).toMatchObject({
      LOCAL_DOMAIN: "example.org",
      WEB_DOMAIN: "social.example.org",
      ALTERNATE_DOMAINS: "abc.onion,old.example.org",
    });
  }
});

test("extra variables: known ones go to who reads them, others to Ruby's processes, a tier's to that tier", () => {
  const { site, envs } = page({
    site: { extraEnv: { MAX_FOLLOWS_THRESHOLD: 5000, TZ: "UTC", SOMETHING_OF_TOMORROW: "yes" } },
    web: { extraEnv: { MIN_THREADS: 2, WEB_OF_TOMORROW: "1" } },
    sidekiq: { extraEnv: { MAX_REQUEST_POOL_SIZE: 50 } },
    streaming: { LOG_LEVEL: "debug", STREAM_OF_TOMORROW: "1" },
  });
  expect(site.problems.all()).toEqual([]);
  const ours = { MAX_FOLLOWS_THRESHOLD: "5000", TZ: "UTC", SOMETHING_OF_TOMORROW: "yes" };
  expect(envs["web"]).toMatchObject({ ...ours, MIN_THREADS: "2", WEB_OF_TOMORROW: "1" });
  expect(envs["task"]).toMatchObject({ ...ours, WEB_OF_TOMORROW: "1" });
  expect(envs["task"]).not.toHaveProperty("MIN_THREADS");
  expect(envs["sidekiq"]).toMatchObject({ ...ours, MAX_REQUEST_POOL_SIZE: "50" });
  expect(envs["sidekiq"]).not.toHaveProperty("WEB_OF_TOMORROW");
  expect(envs["streaming"]).toMatchObject({ TZ: "UTC", LOG_LEVEL: "debug", STREAM_OF_TOMORROW: "1" });
  expect(envs["streaming"]).not.toHaveProperty("SOMETHING_OF_TOMORROW");
});

const refused: readonly [string, Page, string][] = [
  [
    "a slip in a name",
    { site: { extraEnv: { SMTP_REPLYTO: "a@b.example" } } },
    "stack/Social/Settings/extraEnv: SMTP_REPLYTO is not in the catalogue of Mastodon's variables; is SMTP_REPLY_TO meant? / correct it; if it is newer",
  ],
  [
    "two letters swapped, at a tier",
    { sidekiq: { extraEnv: { MAX_REQEUST_POOL_SIZE: 1 } } },
    "stack/Social/All: MAX_REQEUST_POOL_SIZE is not in the catalogue of Mastodon's variables; is MAX_REQUEST_POOL_SIZE meant?",
  ],
  ["no name at all", { site: { extraEnv: { "A-B": 1 } } }, "stack/Social/Settings/extraEnv: A-B is not in the catalogue"],
  [
    "a secret in plain text",
    { site: { extraEnv: { HCAPTCHA_SECRET_KEY: "letmein" } } },
    "stack/Social/Settings/extraEnv: HCAPTCHA_SECRET_KEY is a secret, which the page and the plan would contain in plain text / give a new Secret",
  ],
  [
    "another version's variable",
    { site: { extraEnv: { REDIS_NAMESPACE: "social" } } },
    "stack/Social/Settings/extraEnv: REDIS_NAMESPACE was last read by 4.3, and this is 4.7.6",
  ],
  [
    "another tier's variable",
    { sidekiq: { extraEnv: { WEB_CONCURRENCY: 2 } } },
    "stack/Social/All: WEB_CONCURRENCY is not read by sidekiq or task, only by web / give it to a tier",
  ],
  [
    "what the library sets to something else",
    { site: { extraEnv: { LOCAL_DOMAIN: "other.example" } } },
    'stack/Social/Settings/extraEnv: LOCAL_DOMAIN is in extraEnv, and "domain" sets it already / leave it out, and use "domain"',
  ],
  [
    "one setting in two places",
    { site: { settings: [languages({ standard: "de" })], extraEnv: { DEFAULT_LOCALE: "fr" } } },
    'stack/Social/Settings/extraEnv: DEFAULT_LOCALE is in extraEnv, and "standard of languages()" sets it already',
  ],
  [
    "the same setting twice",
    { site: { settings: [languages({ standard: "de" }), languages({ standard: "fr" })] } },
    "stack/Social/Settings/languages: it is given 2 times / give it once",
  ],
  [
    "half of a login",
    { site: { settings: [mail({ server: "smtp.example", from: "a@b.example", login: "social" })] } },
    "stack/Social/Settings/mail: login or password of smtp.example is missing / give both, or neither",
  ],
  [
    "STARTTLS on 465",
    { site: { settings: [mail({ server: "smtp.example", from: "a@b.example", port: 465, tls: "starttls" })] } },
    'stack/Social/Settings/mail: tls is "starttls" on port 465 / use "implicit" on 465',
  ],
  [
    "a sender without an address",
    { site: { settings: [mail({ server: "smtp.example", from: "Social" })] } },
    'stack/Social/Settings/mail: from is "Social", which Ruby\'s mail library cannot parse: Mastodon would not start / give one address',
  ],
  [
    "bulk mail before 4.4",
    {
      version: "4.3.23",
      site: { settings: [mail({ server: "a.example", from: "a@b.example", bulk: { server: "b.example" } })] },
    },
    "stack/Social/Settings/mail: BULK_SMTP_SERVER is read from 4.4 on, and this is 4.3.23",
  ],
  [
    "OpenID Connect without openid",
    { site: (clientSecret) => ({ settings: [openId({ issuer: ISSUER, clientId: "m", clientSecret, scopes: ["email"] })] }) },
    'stack/Social/Settings/openId: scopes is email / add "openid"',
  ],
  [
    "encrypted answers without a key",
    { site: { settings: [saml({ signOnUrl: "https://a.example", certificate: "AB", encrypted: true })] } },
    "stack/Social/Settings/saml: encrypted is true, but there is no own",
  ],
  [
    "one click where there are two ways",
    { site: { settings: [signOn({ oneClick: true })] } },
    "stack/Social/Settings/signOn: oneClick is true, but only is not",
  ],
  [
    "no way to sign in at all",
    { site: { settings: [signOn({ only: true })] } },
    "OMNIAUTH_ONLY is set without OIDC_ENABLED or SAML_ENABLED",
  ],
  [
    "two object stores",
    {
      site: (password) => ({
        objects: s3Objects({ keys: { id: "key", secret: "secret" }, bucket: "media" }),
        extraEnv: { AZURE_ENABLED: true, AZURE_STORAGE_ACCESS_KEY: password },
      }),
    },
    "stack/Social/Web: S3_ENABLED and AZURE_ENABLED are set / keep one of them",
  ],
  [
    "LDAP by hand, without what stops a process",
    { site: { extraEnv: { LDAP_ENABLED: true, LDAP_HOST: "ldap.example" } } },
    "stack/Social/Web: LDAP_ENABLED is set without LDAP_BASE / set both, or neither",
  ],
  [
    "a host with a scheme",
    { site: { settings: [search({ host: "https://search.example" })] } },
    'stack/Social/Settings/search: host is "https://search.example" / give a host name in lower case or an IPv4 address, without scheme',
  ],
  [
    "traces before 4.3",
    { version: "4.2.20", site: { settings: [openTelemetry({ endpoint: "http://c.example" })] } },
    "stack/Social/Settings/openTelemetry: OTEL_EXPORTER_OTLP_ENDPOINT is read from 4.3 on, and this is 4.2.20",
  ],
  [
    "two processes that answer Prometheus on one port",
    {
      site: { settings: [prometheus()], queuesElsewhere: ["scheduler"] },
      sidekiq: { queues: { default: 8, push: 6, ingress: 4, mailers: 2, pull: 1, fasp: 1 }, processes: 2 },
    },
    "stack/Social/All: processes is 2, and each would serve metrics on the same port",
  ],
  [
    "a store without https",
    {
      site: { objects: s3Objects({ keys: { id: "key", secret: "secret" }, bucket: "media", endpoint: "http://minio.example" }) },
    },
    'stack/Social: endpoint of objects is "http://minio.example" / give an address that begins with https://',
  ],
  [
    "a web domain that is no host",
    { site: { webDomain: "https://social.example" } },
    'stack/Social: webDomain is "https://social.example" / give a lower-case host name',
  ],
];

test.each(refused)("%s is refused", (_, props, why) => {
  expect(page(props).site.problems.all()).toContainEqual(expect.stringContaining(why));
});

test("a name that is nearly a known one, but newer, has to be said to be so", () => {
  const { site, envs } = page({ site: { extraEnv: { SMTP_SERVER2: { value: "b.example", newer: true } } } });
  expect(site.problems.all()).toEqual([]);
  expect(envs["web"]).toMatchObject({ SMTP_SERVER2: "b.example" });
});

test("a Redis that others use too, up to 4.3: every process stands its keys behind the same name", () => {
  const { site, envs } = page({ version: "4.2.20", site: { extraEnv: { REDIS_NAMESPACE: "social" } } });
  expect(site.problems.all()).toEqual([]);
  for (const env of Object.values(envs)) expect(env).toMatchObject({ REDIS_NAMESPACE: "social" });
});
