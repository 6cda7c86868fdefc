// Every prop that takes a host or an address: "this machine" is refused wherever nothing listens, and what is right passes.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { App, Lazy, TerraformStack } from "cdktf";
import {
  cas,
  cdn,
  Endpoint,
  ldap,
  libreTranslate,
  mail,
  openId,
  openTelemetry,
  outgoingProxy,
  pam,
  PgBouncer,
  Postgres,
  prometheus,
  Redis,
  s3Objects,
  saml,
  search,
  Secret,
  Setting,
  SidekiqGroup,
  signOn,
  Site,
  SiteProps,
  swiftObjects,
  WebTier,
} from "../../lib";
import { Data } from "../../lib/mastodon/ruby";
import { FakeCloud } from "../../lib/testing";

interface Given {
  readonly site?: Partial<SiteProps>;
  readonly data?: Partial<Data>;
}

const from = "Social <hello@social.example>";
const keys = { clientId: "mastodon", clientSecret: "" };
const db = { name: "mastodon", user: "mastodon" };

const setting = (make: (host: string) => Setting) => (host: string) => ({ site: { settings: [make(host)] } });

/** By the prop as messages call it: a page that names such a host in it, and what stands around the host. */
const PROPS: Readonly<Record<string, readonly [(host: string, secret: Secret) => Given, ((host: string) => string)?]>> = {
  server: [setting((server) => mail({ server, from }))],
  "bulk.server": [setting((server) => mail({ server: "smtp.example", from, bulk: { server } }))],
  "search host": [setting((host) => search({ host }))],
  "ldap host": [(host, password) => ({ site: { settings: [ldap({ host, base: "dc=a", bindDn: "cn=a", password })] } })],
  "collector.host": [setting((host) => prometheus({ collector: { host } }))],
  emailDomain: [setting((emailDomain) => pam({ emailDomain }))],
  http: [setting((host) => outgoingProxy({ http: `http://${host}:3128` })), (host) => `http://${host}:3128`],
  hidden: [setting((host) => outgoingProxy({ hidden: `http://${host}:8118` })), (host) => `http://${host}:8118`],
  "translation endpoint": [
    setting((host) => libreTranslate({ endpoint: `http://${host}:5000` })),
    (host) => `http://${host}:5000`,
  ],
  "telemetry endpoint": [
    setting((host) => openTelemetry({ endpoint: `http://${host}:4318/v1` })),
    (host) => `http://${host}:4318/v1`,
  ],
  "cas url": [setting((host) => cas({ url: `https://${host}` })), (host) => `https://${host}`],
  issuer: [
    (host, clientSecret) => ({ site: { settings: [openId({ ...keys, clientSecret, issuer: `https://${host}/realms/a` })] } }),
    (host) => `https://${host}/realms/a`,
  ],
  authorizationEndpoint: [
    (host, clientSecret) => {
      const authorizationEndpoint = `https://${host}/auth`;
      return { site: { settings: [openId({ ...keys, clientSecret, issuer: "https://login.example", authorizationEndpoint })] } };
    },
    (host) => `https://${host}/auth`,
  ],
  "endpoints.token": [
    (host, clientSecret) => {
      const [authorization, userInfo, jwks] = ["auth", "me", "keys"].map((path) => `https://login.example/${path}`);
      const endpoints = { authorization: authorization!, userInfo: userInfo!, jwks: jwks!, token: `https://${host}/token` };
      return { site: { settings: [openId({ ...keys, clientSecret, issuer: "https://login.example", endpoints })] } };
    },
    (host) => `https://${host}/token`,
  ],
  signOnUrl: [
    setting((host) => saml({ certificate: "MII", signOnUrl: `https://${host}/saml` })),
    (host) => `https://${host}/saml`,
  ],
  signUpUrl: [setting((host) => signOn({ signUpUrl: `https://${host}/new` })), (host) => `https://${host}/new`],
  settingsUrl: [setting((host) => signOn({ settingsUrl: `https://${host}/me` })), (host) => `https://${host}/me`],
  assets: [setting((host) => cdn({ assets: `https://${host}` })), (host) => `https://${host}`],
  mediaHosts: [setting((host) => cdn({ mediaHosts: [`https://${host}`] })), (host) => `https://${host}`],
  authUrl: [swift("authUrl"), (host) => `https://${host}/v3`],
  objectUrl: [swift("objectUrl"), (host) => `https://${host}/v3`],
  "endpoint of objects": [
    (host) => ({
      site: { objects: s3Objects({ keys: { id: "key", secret: "secret" }, bucket: "media", endpoint: `https://${host}:9000` }) },
    }),
    (host) => `https://${host}:9000`,
  ],
  "hostname of objects": [
    (hostname) => ({
      site: {
        objects: s3Objects({
          keys: { id: "key", secret: "secret" },
          bucket: "media",
          endpoint: "https://store.example",
          hostname,
        }),
      },
    }),
  ],
  "aliasHost of objects": [
    (aliasHost) => ({
      site: {
        objects: s3Objects({
          keys: { id: "key", secret: "secret" },
          bucket: "media",
          endpoint: "https://store.example",
          aliasHost,
        }),
      },
    }),
  ],
  "Postgres.external host": [(host) => ({ data: { database: Postgres.external({ ...db, host, tls: "require" }) } })],
  "Postgres.external address": [
    (address) => ({ data: { database: Postgres.external({ ...db, host: "db.example.net", address }) } }),
  ],
  "replicas of Postgres.external": [
    (host) => ({
      data: { database: Postgres.external({ ...db, host: "db.example.net", tls: "require", replicas: [{ host }] }) },
    }),
  ],
  "PgBouncer.external host": [
    (host) => {
      const direct = Postgres.external({ ...db, host: "db.example.net" });
      return { data: { database: PgBouncer.external({ ...db, host, tls: "require", direct }) } };
    },
  ],
  "Redis.external host": [(host) => ({ data: { redis: Redis.external({ host }) } })],
  "Redis.external url": [(host) => ({ data: { redis: Redis.external({ url: `redis://${host}:6379` }) } }), (host) => host],
  "sentinels of Redis.external": [
    (host) => ({ data: { redis: Redis.external({ sentinels: { master: "m", hosts: [{ host }] } }) } }),
  ],
};

