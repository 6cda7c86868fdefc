// A whole Mastodon server on this machine, in one line. For another cloud, pass its `cloud` and the size of the community.

import { App, TerraformStack } from "cdktf";
import { Mastodon } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const app = new App();
const stack = new TerraformStack(app, "local");
new Mastodon(stack, "Social", { cloud: local(), domain: "social.example" });

app.synth();
