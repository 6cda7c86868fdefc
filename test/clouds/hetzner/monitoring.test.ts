// What fits into the boot text of a monitoring machine at Hetzner, and what a page is told for which it does not.

import { App, TerraformStack, Testing } from "cdktf";
import { byMail, communityOf, mail, Mastodon, Monitoring, MonitoringProps, s3Objects, Secret, slack, syslog } from "../../../lib";
import { hetzner } from "../../../lib/clouds/hetzner";
import { pageProblems } from "../../page-problems";

/** What is wrong with a page with two receivers, a dead man's switch and a collector of logs. */
function problems(props: MonitoringProps): readonly string[] {
  const stack = new TerraformStack(new App(), "social");
  const secret = (name: string, length: number) => new Secret(stack, name, { length, description: "for alerts" });
  const site = new Mastodon(stack, "Social", {
    cloud: hetzner({ location: "fsn1", cpus: { postgres: "dedicated" }, ssh: { keys: ["admin"], from: ["203.0.113.0/24"] } }),
    domain: "social.example",
    size: communityOf({ monthlyActive: 15_000 }),
    objects: s3Objects({
      keys: { id: secret("media_access_key", 20), secret: secret("media_secret_key", 40) },
      bucket: "media",
      region: "eu-central-1",
      hostname: "s3.eu-central-1.amazonaws.com",
    }),
    settings: [mail({ server: "smtp.example.net", from: "Social <hello@social.example>" })],
    logs: { forwardTo: syslog({ host: "logs.example.net" }) },
  });
  new Monitoring(site, "Monitoring", {
    alerts: { to: [byMail("ops@example.org"), slack(secret("slack_url", 200))], deadMansSwitch: secret("switch_url", 200) },
    ...props,
  });
  return pageProblems(() => Testing.synth(stack, true));
}

test("several receivers and forwarded logs fit without the overview", () => {
  expect(problems({ overview: false })).toEqual([]);
});

test("with the overview they do not, and the page is told to leave it out", () => {
  const [problem, ...others] = problems({});
  expect(others).toEqual([]);
  expect(problem).toMatch(/^social\/Social\/Monitoring\/1: the boot text has \d+ bytes compressed, and Hetzner takes 32768; /);
  expect(problem!.split(" / ")[1]).toBe(
    "give `overview: false` to social/Social/Monitoring, which makes it a third smaller; or give the Secrets of its alerts no greater `length` than their values have; or make that smaller, move it into an image or a package, or split the tier",
  );
});
