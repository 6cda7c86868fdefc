// A whole Mastodon server on this machine whose alerts go to several services, with limits and objectives of its own. The URLs and the key are secrets:
// write their values into secrets.tfvars.json by hand.

import { App, TerraformStack } from "cdktf";
import { byMail, Disk, Mastodon, Monitoring, pagerDuty, Secret, Size, slack } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const app = new App();
const stack = new TerraformStack(app, "local");
const server = new Mastodon(stack, "Social", { cloud: local(), domain: "social.example" });

const slackUrl = new Secret(stack, "slack_url", { length: 90, description: "The incoming webhook of Slack for alerts." });
const pagerDutyKey = new Secret(stack, "pagerduty_key", {
  length: 32,
  description: "The integration key of PagerDuty's service.",
});
const switchUrl = new Secret(stack, "switch_url", { length: 64, description: "What is requested as long as monitoring works." });

new Monitoring(server, "Monitoring", {
  alerts: {
    to: [byMail("ops@example.org"), slack(slackUrl), pagerDuty(pagerDutyKey, { severities: ["critical"] })],
    deadMansSwitch: switchUrl,
    objectives: { pages: 99.9 },
    queueSeconds: { default: 30, pull: 1800 },
  },
  size: Size.of({ cpus: 1, gib: 0.5 }),
  disk: Disk.gib(5),
});

app.synth();
