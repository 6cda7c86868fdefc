// The settings of a server besides its tiers: mail, files, search, signing on and others. Each group is a function of its own.

import { App, TerraformStack } from "cdktf";
import {
  cdn,
  communityOf,
  federation,
  languages,
  libreTranslate,
  mail,
  Mastodon,
  openId,
  openTelemetry,
  outgoingProxy,
  prometheus,
  retention,
  s3Objects,
  search,
  Secret,
  signOn,
} from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const app = new App();
const stack = new TerraformStack(app, "local");
const secret = (name: string, description: string) => new Secret(stack, name, { length: 64, description });

new Mastodon(stack, "Social", {
  cloud: local(),
  // Handles end in @example.org, and the web interface is at social.example.org.
  domain: "example.org",
  webDomain: "social.example.org",
  version: "4.7.6",
  size: communityOf({ monthlyActive: 2_000 }),
  objects: s3Objects({
    bucket: "social-media",
    region: "eu-central-1",
    aliasHost: "files.example.org",
    access: "none",
    keys: { id: secret("media_key", "The key of the bucket."), secret: secret("media_secret", "Its secret half.") },
  }),
  settings: [
    mail({
      server: "smtp.example.org",
      from: "Social <hello@example.org>",
      login: "social",
      password: secret("mail_password", "The mail server's user social."),
      bulk: {
        server: "bulk.example.org",
        port: 465,
        login: "social",
        password: secret("bulk_password", "The bulk mail server."),
      },
    }),
    search({
      host: "search.example.org",
      tls: true,
      user: "mastodon",
      password: secret("search_password", "Elasticsearch's user mastodon."),
      preset: "small_cluster",
    }),
    openId({
      issuer: "https://login.example.org/realms/social",
      clientId: "mastodon",
      clientSecret: secret("openid_secret", "This server at login.example.org."),
      displayName: "example.org",
      trustEmail: true,
      authorizationEndpoint: "https://login.example.org/realms/social/protocol/openid-connect/auth",
    }),
    signOn({ only: true, oneClick: true, settingsUrl: "https://login.example.org/me" }),
    federation({ authorizedFetch: true }),
    languages({ standard: "de" }),
    libreTranslate({ endpoint: "https://translate.example.org" }),
    outgoingProxy({ hidden: "http://tor.example.org:8118" }),
    cdn({ assets: "https://assets.example.org" }),
    retention({ addressDays: 90 }),
    prometheus({ collector: { host: "collector.example.org" } }),
    openTelemetry({ endpoint: "http://collector.example.org:4318", share: 0.01 }),
  ],
  extraEnv: { MAX_SESSION_ACTIVATIONS: 20, SOMETHING_OF_TOMORROW: "yes" },
});

app.synth();
