import { App, TerraformStack, Testing } from "cdktf";
import { ObjectStore, Postgres, Redis, s3Objects, Site, Size, StreamingPool, WebTier, WebTierProps } from "../../lib";
import { FakeCloud } from "../../lib/testing";
import { pageOf, WHOLE } from "./mixes";
import { callerName } from "../../lib/core/flow";

/** A page of a web tier alone, beside an existing server's Sidekiq. */
function alone(props: Partial<WebTierProps> = {}) {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = new FakeCloud();
  const queuesElsewhere = ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"];
  const site = new Site(stack, "Social", { cloud, domain: "social.example", version: "4.7.6", queuesElsewhere });
  const data = { database: new Postgres(site, "Database"), redis: new Redis(site, "Redis") };
  return { stack, cloud, site, web: new WebTier(site, "Web", { ...data, ...props }) };
}

test("streaming beside Puma has no route of its own, and reaches its data as the web tier", () => {
  const { cloud, site } = pageOf({ ...WHOLE, streaming: "beside" });
  expect(cloud.routes.map(({ pool: _, ...route }) => route)).toEqual([
    { host: "social.example", port: 80, check: { port: 80, path: "/health", status: 200 } },
  ]);
  const flows = site.flows.filter(({ why }) => why.startsWith("streaming"));
  expect(flows.map(({ from, to, port, why }) => `${callerName(from)} to ${to.name}:${port}: ${why}`)).toEqual([
    "web to redis-1:6379: streaming subscribes",
    "web to redis-1:26379: streaming subscribes: who is master",
    "web to redis-2:6379: streaming subscribes",
    "web to redis-2:26379: streaming subscribes: who is master",
    "web to redis-3:6379: streaming subscribes",
    "web to redis-3:26379: streaming subscribes: who is master",
    "web to pool-1:6432: streaming looks up tokens and filters",
  ]);
});

test("the world reaches it under the site's domain, after its own health check, and nobody else does", () => {
  const { cloud } = alone();
  expect(cloud.routes.map(({ host, port, check }) => ({ host, port, check }))).toEqual([
    { host: "social.example", port: 80, check: { port: 80, path: "/health", status: 200 } },
  ]);
  expect(cloud.pools[0]!.openings().map(({ from, port }) => ({ from, port }))).toEqual([
    { from: { kind: "front door" }, port: 80 },
  ]);
});

test.each<[Partial<WebTierProps>, string]>([
  [{}, "2"],
  [{ size: Size.of({ cpus: 8, gib: 16 }) }, "8"],
  [{ size: Size.of({ cpus: 8, gib: 2 }) }, "3"],
  [{ size: Size.of({ cpus: 8, gib: 2 }), streaming: { processes: 2 } }, "2"],
  [{ size: Size.of({ cpus: 1, gib: 0.5 }) }, "1"],
  [{ size: Size.of({ cpus: 1, gib: 0.5 }), processes: 3 }, "3"],
])("%j runs as many Puma processes as CPUs and memory allow: %s", (props, processes) => {
  expect(alone(props).web.env.all["WEB_CONCURRENCY"]).toBe(processes);
});

// As many requests as Puma has threads but one go in; so many wait as those work off in the second that a request waits.
test.each<[Partial<WebTierProps>, number, number]>([
  [{ processes: 1, threads: 2 }, 1, 20],
  [{ processes: 2, threads: 5 }, 9, 180],
  [{ processes: 16, threads: 16 }, 255, 2000],
])("%j lets %d requests in, and has %d wait", (props, inside, waiting) => {
  const text = alone(props).web.pool.bootText();
  expect(text).toContain(`server puma 127.0.0.1:3000 maxconn ${inside}\n`);
  expect(text).toContain(`http-request deny deny_status 503 if { queue(puma) ge ${waiting} }\n`);
  expect(text).toContain("timeout queue 1000ms\n");
  expect(text).toContain("upstream mastodon {\n        server 127.0.0.1:3080 max_fails=0;\n");
});

// Within the 5 s of a front door, and each try longer than two turns of all threads of a process.
test.each<[Partial<WebTierProps>, number, string]>([
  [{ processes: 1, threads: 5 }, 0, "4000ms"],
  [{ processes: 2, threads: 3 }, 3, "1125ms"],
  [{ processes: 2, threads: 5 }, 2, "1500ms"],
  [{ processes: 4, threads: 8 }, 1, "2250ms"],
  [{ processes: 4, threads: 16 }, 0, "4000ms"],
])("%j has a health check tried again %d times after %s", (props, retries, limit) => {
  const lane = /backend puma-health\n[^]*?\n\n/.exec(alone(props).web.pool.bootText())![0];
  expect(lane).toContain(`retries ${retries}\n`);
  expect(lane).toContain(`timeout server ${limit}\n`);
  expect((retries + 1) * Number.parseInt(limit)).toBeLessThanOrEqual(4500);
});

test("only a front door's question for health, or the machine's own, goes past the queue", () => {
  const text = alone().web.pool.bootText();
  expect(text).toContain("acl from_front_door req.hdr_ip(x-forwarded-for,-1) 127.0.0.0/8 10.20.0.0/16\n");
  expect(text).toContain("use_backend puma-health if { path /health } from_front_door\n");
});

test("other proxies are trusted besides the private ranges, by Rails and by nginx", () => {
  const { web } = alone({ trustedProxies: ["203.0.113.0/24", "2001:db8::/32"] });
  expect(web.env.all["TRUSTED_PROXY_IP"]).toBe(
    "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7,203.0.113.0/24,2001:db8::/32",
  );
  for (const range of ["10.20.0.0/16", "203.0.113.0/24", "2001:db8::/32"]) {
    expect(web.pool.bootText()).toContain(`set_real_ip_from ${range};\n`);
  }
});

