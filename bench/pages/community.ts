// A server for 15,000 people a month at Hetzner, in one line.

import { App, TerraformStack } from "cdktf";
import { communityOf, mail, Mastodon, Secret } from "cdktf-mastodon";
import { hetzner, hetznerDns, hetznerObjects } from "cdktf-mastodon/hetzner";

const app = new App();
const stack = new TerraformStack(app, "community");
const cloud = hetzner({
  location: "fsn1",
  cpus: { postgres: "dedicated" },
  dns: hetznerDns({ zone: "social.example" }),
  serverLimit: 100,
});
const objects = hetznerObjects({
  bucket: "social-example-media",
  accessKey: new Secret(stack, "media_access_key", { length: 20, description: "The key of the object store." }),
  secretKey: new Secret(stack, "media_secret_key", { length: 40, description: "The secret half of the object store's key." }),
});
const settings = [mail({ server: "smtp.example.net", from: "hello@social.example" })];
new Mastodon(stack, "Social", {
  cloud,
  objects,
  settings,
  domain: "social.example",
  size: communityOf({ monthlyActive: 15_000 }),
});
app.synth();
