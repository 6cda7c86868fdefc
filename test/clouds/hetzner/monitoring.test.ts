// What fits into the boot text of a monitoring machine at Hetzner, and what a page is told for which it does not.

import { App, TerraformStack, Testing } from "cdktf";
import { execFileSync } from "node:child_process";
import {
  byMail,
  communityOf,
  mail,
  Mastodon,
  Monitoring,
  MonitoringProps,
  Postgres,
  Redis,
  RedisUse,
  s3Objects,
  Secret,
  SidekiqGroup,
  Site,
  slack,
  StreamingPool,
  syslog,
  WebTier,
} from "../../../lib";
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

/** What is wrong with a page whose data is elsewhere, with one certificate authority of 4096 bits, and one receiver. */
function problemsElsewhere(props: MonitoringProps): readonly string[] {
  const stack = new TerraformStack(new App(), "social");
  const secret = (name: string, length: number) => new Secret(stack, name, { length, description: "for media" });
  const site = new Site(stack, "Social", {
    cloud: hetzner({ location: "fsn1", ssh: { keys: ["admin"], from: ["203.0.113.0/24"] } }),
    domain: "social.example",
    version: "4.7.6",
    settings: [mail({ server: "smtp.example.net", from: "Social <hello@social.example>" })],
    objects: s3Objects({
      keys: { id: secret("media_access_key", 20), secret: secret("media_secret_key", 40) },
      bucket: "media",
      region: "eu-central-1",
      hostname: "s3.eu-central-1.amazonaws.com",
    }),
  });
  const options = ["-x509", "-newkey", "rsa:4096", "-nodes", "-subj", "/CN=authority", "-keyout", "/dev/null"];
  const ca = execFileSync("openssl", ["req", ...options], { encoding: "utf8", stdio: "pipe" });
  const redis = (use: RedisUse) => Redis.external({ use, url: `rediss://${use}.example.net`, ca });
  const data = {
    database: Postgres.external({ host: "db.example.net", name: "mastodon", user: "mastodon", ca, maxConnections: 200 }),
    redis: redis("main"),
    cache: redis("cache"),
    jobs: redis("sidekiq"),
  };
  new WebTier(site, "Web", { streaming: new StreamingPool(site, "Streaming", data), ...data });
  new SidekiqGroup(site, "Jobs", { queues: ["default", "push", "ingress", "mailers", "pull", "fasp", "scheduler"], ...data });
  new Monitoring(site, "Monitoring", { alerts: { to: [byMail("ops@example.org")] }, ...props });
  return pageProblems(() => Testing.synth(stack, true));
}

test("servers elsewhere with an authority of their own do not fit beside the overview, and the page is told to leave one of the two out", () => {
  const [problem, ...others] = problemsElsewhere({});
  expect(others).toEqual([]);
  expect(problem!.split(" / ")[1]!.split("; or ")).toEqual([
    "give `overview: false` to social/Social/Monitoring, which makes it a third smaller",
    "give the passwords of external servers as Secrets of no greater `length` than their values have",
    "give `external: false` to social/Social/Monitoring, which leaves servers elsewhere unread",
    "make that smaller, move it into an image or a package, or split the tier",
  ]);
});

test.each([{ external: false }, { overview: false }])("with %j they fit", (props) => {
  expect(problemsElsewhere(props)).toEqual([]);
});