test("a front door outside of the site's network is believed as one inside, and its question for health goes past the queue", () => {
  const texts = (sources: readonly string[]) => {
    class Elsewhere extends FakeCloud {
      override open(...of: Parameters<FakeCloud["open"]>) {
        const session = super.open(...of);
        const door = session.frontDoor.bind(session);
        return Object.assign(session, { frontDoor: (...spec: Parameters<typeof door>) => ({ ...door(...spec), sources }) });
      }
    }
    const stack = new TerraformStack(new App(), "stack");
    const cloud = new Elsewhere();
    const site = new Site(stack, "Social", { cloud, domain: "social.example", version: "4.7.6" });
    const data = { database: new Postgres(site, "Database"), redis: new Redis(site, "Redis") };
    const streaming = new StreamingPool(site, "Streaming", data);
    const { pool } = new WebTier(site, "Web", { ...data, streaming });
    return { web: pool.bootText(), streaming: streaming.pool.bootText() };
  };
  const outside = texts(["10.20.1.0/24", "10.99.0.0/24", "10.99.1.0/24"]);
  const trusted = (text: string) => [...text.matchAll(/set_real_ip_from (.*);/g)].map((match) => match[1]);
  for (const text of [outside.web, outside.streaming])
    expect(trusted(text)).toEqual(["10.20.0.0/16", "10.99.0.0/24", "10.99.1.0/24"]);
  expect(outside.web).toContain(
    "acl from_front_door req.hdr_ip(x-forwarded-for,-1) 127.0.0.0/8 10.20.0.0/16 10.99.0.0/24 10.99.1.0/24\n",
  );
  expect(trusted(texts(["10.20.1.0/24"]).web)).toEqual(["10.20.0.0/16"]);
});

test("each answer names its machine, in the place of what the application says, unless the page forbids it", () => {
  const lines = (props: Partial<WebTierProps>) =>
    [
      ...alone(props)
        .web.pool.bootText()
        .matchAll(/^ +(.*X-Served-By.*)$/gm),
    ].map(([, line]) => line);
  const added = "add_header X-Served-By $hostname always;";
  // A location with a header of its own repeats it.
  const hidden = "proxy_hide_header X-Served-By;";
  expect(lines({})).toEqual([hidden, ...Array.from({ length: 8 }, () => added), hidden, added]);
  expect(lines({ servedBy: false })).toEqual([hidden, hidden]);
});

test.each<[string, Partial<WebTierProps>, string]>([
  ["no process", { processes: 0 }, "stack/Social/Web: processes is 0 / use a whole number from 1 to 64"],
  ["half a thread", { threads: 0.5 }, "stack/Social/Web: threads is 0.5 / use a whole number from 1 to 64"],
  [
    "a single thread",
    { processes: 1, threads: 1 },
    "stack/Social/Web: processes is 1 and threads is 1, and one thread is reserved for health checks / use at least 2 threads",
  ],
  ["no machine", { machines: 0 }, "stack/Social/Web/Hosts: machines is 0 / use a whole number from 1 to 58"],
  [
    "streaming beside without a process",
    { streaming: { processes: 0 } },
    "stack/Social/Web: processes of streaming is 0 / use a whole number from 1 to 16",
  ],
  ["a proxy by name", { trustedProxies: ["cdn.example"] }, "stack/Social/Web: TRUSTED_PROXY_IP is"],
])("%s is refused", (_, props, why) => {
  const { stack, site } = alone(props);
  expect(() => Testing.synth(stack, true)).toThrow();
  expect(site.problems.all()).toEqual([expect.stringContaining(why)]);
});

test("a Redis of another use is refused", () => {
  const { site } = alone();
  new WebTier(site, "Again", {
    database: new Postgres(site, "Other"),
    redis: new Redis(site, "Jobs", { use: "sidekiq" }),
    slot: 1,
  });
  expect(site.problems.all()).toEqual([
    'stack/Social/Again: redis is stack/Social/Jobs, a Redis for sidekiq / give a Redis with use: "main"',
    expect.stringContaining("the host name social.example has a route already"),
  ]);
});

test("a server for people is refused while their uploads would be lost with a machine", () => {
  const stack = new TerraformStack(new App(), "stack");
  const page = (id: string, objects?: ObjectStore) => {
    const site = new Site(stack, id, {
      cloud: new FakeCloud({ files: false }),
      domain: "social.example",
      version: "4.7.6",
      objects,
    });
    new WebTier(site, "Web", { database: new Postgres(site, "Database"), redis: new Redis(site, "Redis") });
    return site.problems.all().filter((problem) => problem.includes("object store"));
  };
  expect(page("Without")).toEqual([expect.stringContaining("stack/Without/Web: no object store is given, so uploaded files")]);
  const hostname = "s3.eu-central-1.amazonaws.com";
  expect(
    page("With", s3Objects({ keys: { id: "key", secret: "secret" }, bucket: "social-media", region: "eu-central-1", hostname })),
  ).toEqual([]);
});

test("what all processes must share is not given to one tier alone", () => {
  const { site } = alone({ extraEnv: { ES_PREFIX: "m" } });
  expect(site.problems.all()).toEqual([
    "stack/Social/Web: ES_PREFIX is given to this tier alone, so other processes would not find the data that it writes / give it to the site",
  ]);
});
