// The certificates that settings bring to machines, and what a version needs beside its settings.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cas, ldap, mail, outgoingProxy, search, Secret, Setting } from "../../lib";
import { readable } from "./mixes";
import { page } from "./page-by-hand";

const ca = readFileSync(join(__dirname, "../../examples/beside-existing/ca.pem"), "utf8");
const smtp = { server: "smtp.example", from: "hello@social.example" };

test("certificates of mail servers and of search are files of their own, in every container that reads them", () => {
  const { problems, web, live, group } = page({
    settings: () => [
      mail({ ...smtp, ca, bulk: { server: "bulk.example", ca } }),
      search({ host: "search.example", tls: true, ca }),
    ],
  });
  expect(problems).toEqual([]);
  const files = { SMTP_CA_FILE: "mail", BULK_SMTP_CA_FILE: "bulk-mail", ES_CA_FILE: "search" };
  for (const env of [web.env, web.taskEnv, group.env, group.taskEnv!]) {
    const told = Object.fromEntries(Object.keys(files).map((name) => [name, readable(env)[name]]));
    expect(told).toEqual(
      Object.fromEntries(Object.entries(files).map(([name, file]) => [name, `/etc/mastodon/tls/${file}.pem`])),
    );
    expect(readable(env)).not.toHaveProperty("SSL_CERT_FILE");
  }
  for (const { pool } of [web, group]) {
    const text = pool.bootText();
    expect(text.match(/BEGIN CERTIFICATE/g)).toHaveLength(3);
    for (const file of Object.values(files)) expect(text).toContain(`/etc/mastodon/tls/${file}.pem`);
    const containers = text.match(/podman run|Image=/g)!.length;
    expect(text.match(/\/etc\/mastodon\/tls:\/etc\/mastodon\/tls:ro/g)).toHaveLength(containers);
  }
  expect(live.pool.bootText()).not.toContain("CERTIFICATE");
});

test("what has no variable of its own is trusted beside the public authorities, by Ruby alone", () => {
  const settings = (password: Secret) => [
    mail("none"),
    ldap({ host: "ldap.example", base: "dc=example", bindDn: "cn=m,dc=example", password, ca }),
    cas({ url: "https://cas.example", ca }),
    outgoingProxy({ http: "http://proxy.example:3128", ca }),
  ];
  const { problems, web, live, group } = page({ settings });
  expect(problems).toEqual([]);
  for (const env of [web.env, web.taskEnv, group.env, group.taskEnv!]) {
    expect(readable(env)).toMatchObject({ SSL_CERT_FILE: "/etc/mastodon/tls/ruby.pem" });
    expect(readable(env)).not.toHaveProperty("CAS_CA_PATH");
  }
  const files = ["ldap", "cas", "proxy"].map((name) => `/etc/mastodon/tls/${name}.pem`);
  for (const { pool } of [web, group]) {
    expect(pool.bootText()).toContain(`cat /etc/ssl/certs/ca-certificates.crt ${files.join(" ")} >/etc/mastodon/tls/ruby.pem\n`);
    expect(pool.bootText().match(/BEGIN CERTIFICATE/g)).toHaveLength(3);
  }
  expect(live.pool.bootText()).not.toContain("CERTIFICATE");
});

test("search before 4.3, which has no variable for it, is trusted that way too", () => {
  const { problems, web } = page({
    version: "4.2.20",
    settings: () => [mail("none"), search({ host: "search.example", tls: true, ca })],
  });
  expect(problems).toEqual([]);
  expect(readable(web.env)).toMatchObject({ SSL_CERT_FILE: "/etc/mastodon/tls/ruby.pem" });
  expect(web.pool.bootText()).toContain("cat /etc/ssl/certs/ca-certificates.crt /etc/mastodon/tls/search.pem >");
});

test.each<[string, () => Setting, string]>([
  [
    "a path",
    () => mail({ ...smtp, ca: "/etc/ca.pem" }),
    "mail: ca holds no certificate that can be read / give the text of a PEM",
  ],
  [
    "a key",
    () => cas({ url: "https://c.example", ca: `${ca}-----BEGIN PRIVATE KEY-----` }),
    "cas: ca holds a private key / give the",
  ],
  ["one without TLS", () => search({ host: "s.example", ca }), "search: ca is given, but tls is not / give tls: true as well"],
])("certificates are refused: %s", (_, setting, why) => {
  const own = setting();
  const { problems } = page({ settings: () => (own.name === "mail" ? [own] : [mail("none"), own]) });
  expect(problems).toEqual([expect.stringContaining(`stack/Social/Settings/${why}`)]);
});

test("every database task has what an upgrade from 4.2 decrypts second factors with; from 4.4 on nobody else does", () => {
  for (const version of ["4.1.22", "4.2.20", "4.3.23", "4.4.0", "4.7.6"]) {
    const { problems, web, group } = page({ version });
    expect(problems).toEqual([]);
    const envs = { web: web.env, administrator: web.taskEnv, sidekiq: group.env, task: group.taskEnv! };
    const having = Object.entries(envs).filter(([, env]) => readable(env)["OTP_SECRET"] === "<secret otp_secret>");
    expect(having.map(([name]) => name)).toEqual(version < "4.4" ? ["web", "administrator", "sidekiq", "task"] : ["task"]);
  }
});

test("the image of 4.1.0 is where that release was published, those of all others are in the usual place", () => {
  expect(page({ version: "4.1.0" }).site.images.mastodon).toBe("docker.io/tootsuite/mastodon:v4.1.0");
  expect(page({ version: "4.1.22" }).site.images.mastodon).toBe("ghcr.io/mastodon/mastodon:v4.1.22");
});
