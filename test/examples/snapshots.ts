// Snapshots of the examples on each cloud, each text once. On the local cloud examples/local stands whole, and of any other example what differs
// from it; on another cloud each example as it differs from the same one on the local cloud, and the plans as they differ from that of one example.
// The page of examples/own-cloud, whose cloud stands beside it, is on that cloud too, and no other page is.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ownCloud } from "../../examples/own-cloud/cloud";
import { mail, s3Objects, type Cloud } from "../../lib";
import { aws } from "../../lib/clouds/aws";
import { digitalocean } from "../../lib/clouds/digitalocean";
import { hetzner } from "../../lib/clouds/hetzner";
import { local } from "../../lib/clouds/local";
import { PageError } from "../../lib/core/problems";
import { differences, FAKE_CLOUDS, FakeCloud, RenderedPage, renderPage } from "../../lib/testing";
import { Given, stackOf } from "./plan";

export const EXAMPLES = readdirSync(join(__dirname, "../../examples"));

const CLOUDS = {
  local: { make: () => local(), whole: "local" },
  hetzner: { make: () => hetzner({ location: "fsn1", ssh: { keys: ["admin"], from: ["203.0.113.0/24"] } }), whole: "hetzner" },
  digitalocean: {
    make: () =>
      digitalocean({
        region: "fra1",
        ssh: { keys: ["admin"], from: ["203.0.113.0/24"] },
        names: { zone: "machines.social.example", create: true },
        mailPorts: true,
      }),
    whole: "digitalocean",
  },
  aws: {
    make: () =>
      aws({
        region: "eu-central-1",
        certificateArn: "arn:aws:acm:eu-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555",
        mailPort25: true,
      }),
    whole: "aws",
  },
  own: { make: () => ownCloud(), whole: "own-cloud" },
  fake: { make: () => new FakeCloud(FAKE_CLOUDS.computed), whole: "local" },
} as const satisfies Readonly<Record<string, { readonly make: () => Cloud; readonly whole: string }>>;

export type CloudName = keyof typeof CLOUDS;

/** Examples with what one cloud alone has: databases that it runs, or machines that it lets do something. */
const ONLY_ON: Readonly<Record<string, CloudName>> = {
  "aws-existing": "aws",
  "aws-managed": "aws",
  "aws-scaled": "aws",
  "aws-ses": "aws",
  "digitalocean-managed": "digitalocean",
};

/** The examples whose page a cloud takes, or refuses with reasons. */
export function examplesOn(cloud: CloudName): readonly string[] {
  return EXAMPLES.filter((example) => (ONLY_ON[example] ?? cloud) === cloud);
}

const rendered = new Map<string, RenderedPage>();

/** A store and a mail server, for pages that have neither because the local cloud brings both. */
export const STORE_AND_MAIL: Given = {
  objects: () =>
    s3Objects({
      keys: { id: "key", secret: "secret" },
      bucket: "media",
      region: "eu-central-1",
      hostname: "s3.eu-central-1.amazonaws.com",
    }),
  settings: () => [mail({ server: "smtp.example.net", from: "Social <hello@social.example>" })],
};

/** An example on a cloud, which is its own if the example names it. */
function pageOf(example: string, cloud: CloudName, given?: Given): RenderedPage {
  const key = `${example} on ${cloud}${given === undefined ? "" : ", given more"}`;
  const own = cloud === example || ONLY_ON[example] !== undefined;
  const known = rendered.get(key) ?? renderPage(stackOf(example, own ? undefined : CLOUDS[cloud].make, given));
  rendered.set(key, known);
  return known;
}

/** Compares an example on a cloud with its snapshots. */
export function expectPage(example: string, cloud: CloudName, given?: Given): void {
  const page = pageOf(example, cloud, given);
  const { whole } = CLOUDS[cloud];
  const nowhereElse = ONLY_ON[example] !== undefined;
  const from = cloud === "local" || nowhereElse ? pageOf(whole, cloud) : pageOf(example, "local", given);
  const { hosts, flows } = page === from ? differences(page) : compared(page, from);
  for (const [name, text] of Object.entries(hosts)) expect(text).toMatchSnapshot(name);
  expect(flows).toMatchSnapshot("flows");
  expect(whole === example ? page.plan : differences(page, pageOf(whole, cloud)).plan).toMatchSnapshot("plan");
}

/** What differs from another page: each host against the same one there, or against another of its role on its own page, whichever is shorter. */
function compared(
  page: RenderedPage,
  from: RenderedPage,
): { readonly hosts: Readonly<Record<string, string>>; readonly flows: unknown } {
  const within = differences(page).hosts;
  const { hosts, flows } = differences(page, from);
  const shorter = (name: string, text: string) => (within[name]!.length < text.length ? within[name]! : text);
  return { hosts: Object.fromEntries(Object.entries(hosts).map(([name, text]) => [name, shorter(name, text)])), flows };
}

/** What a page that does not fit a cloud is told. */
export function problemsOf(example: string, cloud: CloudName): string {
  try {
    pageOf(example, cloud);
    return "";
  } catch (error) {
    if (error instanceof PageError) return error.message;
    throw error;
  }
}
