// A whole Mastodon server on the cloud in cloud.ts.

import { App, TerraformStack } from "cdktf";
import { mail, Mastodon, s3Objects, Secret } from "cdktf-mastodon";
import { ownCloud } from "./cloud";

const app = new App();
const stack = new TerraformStack(app, "own-cloud");

const objects = s3Objects({
  bucket: "social-media",
  region: "own-1",
  endpoint: "https://objects.own.example",
  keys: {
    id: new Secret(stack, "media_key", { length: 20, description: "The key of the bucket." }),
    secret: new Secret(stack, "media_secret", { length: 40, description: "Its secret half." }),
  },
});

new Mastodon(stack, "Social", { cloud: ownCloud(), domain: "social.example", objects, settings: [mail("none")] });

app.synth();
