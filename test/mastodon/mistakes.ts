// Pages with one mistake each, as people make them: `heardOf(MISTAKES["a capital letter"]!)`.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App, TerraformStack, Testing } from "cdktf";
import {
  Disk,
  Etcd,
  mail,
  Mastodon,
  MastodonProps,
  Postgres,
  Redis,
  s3Objects,
  SidekiqGroup,
  Site,
  Size,
  StreamingPool,
  WebTier,
} from "../../lib";
import { aws, route53 } from "../../lib/clouds/aws";
import { hetzner, hetznerDns } from "../../lib/clouds/hetzner";
import { local } from "../../lib/clouds/local";
import { FakeCloud } from "../../lib/testing";
import { pageProblems } from "../page-problems";

type Mistake = (stack: TerraformStack) => void;

const CA = readFileSync(join(__dirname, "../../examples/only-streaming/ca.pem"), "utf8");
const from = "Social <hello@social.example>";

/** A whole server, with what is wrong of it. */
const server =
  (props: Partial<MastodonProps>, id = "Social"): Mistake =>
  (stack) =>
    void new Mastodon(stack, id, { cloud: local(), domain: "social.example", ...props });

const rented = (props: Partial<MastodonProps>): Mistake =>
  server({
    settings: [mail({ server: "smtp.example", from })],
    objects: s3Objects({ keys: { id: "key", secret: "secret" }, bucket: "media", endpoint: "https://store.example" }),
    ...props,
  });

/** Tiers of one's own, with what is wrong of them. */
const tiers =
  (make: (site: Site, data: { readonly database: Postgres; readonly redis: Redis }) => void): Mistake =>
  (stack) => {
    const site = new Site(stack, "Social", { cloud: local(), domain: "social.example", version: "4.7.6" });
    make(site, { database: new Postgres(site, "Database"), redis: new Redis(site, "Redis") });
  };

const QUEUES = ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"] as const;

/** A site whose processes are elsewhere, with what is wrong of its database. */
const databases =
  (make: (site: Site, redis: Redis) => void): Mistake =>
  (stack) => {
    const site = new Site(stack, "Social", {
      cloud: local(),
      domain: "social.example",
      version: "4.7.6",
      queuesElsewhere: QUEUES,
    });
    make(site, new Redis(site, "Redis", { replicas: 2 }));
  };

/** Those of docs/errors.md, in its order. */
export const DOCUMENTED: Readonly<Record<string, Mistake>> = {
  "a capital letter in the domain": server({ domain: "Social.example" }),
  "another alphabet in the domain": server({ domain: "bücher.example" }),
  "an id that is a word of commands": server({}, "All"),
  "a network that is none": server({ network: "10.20.0.0/24" }),
  "half a version": server({ version: "4.7" }),
  "a fork's version": server({ version: "4.5.3+glitch" }),
  "half a fork": server({ version: "4.5.3", images: { mastodon: "ghcr.io/glitch-soc/mastodon:v4.5.3" } }),
  "an image that is none": server({ images: { mastodon: "Mastodon", streaming: "ghcr.io/mastodon/mastodon-streaming:v4.7.6" } }),
  "mail by this machine": server({ settings: [mail({ server: "localhost", from })] }),
  "a sender that cannot be read": server({
    settings: [mail({ server: "smtp.example", from: "Social, Inc <hello@social.example>" })],
  }),
  "no mail server": rented({ cloud: hetzner({ location: "fsn1" }), settings: [] }),
  "no place for files": rented({ cloud: hetzner({ location: "fsn1" }), objects: undefined }),
  "a store without https": server({
    objects: s3Objects({ keys: { id: "key", secret: "secret" }, bucket: "media", endpoint: "http://store.example" }),
  }),
  "a queue that nobody works off": tiers((site, data) => {
    new SidekiqGroup(site, "Jobs", { queues: QUEUES.filter((queue) => queue !== "pull"), threads: 5, ...data });
  }),
  "two schedulers": tiers((site, data) => {
    new SidekiqGroup(site, "Jobs", { queues: QUEUES, threads: 5, ...data });
    new SidekiqGroup(site, "More", { queues: ["scheduler"], threads: 5, ...data });
  }),
  "too many connections": tiers((site, data) => {
    new WebTier(site, "Web", { machines: 4, processes: 4, threads: 8, ...data });
    new SidekiqGroup(site, "Jobs", { queues: QUEUES, threads: 5, ...data });
  }),
  "replicas without an etcd": databases((site) => {
    new Postgres(site, "Database", { replicas: 1 });
  }),
  "two that could decide": databases((site, redis) => {
    new Etcd(site, "Etcd", { on: redis });
    new Etcd(site, "Other");
    new Postgres(site, "Database", { replicas: 1 });
  }),
  "too few machines for an etcd": databases((site) => {
    new Etcd(site, "Etcd", { on: new Redis(site, "Single") });
  }),
  "strict with one replica": databases((site, redis) => {
    new Etcd(site, "Etcd", { on: redis });
    new Postgres(site, "Database", { replicas: 1, synchronous: "strict" });
  }),
  "a text that is too large": (stack) => {
    const cloud = local();
    const site = new Site(stack, "Social", { cloud, domain: "social.example", version: "4.7.6" });
    const ca = CA.repeat(200);
    const database = Postgres.external({ host: "db.example.net", name: "mastodon", user: "mastodon", ca });
    const data = { database, redis: new Redis(site, "Redis") };
    new WebTier(site, "Web", { machines: 1, processes: 1, threads: 2, ...data });
    new SidekiqGroup(site, "Jobs", { queues: QUEUES, threads: 5, ...data });
  },
  "a location that is none": rented({ cloud: hetzner({ location: "fsn9" as "fsn1" }) }),
  "a zone that does not hold the host": rented({
    cloud: hetzner({ location: "fsn1", dns: hetznerDns({ zone: "social.example" }) }),
    webDomain: "www.example.org",
    domain: "social.example",
  }),
  "no certificate at AWS": rented({ cloud: aws({ region: "eu-central-1" }) }),
  "a certificate of another region": rented({
    cloud: aws({ region: "eu-central-1", certificateArn: "arn:aws:acm:us-east-1:123456789012:certificate/1" }),
  }),
  "two zones": rented({
    cloud: aws({ region: "eu-central-1", zones: ["a", "b"], dns: route53({ zone: "social.example" }) }),
  }),
};

