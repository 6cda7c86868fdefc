// A whole Mastodon server at DigitalOcean, whose PostgreSQL and Redis DigitalOcean runs. The passwords of these databases stand in clear in
// Terraform's state, since its provider keeps whatever DigitalOcean's API answers: keep the state in an encrypted backend that few can read.

import { App, TerraformStack } from "cdktf";
import { mail, PgBouncer, Postgres, Redis, Secret, SidekiqGroup, Site, StreamingPool, WebTier } from "cdktf-mastodon";
import { digitalocean, digitalOceanDns, managedPostgres, managedValkey, SpacesBucket } from "cdktf-mastodon/digitalocean";

const app = new App();
const stack = new TerraformStack(app, "social");

// Deployed first, and by itself: DigitalOcean gives Mastodon a key for a bucket that exists, and the files outlive the servers.
const media = new SpacesBucket(new TerraformStack(app, "media"), "Media", {
  bucket: "social-example-media",
  region: "fra1",
  domain: "social.example",
});

const cloud = digitalocean({
  region: "fra1",
  dns: digitalOceanDns({ zone: "social.example" }),
  ssh: { keys: ["admin"], from: ["203.0.113.0/24"] },
});

const objects = media.objects({
  accessKey: new Secret(stack, "media_access_key", { length: 20, description: "Mastodon's key of the object store." }),
  secretKey: new Secret(stack, "media_secret_key", { length: 64, description: "The secret half of Mastodon's key." }),
});

// For confirmations of addresses and new passwords. New accounts of DigitalOcean cannot use ports 25, 465 and 587.
const post = mail({
  server: "smtp.example.net",
  port: 2525,
  from: "Social <hello@social.example>",
  login: "social",
  password: new Secret(stack, "mail_password", { length: 64, description: "The mail server's user social." }),
});

const site = new Site(stack, "Social", { cloud, objects, settings: [post], domain: "social.example", version: "4.7.6" });

const cluster = managedPostgres(site, "Database", { size: "db-s-4vcpu-8gb", pool: 150 });
const database = PgBouncer.external({ ...cluster.pool!, direct: Postgres.external(cluster.postgres) });
const redis = Redis.external(managedValkey(site, "Feeds", { size: "db-s-1vcpu-2gb" }));
const cache = Redis.external(managedValkey(site, "Cache", { use: "cache", size: "db-s-1vcpu-1gb", nodes: 1 }));
const jobs = Redis.external(managedValkey(site, "Jobs", { use: "sidekiq", size: "db-s-1vcpu-2gb" }));
const data = { database, redis, cache, jobs };

const live = new StreamingPool(site, "Streaming", { machines: 2, ...data });
new WebTier(site, "Web", { machines: 2, streaming: live, ...data });
new SidekiqGroup(site, "Home", { queues: { default: 8, mailers: 2 }, ...data });
new SidekiqGroup(site, "Federated", { queues: { push: 6, ingress: 4, pull: 1, fasp: 1 }, machines: 2, ...data });
new SidekiqGroup(site, "Scheduler", { queues: ["scheduler"], threads: 5, ...data });

app.synth();