function swift(prop: "authUrl" | "objectUrl") {
  return (host: string, password: Secret) => {
    const urls = { authUrl: "https://keystone.example/v3", objectUrl: "https://store.example", [prop]: `https://${host}/v3` };
    const rest = { user: "a", password, projectId: "p", container: "c", region: "r" };
    return { site: { settings: [swiftObjects({ ...rest, ...urls })] } };
  };
}

function heard(make: (host: string, secret: Secret) => Given, host: string): readonly string[] {
  const stack = new TerraformStack(new App(), "stack");
  const { site: props, data } = make(host, new Secret(stack, "theirs", { length: 64, description: "Somebody's." }));
  const site = new Site(stack, "Social", { cloud: new FakeCloud(), domain: "social.example", version: "4.7.6", ...props });
  const all: Data = {
    database: data?.database ?? new Postgres(site, "Database"),
    redis: data?.redis ?? new Redis(site, "Redis"),
  };
  new WebTier(site, "Web", { machines: 1, processes: 1, ...all });
  const queues = ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"] as const;
  new SidekiqGroup(site, "All", { threads: 5, queues, ...all });
  return site.problems.all();
}

describe.each(Object.entries(PROPS))("%s", (prop, [make, around = (host) => host]) => {
  const called =
    prop.split(" ").at(-1) === "objects"
      ? prop
      : prop
          .replace(/ of .*/, "")
          .split(" ")
          .at(-1)!;
  const named = { replicas: "host", sentinels: "host", url: "(url|host)" }[called] ?? called;

  test.each(["localhost", "127.0.0.1", "0.0.0.0", "127.1"])("%s is refused, and that alone is told", (host) => {
    expect(heard(make, host)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^stack/Social.*: (.*: )?${named} is "${around(host).replace(/[/.]/g, "\\$&")}", which means the machine itself, where nothing listens / `,
        ),
      ),
    ]);
  });

  test("no host name is refused, and that alone is told", () => {
    expect(heard(make, "under_score.example")).toEqual([expect.stringContaining("under_score.example")]);
  });

  test("a name passes", () => {
    const address = prop === "Postgres.external address";
    expect(heard(make, address ? "10.1.0.5" : "there.example.net")).toEqual([]);
  });
});

test("no prop is forgotten: each file of the library that sets a host or an address asks whether it is one", () => {
  const settings = join(__dirname, "../../lib/mastodon/settings");
  const takes = /readonly (\w*([hH]ost|[uU]rl|URL|[eE]ndpoint|issuer|server|http|hidden|assets|emailDomain))\??: string/g;
  const unasked = readdirSync(settings).flatMap((file) => {
    const text = readFileSync(join(settings, file), "utf8");
    return [...text.matchAll(takes)].filter(() => !/wrong(Host|Url)\(/.test(text)).map((match) => `${file}: ${match[1]}`);
  });
  expect(unasked).toEqual([]);
});

test("an endpoint outside the page of one's own is asked as well", () => {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", { cloud: new FakeCloud(), domain: "social.example", version: "4.7.6" });
  const web = new WebTier(site, "Web", {
    machines: 1,
    processes: 1,
    database: new Postgres(site, "Database"),
    redis: new Redis(site, "Redis"),
  });
  const queues = ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"] as const;
  new SidekiqGroup(site, "All", { threads: 5, queues, database: new Postgres(site, "D2"), redis: new Redis(site, "R2") });
  Endpoint.external({ name: "localhost" }, 9, {}).reachedBy(web.pool, "x");
  Endpoint.external({ name: "there.example", address: "127.0.0.1" }, 9, {}).reachedBy(web.pool, "x");
  Endpoint.external({ name: "there.example", address: Lazy.stringValue({ produce: () => "10.0.0.1" }) }, 9, {}).reachedBy(
    web.pool,
    "x",
  );
  expect(site.problems.all()).toEqual([
    expect.stringContaining('the name of an external server is "localhost", which means the machine itself'),
    expect.stringContaining('the address of there.example is "127.0.0.1", which means the machine itself'),
  ]);
});
