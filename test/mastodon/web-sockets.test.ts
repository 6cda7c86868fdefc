import { App, TerraformStack, Testing } from "cdktf";
import { communityOf, Postgres, Redis, Site, Size, StreamingPool, StreamingPoolProps, WebTier } from "../../lib";
import { LOCAL_PORTS } from "../../lib/core/limits";
import { HTTP_PORT, READINESS_PORT } from "../../lib/core/ports";
import { readableText } from "../../lib/core/render/terraform-text";
import * as ports from "../../lib/mastodon/ports";
import { webSockets } from "../../lib/mastodon/programs/web-sockets";
import { FakeCloud } from "../../lib/testing";
import { pageProblems } from "../page-problems";

const SYSCTL = "-net.netfilter.nf_conntrack_max = 262144\n-net.netfilter.nf_conntrack_buckets = 262144\n";

test("a page that says nothing gets limits for 4,096 WebSockets on each machine, however many machines there are", () => {
  const usual = {
    carried: 4096,
    workerConnections: 16_384,
    openFiles: 17_408,
    backlog: 4096,
    sysctl: `net.core.somaxconn = 4096\n${SYSCTL}`,
  };
  expect(webSockets({ clients: undefined, machines: 1 })).toEqual(usual);
  expect(webSockets({ clients: undefined, machines: 9 })).toEqual(usual);
  // No fewer for a page that says less.
  expect(webSockets({ clients: 1200, machines: 6 })).toEqual(usual);
});

test("one machine carries all WebSockets, each of several its part of them when another is lost", () => {
  const carried = (clients: number, machines: number) => webSockets({ clients, machines }).carried;
  expect([1, 2, 3, 4, 6].map((machines) => carried(20_000, machines))).toEqual([32_768, 32_768, 16_384, 8192, 4096]);
  expect([8192, 8193].map((clients) => carried(clients, 2))).toEqual([8192, 16_384]);
});

test("nginx and the kernel have room for all WebSockets on one worker and one process", () => {
  expect(webSockets({ clients: 16_384, machines: 2 })).toEqual({
    carried: 16_384,
    workerConnections: 8192 + 2 * 16_384,
    openFiles: 8192 + 2 * 16_384 + 1024,
    backlog: 16_384,
    sysctl: `net.core.somaxconn = 16384\nnet.ipv4.ip_local_port_range = 10240 65535\n${SYSCTL}`,
  });
  expect(webSockets({ clients: 8192, machines: 2 }).sysctl).toBe(`net.core.somaxconn = 8192\n${SYSCTL}`);
  const { carried, workerConnections } = webSockets({ clients: 49_152, machines: 1 });
  expect([carried, workerConnections]).toEqual([49_152, 106_496]);
  // Each has a port of its own on the loopback, with a tenth of the ports left.
  expect(carried).toBeLessThan(0.9 * (LOCAL_PORTS.widened.last - LOCAL_PORTS.widened.first + 1));
});

test("no program of a machine with WebSockets listens on a port that the kernel may give to an outgoing connection", () => {
  // Sentinels have machines of their own.
  const { SENTINEL_PORT: _, REDIS_PORTS, STREAMING_PORT, ...others } = ports;
  const most = Math.max(...Object.values(others), ...Object.values(REDIS_PORTS), STREAMING_PORT + 15, HTTP_PORT, READINESS_PORT);
  expect(most).toBeLessThan(LOCAL_PORTS.widened.first);
});

type Props = Omit<StreamingPoolProps, "database" | "redis">;

function page(props: Props) {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = new FakeCloud();
  const site = new Site(stack, "Social", {
    cloud,
    domain: "social.example",
    version: "4.7.6",
    queuesElsewhere: ["scheduler"],
  } as never);
  const data = { database: new Postgres(site, "Database"), redis: new Redis(site, "Redis") };
  const live = new StreamingPool(site, "Streaming", { ...props, ...data });
  return { stack, site, cloud, data, live };
}

const problems = (props: Props) => pageProblems(() => Testing.synth(page(props).stack, true));
const text = (props: Props) => readableText(page(props).live.pool.bootText());
const large = Size.of({ cpus: 2, gib: 4 });

