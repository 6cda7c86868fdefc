// A Mastodon server at AWS in a VPC that stands already, with certificates for host names whose DNS is elsewhere, and a bucket that stands already.

import { App, TerraformStack } from "cdktf";
import { communityOf, mail, Mastodon, Secret } from "cdktf-mastodon";
import { aws, awsObjects, Certificate } from "cdktf-mastodon/aws";

const app = new App();
const stack = new TerraformStack(app, "social");
const region = "eu-central-1";

// Deployed first: its output says which records prove that the host names are yours. When AWS has issued the certificates, their ARNs go into the page.
new Certificate(new TerraformStack(app, "certificate"), "Certificate", {
  region,
  hosts: ["mastodon.social.example", "streaming.mastodon.social.example"],
});

const cloud = aws({
  region,
  zones: ["a", "b", "c"],
  // 10.20.0.0/16, the site's network, is one of the ranges of this VPC.
  existing: {
    vpc: "vpc-0123456789abcdef0",
    publicSubnets: [
      { id: "subnet-0123456789abcdef0", range: "10.20.0.0/24" },
      { id: "subnet-0123456789abcdef1", range: "10.20.1.0/24" },
      { id: "subnet-0123456789abcdef2", range: "10.20.2.0/24" },
    ],
  },
  egress: "nat in each zone",
  certificateArn: [
    "arn:aws:acm:eu-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555",
    "arn:aws:acm:eu-central-1:123456789012:certificate/66666666-7777-8888-9999-000000000000",
  ],
  access: { keyName: "admin" },
});

new Mastodon(stack, "Social", {
  cloud,
  domain: "social.example",
  webDomain: "mastodon.social.example",
  version: "4.7.6",
  size: communityOf({ monthlyActive: 5_000 }),
  objects: awsObjects({
    bucket: "social-example-media",
    region,
    accessKey: new Secret(stack, "media_access_key", { length: 20, description: "Mastodon's key of the bucket." }),
    secretKey: new Secret(stack, "media_secret_key", { length: 40, description: "The secret half of that key." }),
  }),
  settings: [
    mail({
      server: "smtp.example.net",
      port: 587,
      from: "Social <hello@social.example>",
      login: "social",
      password: new Secret(stack, "mail_password", { length: 64, description: "The mail server's user social." }),
    }),
  ],
});

app.synth();
