// A whole Mastodon server at AWS whose web and streaming machines follow their load, as the site's own monitoring measures it.

import { App, TerraformStack } from "cdktf";
import {
  byMail,
  Disk,
  mail,
  Monitoring,
  PgBouncer,
  Postgres,
  Redis,
  Secret,
  SidekiqGroup,
  Site,
  Size,
  StreamingPool,
  WebTier,
} from "cdktf-mastodon";
import { aws, awsObjects, route53 } from "cdktf-mastodon/aws";

const app = new App();
const stack = new TerraformStack(app, "social");
const region = "eu-central-1";
const cloud = aws({ region, dns: route53({ zone: "social.example" }), access: { keyName: "admin" } });

const objects = awsObjects({
  bucket: "social-example-media",
  region,
  accessKey: new Secret(stack, "media_access_key", { length: 20, description: "Mastodon's key of the bucket." }),
  secretKey: new Secret(stack, "media_secret_key", { length: 40, description: "The secret half of that key." }),
});
const post = mail({
  server: "smtp.example.net",
  port: 587,
  from: "Social <hello@social.example>",
  login: "social",
  password: new Secret(stack, "mail_password", { length: 64, description: "The mail server's user social." }),
});

const site = new Site(stack, "Social", { cloud, objects, settings: [post], domain: "social.example", version: "4.7.6" });

// Connections to the database are counted for the most machines, twice, since a roll-out doubles them.
const db = new Postgres(site, "Database", { size: Size.of({ cpus: 2, gib: 8 }) });
const data = { database: new PgBouncer(site, "Pool", { database: db }), redis: new Redis(site, "Redis") };

// From 2 to 4 machines, such that on average 60 % of the WebSockets are in use for which each is meant.
const live = new StreamingPool(site, "Streaming", { machines: 2, scale: { most: 4, usedPercent: 60 }, ...data });
// From 2 to 6 machines, such that on average 60 % of Puma's threads work, and 60 % of the processors at most.
new WebTier(site, "Web", { machines: 2, scale: { most: 6, usedPercent: 60 }, streaming: live, ...data });
new SidekiqGroup(site, "Jobs", {
  queues: { default: 8, push: 6, ingress: 4, mailers: 2, pull: 1, fasp: 1 },
  machines: 2,
  ...data,
});
new SidekiqGroup(site, "Scheduler", { queues: ["scheduler"], threads: 5, ...data });

// It measures what is used.
new Monitoring(site, "Monitoring", { alerts: { to: [byMail("ops@example.org")] }, disk: Disk.gib(20) });

app.synth();
