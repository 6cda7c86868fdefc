// A fork of Mastodon, here glitch-soc: the release of Mastodon that it is based on, and both its images.

import { App, TerraformStack } from "cdktf";
import { Mastodon } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const app = new App();
const stack = new TerraformStack(app, "local");
new Mastodon(stack, "Social", {
  cloud: local(),
  domain: "social.example",
  version: "4.5.3",
  images: {
    mastodon: "ghcr.io/glitch-soc/mastodon:v4.5.3",
    streaming: "ghcr.io/glitch-soc/mastodon-streaming:v4.5.3",
  },
});

app.synth();
