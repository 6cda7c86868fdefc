// A whole Mastodon server at AWS, whose PostgreSQL and Redis AWS runs. The tokens of Redis (ElastiCache) stand in clear in Terraform's state, since AWS'
// provider keeps them there: keep the state in an encrypted backend that few can read. No other secret stands in it.

import { App, TerraformStack } from "cdktf";
import { mail, PgBouncer, Postgres, Redis, Secret, SidekiqGroup, Site, StreamingPool, WebTier } from "cdktf-mastodon";
import { aws, elastiCache, MediaBucket, rds, route53 } from "cdktf-mastodon/aws";

const app = new App();
const stack = new TerraformStack(app, "social");

const dns = route53({ zone: "social.example" });
const cloud = aws({ region: "eu-central-1", architecture: "arm64", dns, access: { keyName: "admin" } });

// In a stack of its own, so that people's files outlive the servers. Nobody reads them but through CloudFront.
const media = new MediaBucket(new TerraformStack(app, "media"), "Media", {
  bucket: "social-example-media",
  region: "eu-central-1",
  domain: "social.example",
  cloudFront: { host: "files.social.example", dns },
  iamUser: "social-media",
});
// The user of the bucket has no key, since Terraform would keep it: an output of the stack says how to make one.
const objects = media.objects({
  accessKey: new Secret(stack, "media_access_key", { length: 20, description: "The key of the user of the bucket." }),
  secretKey: new Secret(stack, "media_secret_key", { length: 40, description: "The secret half of that key." }),
});

// For confirmations of addresses and new passwords. AWS lets nobody send on port 25 before support has opened it.
const post = mail({
  server: "smtp.example.net",
  port: 587,
  from: "Social <hello@social.example>",
  login: "social",
  password: new Secret(stack, "mail_password", { length: 64, description: "The mail server's user social." }),
});

const site = new Site(stack, "Social", { cloud, objects, settings: [post], domain: "social.example", version: "4.7.6" });

// A standby in another zone takes over by itself; the replica answers reads.
const db = Postgres.external(rds(site, "Database", { class: "db.m7g.large", storageGib: 100, replicas: 1 }));
const database = new PgBouncer(site, "Pool", { database: db });
const redis = Redis.external(elastiCache(site, "Feeds", { node: "cache.t4g.small" }));
const cache = Redis.external(elastiCache(site, "Cache", { use: "cache", node: "cache.t4g.small", nodes: 1 }));
const jobs = Redis.external(elastiCache(site, "Jobs", { use: "sidekiq", node: "cache.t4g.small" }));
const data = { database, redis, cache, jobs };

const live = new StreamingPool(site, "Streaming", { machines: 2, ...data });
new WebTier(site, "Web", { machines: 2, streaming: live, ...data });
new SidekiqGroup(site, "Home", { queues: { default: 8, mailers: 2 }, ...data });
new SidekiqGroup(site, "Federated", { queues: { push: 6, ingress: 4, pull: 1, fasp: 1 }, machines: 2, ...data });
new SidekiqGroup(site, "Scheduler", { queues: ["scheduler"], threads: 5, ...data });

app.synth();
