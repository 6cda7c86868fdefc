import { App, TerraformStack } from "cdktf";
import { ExtraEnv, mail, Postgres, Redis, Setting, SidekiqGroup, Site, StreamingPool, WebTier } from "../../lib";
import { textOf } from "../../lib/core/program";
import { FakeCloud, FakeCloudOptions } from "../../lib/testing";

const ALL = ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"] as const;

interface Page extends FakeCloudOptions {
  readonly settings?: readonly Setting[];
  readonly extraEnv?: ExtraEnv;
  readonly queues?: readonly (typeof ALL)[number][];
}

/** Sidekiq alone, on a cloud that has of its own what is asked for. */
function page({ settings, extraEnv, queues = ALL, ...options }: Page = {}) {
  const stack = new TerraformStack(new App(), "stack");
  const queuesElsewhere = ALL.filter((queue) => !queues.includes(queue));
  const cloud = new FakeCloud(options);
  const site = new Site(stack, "Social", {
    cloud,
    domain: "social.example",
    version: "4.7.6",
    settings,
    extraEnv,
    queuesElsewhere,
  });
  const data = { database: new Postgres(site, "Database"), redis: new Redis(site, "Redis") };
  const group = new SidekiqGroup(site, "Jobs", { queues, ...data });
  const sent = Object.fromEntries(Object.entries(group.env.all).filter(([name]) => name.startsWith("SMTP_")));
  const quadlet = group.pool.program.steps.find((step) => step.kind === "file" && step.path.endsWith(".container"));
  const volumes =
    quadlet?.kind === "file" ? [...textOf(quadlet.content).matchAll(/^Volume=(.*)$/gm)].map((match) => match[1]) : [];
  return { site, data, cloud, sent, volumes };
}

const NO_SERVER =
  "stack/Social/Jobs: no mail server is given, so users could not confirm addresses, reset passwords or get notifications / " +
  'add mail({ server, from, … }) to the settings of the site, or mail("none") for a server that sends no mail';

test("on a cloud that catches no mail a page that sends some must say where it goes, or that none leaves", () => {
  expect(page({ mail: false }).site.problems.all()).toEqual([NO_SERVER]);
  expect(
    page({ mail: false, settings: [mail({ server: "smtp.example", from: "a@social.example" })] }).site.problems.all(),
  ).toEqual([]);
  expect(page({ mail: false, settings: [mail("none")] }).site.problems.all()).toEqual([]);
  expect(page({ mail: false, extraEnv: { SMTP_SERVER: "smtp.example" } }).site.problems.all()).toEqual([]);
  expect(page({ mail: false, extraEnv: { SMTP_DELIVERY_METHOD: "smtp" } }).site.problems.all()).toEqual([NO_SERVER]);
  expect(page({ mail: false, extraEnv: { SMTP_DELIVERY_METHOD: "file" } }).site.problems.all()).toEqual([]);
});

test("what works off no mailers sends no mail: other queues, web and streaming need no server and no mailbox", () => {
  const { site, data, cloud } = page({ mail: false, queues: ["push", "pull"] });
  const live = new StreamingPool(site, "Streaming", data);
  new WebTier(site, "Web", { streaming: live, ...data });
  expect(site.problems.all()).toEqual([]);
  expect(page({ queues: ["push", "pull"] }).cloud.mailboxes).toEqual([]);
  expect(cloud.mailboxes).toEqual([]);
});

test("a cloud that catches mail is told who hands it in, once a site, and only where the page names no server", () => {
  const { site, data, cloud, sent } = page();
  new SidekiqGroup(site, "More", { queues: ["mailers"], ...data });
  expect(sent).toEqual({
    SMTP_SERVER: "10.20.0.10",
    SMTP_PORT: "1025",
    SMTP_AUTH_METHOD: "none",
    SMTP_OPENSSL_VERIFY_MODE: "none",
    SMTP_ENABLE_STARTTLS: "never",
  });
  expect(cloud.mailboxes.map((box) => box.openings())).toEqual([
    [
      {
        from: { kind: "role", role: "sidekiq" },
        sources: ["10.20.128.0/18"],
        to: { kind: "managed", name: "mailbox" },
        port: 1025,
        why: "what Mastodon writes to people",
      },
    ],
  ]);
  expect(page({ settings: [mail({ server: "smtp.example", from: "a@social.example" })] }).cloud.mailboxes).toEqual([]);
});

test('mail("none") has Sidekiq deliver to a program that forgets it, on any cloud', () => {
  const { cloud, sent, volumes } = page({ settings: [mail("none")] });
  expect(sent).toEqual({ SMTP_DELIVERY_METHOD: "sendmail" });
  expect(volumes).toEqual([
    "/srv/files/system:/opt/mastodon/public/system",
    "/usr/local/sbin/discard-mail:/usr/sbin/sendmail:ro",
  ]);
  expect(cloud.mailboxes).toEqual([]);
});

test("the directory that a cloud shares is asked for by what keeps files, and lies where the page says that files lie", () => {
  const { cloud, volumes } = page({ extraEnv: { PAPERCLIP_ROOT_PATH: "/files" } });
  expect(volumes).toEqual(["/srv/files/system:/files"]);
  expect(cloud.pools.map(({ name, files }) => ({ name, files: files() }))).toEqual([{ name: "jobs", files: true }]);
});

test("a store among the variables does as well: nothing is shared then", () => {
  const { cloud, volumes, site } = page({ files: false, extraEnv: { AZURE_ENABLED: true } });
  expect(site.problems.all()).toEqual([]);
  expect(volumes).toEqual([]);
  expect(cloud.pools.map(({ files }) => files())).toEqual([false]);
});