test("the machines and the front door get the limits that the page asks for", () => {
  const { cloud, live } = page({ machines: 3, clients: 20_000, size: large });
  const boot = readableText(live.pool.bootText());
  expect(boot).toContain("  listen 80 default_server backlog=16384;\n");
  expect(boot).toContain("  listen [::]:80 default_server backlog=16384;\n");
  expect(boot).toContain("worker_connections 40960;/");
  expect(boot).toContain("LimitNOFILE=41984\n");
  expect(boot).toContain("net.core.somaxconn = 16384\n");
  expect(boot).toContain("/usr/lib/systemd/systemd-sysctl /etc/sysctl.d/61-web-sockets.conf\n");
  // At a further boot connection tracking is there only after the firewall.
  expect(boot).toContain("/etc/systemd/system/nftables.service.d/10-web-sockets.conf");
  expect(boot).toContain("[Service]\n      ExecStartPost=-/usr/lib/systemd/systemd-sysctl /etc/sysctl.d/61-web-sockets.conf\n");
  expect(cloud.routes.map(({ host, clients }) => ({ host, clients }))).toEqual([
    { host: "streaming.social.example", clients: 20_000 },
  ]);
});

test("a page that says nothing asks nothing of the front door", () => {
  expect(page({}).cloud.routes[0]!.clients).toBeUndefined();
});

test("some more people, or one machine more, change no boot text within a step", () => {
  expect(text({ machines: 3, clients: 10_000, size: large })).toBe(text({ machines: 4, clients: 16_000, size: large }));
});

test("web machines with streaming get them too, and others stay as they are", () => {
  const web = (streaming: { readonly processes: number; readonly clients?: number } | undefined) => {
    const { site, cloud, data } = page({});
    const tier = new WebTier(site, "Web", { machines: 2, size: large, streaming, ...data });
    return { boot: readableText(tier.pool.bootText()), route: cloud.routes.find(({ host }) => host === "social.example")! };
  };
  const beside = web({ processes: 1, clients: 8000 });
  expect(beside.boot).toContain("worker_connections 24576;/");
  expect(beside.boot).toContain("net.core.somaxconn = 8192\n");
  expect(beside.route.clients).toBe(8000);
  const alone = web(undefined);
  expect(alone.boot).toContain("worker_connections 8192;/");
  expect(alone.boot).toContain("  listen 80 default_server;\n");
  expect(alone.boot).not.toContain("web-sockets");
});

test.each([0, 0.5, NaN])("%p clients are refused", (clients) => {
  expect(problems({ clients })).toEqual([`stack/Social/Streaming: clients is ${clients} / use a whole number from 1`]);
});

test("more than the machines can carry when one is lost is refused, with how many machines can", () => {
  const heard = (props: Props) => problems({ ...props }).map((one) => one.replace("stack/Social/Streaming: ", ""));
  expect(heard({ machines: 2, clients: 8000 })).toEqual([]);
  expect(heard({ machines: 2, clients: 9000 })).toEqual([
    "clients is 9000, so each of 2 machines has to carry 9000 when one is lost, and one with 1 GiB carries 8742 / use at least 3 machines, or larger ones",
  ]);
  expect(heard({ machines: 3, clients: 9000 })).toEqual([]);
  expect(heard({ machines: 1, clients: 20_000 })).toEqual([
    "clients is 20000, so its one machine has to carry them, and one with 1 GiB carries 8527 / use at least 4 machines, or larger ones",
  ]);
  const huge = Size.of({ cpus: 2, gib: 64 });
  expect(heard({ machines: 1, clients: 49_152, size: huge })).toEqual([]);
  expect(heard({ machines: 2, clients: 100_000, size: huge })).toEqual([
    "clients is 100000, so each of 2 machines has to carry 100000 when one is lost, and one with 64 GiB carries 49152 / use at least 4 machines",
  ]);
  expect(heard({ machines: 2, clients: 100, size: Size.of({ cpus: 1, gib: 0.25 }) })).toEqual([
    "clients is 100, so each of 2 machines has to carry 100 when one is lost, and one with 0.25 GiB carries 0 / use larger ones",
  ]);
});

test("a wrong size or number of machines is the only problem", () => {
  expect(problems({ clients: 20_000, size: Size.of({ cpus: 1, gib: -1 }) })).toEqual([
    "stack/Social/Streaming/Hosts: gib of its size is -1 / use a number above 0",
  ]);
  expect(problems({ clients: 20_000, machines: NaN })).toHaveLength(1);
  expect(problems({ clients: 20_000, processes: NaN })).toHaveLength(1);
});

test("communityOf asks for 80 for each thousand people, for which its machines have room", () => {
  expect([1, 15_000, 20_001, 500_000].map((monthlyActive) => communityOf({ monthlyActive }).streaming.clients)).toEqual([
    1, 1200, 1601, 40_000,
  ]);
  for (const monthlyActive of [1, 15_000, 100_000, 500_000])
    expect(problems(communityOf({ monthlyActive }).streaming).filter((one) => one.includes("Streaming: clients"))).toEqual([]);
});
