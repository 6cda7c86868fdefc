// A Mastodon server at AWS that sends mail by Amazon SES, with people's files behind CloudFront, which its machines write by their own role.

import { App, TerraformStack } from "cdktf";
import { communityOf, mail, Mastodon, Secret } from "cdktf-mastodon";
import { aws, MediaBucket, route53, SesDomain } from "cdktf-mastodon/aws";

const app = new App();
const stack = new TerraformStack(app, "social");
const region = "eu-central-1";
const dns = route53({ zone: "social.example" });

// In stacks of their own, which outlive the servers: the bucket holds people's files, and SES has to be allowed to send before the server is of use.
const media = new MediaBucket(new TerraformStack(app, "media"), "Media", {
  bucket: "social-example-media",
  region,
  domain: "social.example",
  cloudFront: { host: "files.social.example", dns },
});
const ses = new SesDomain(new TerraformStack(app, "mail"), "Mail", { domain: "social.example", region, dns });

// The user name and the password that the console of SES shows when it makes SMTP credentials.
const post = mail({
  server: ses.server,
  from: "Social <hello@social.example>",
  login: "AKIAIOSFODNN7EXAMPLE",
  password: new Secret(stack, "mail_password", { length: 64, description: "The SMTP password of SES." }),
});

new Mastodon(stack, "Social", {
  cloud: aws({ region, dns, access: { keyName: "admin" } }),
  domain: "social.example",
  version: "4.7.6",
  size: communityOf({ monthlyActive: 1_000 }),
  objects: media.objects({ by: "role" }),
  settings: [post],
});

app.synth();