/** Others, of which nothing may follow either. */
export const OTHERS: Readonly<Record<string, Mistake>> = {
  "an address as the domain": server({ domain: "https://social.example/" }),
  "a wrong webDomain": server({ webDomain: "www_1.social.example" }),
  "a wrong alternate domain": server({ alternateDomains: ["Other.example"] }),
  "a domain at Hetzner": rented({
    cloud: hetzner({ location: "fsn1", dns: hetznerDns({ zone: "social.example" }) }),
    domain: "Social.example",
  }),
  "an id of which no name can be made": server({}, "数据"),
  "a tier's id of which no name can be made": tiers((site, data) => {
    new SidekiqGroup(site, "任务", { queues: QUEUES, threads: 5, ...data });
  }),
  "a version before the first": server({ version: "4.0.15" }),
  "a version with a v": server({ version: "v4.7.6" }),
  "a nightly build": server({ version: "nightly" }),
  "an image of another version": server({
    images: { mastodon: "registry.example/mastodon:v4.6.1", streaming: "registry.example/streaming:v4.7.6" },
  }),
  "a queue that there is not": tiers((site, data) => {
    const queues = ["defualt" as "default", ...QUEUES.slice(1)];
    new SidekiqGroup(site, "Jobs", { queues, threads: 5, ...data });
  }),
  "a size that cannot be": tiers((site, data) => {
    new SidekiqGroup(site, "Jobs", { queues: QUEUES, threads: 5, size: Size.of({ cpus: 0.5, gib: 1 }), ...data });
  }),
  "a disk that cannot be": (stack) => {
    const site = new Site(stack, "Social", {
      cloud: local(),
      domain: "social.example",
      version: "4.7.6",
      queuesElsewhere: QUEUES,
    });
    const redis = new Redis(site, "Redis");
    const database = new Postgres(site, "Database", { replicas: 2, disk: Disk.gib(0) });
    new Etcd(site, "Etcd", { on: database });
    new StreamingPool(site, "Streaming", { machines: 1, processes: 1, database, redis });
  },
  "a streaming host that is none": (stack) => {
    const site = new Site(stack, "Social", {
      cloud: local(),
      domain: "social.example",
      version: "4.7.6",
      queuesElsewhere: QUEUES,
    });
    const data = { database: new Postgres(site, "Database"), redis: new Redis(site, "Redis") };
    const streaming = new StreamingPool(site, "Streaming", {
      host: "wss://live.social.example",
      machines: 1,
      processes: 1,
      ...data,
    });
    new WebTier(site, "Web", { machines: 1, processes: 1, streaming, ...data });
  },
  "a bucket that is none": server({
    objects: s3Objects({ keys: { id: "key", secret: "secret" }, bucket: "My Media", endpoint: "https://store.example" }),
  }),
  "a cloud without room": (stack) => {
    const cloud = new FakeCloud({ bootTextBytes: 64 * 1024 });
    const site = new Site(stack, "Social", { cloud, domain: "social.example", version: "4.7.6" });
    const ca = CA.repeat(200);
    const database = new Postgres(site, "Database");
    const redis = Redis.external({ url: "rediss://redis.example.net:6380", ca });
    new WebTier(site, "Web", { machines: 1, processes: 1, threads: 2, database, redis });
    new SidekiqGroup(site, "Jobs", { queues: QUEUES, threads: 5, database, redis });
  },
};

/** What such a page hears. */
export function heardOf(mistake: Mistake): readonly string[] {
  const stack = new TerraformStack(new App(), "stack");
  mistake(stack);
  return pageProblems(() => Testing.synth(stack, true));
}
