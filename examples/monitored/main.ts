// A whole Mastodon server on this machine that watches itself: metrics of all machines, an overview, and alerts by mail. For another cloud, pass its
// `cloud` and the size of the community, and leave out the sizes of the monitoring machine.

import { App, TerraformStack } from "cdktf";
import { byMail, Disk, Mastodon, Monitoring, Size } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const app = new App();
const stack = new TerraformStack(app, "local");
const server = new Mastodon(stack, "Social", { cloud: local(), domain: "social.example" });
new Monitoring(server, "Monitoring", {
  alerts: { to: [byMail("ops@example.org")] },
  size: Size.of({ cpus: 1, gib: 0.5 }),
  disk: Disk.gib(5),
});

app.synth();
