// The size of the hosts' boot texts compared with each cloud's limit: `bootText.run(context)`, and `bootTexts(plan, secrets)` for tests.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { USER_DATA_BYTES } from "../lib/clouds/digitalocean/limits";
import { MESSAGE_BYTES } from "../lib/clouds/digitalocean/user-data";
import { makeSecrets } from "../lib/mastodon/secrets";
import { Benchmark, Context, Report } from "./benchmark";
import { build, measured } from "./measured";
import { inTemporary } from "./temporary";

const KIB = 1024;

type Counted = "plain" | "gzip" | "base64";

interface Limit {
  readonly cloud: string;
  readonly bytes: number;
  /** What of a text the cloud counts, after the compression that its back-end does or will do. */
  readonly counts: Counted;
}

/** At AWS the text is in a bucket; DigitalOcean and Hetzner count what they are sent, which is base64 of gzip. */
export const LIMITS: readonly Limit[] = [
  { cloud: "AWS", bytes: 512 * KIB, counts: "plain" },
  { cloud: "DigitalOcean", bytes: USER_DATA_BYTES - MESSAGE_BYTES, counts: "base64" },
  { cloud: "Hetzner", bytes: 32 * KIB, counts: "base64" },
  { cloud: "local", bytes: 96 * KIB, counts: "plain" },
];

export interface Sizes {
  readonly host: string;
  readonly plain: number;
  readonly gzip: number;
  /** As Terraform passes it on. */
  readonly base64: number;
}

/** The sizes of each host's boot text in a plan, with these secrets in it as on the machine. */
export function bootTexts(plan: string, secrets: Readonly<Record<string, string>>): readonly Sizes[] {
  const { locals } = JSON.parse(plan) as { readonly locals: Readonly<Record<string, string>> };
  return Object.entries(locals).flatMap(([name, text]) => {
    const host = /^Social_(.+?)(_Hosts_Pool|_Door|_Machine)?Boot_[0-9A-F]{8}$/.exec(name)?.[1];
    return host === undefined ? [] : [{ host: host.replace("_", "-"), ...sizesOf(onTheMachine(text, secrets)) }];
  });
}

export function sizesOf(text: string): Omit<Sizes, "host"> {
  const packed = gzipSync(text);
  return { plain: Buffer.byteLength(text), gzip: packed.length, base64: packed.toString("base64").length };
}

/** How much of a limit a text needs, from 0 to 1. */
export function share(sizes: Omit<Sizes, "host">, { bytes, counts }: Limit): number {
  return sizes[counts] / bytes;
}

/**
 * A text of a plan as Terraform renders it.
 * @throws if it names a secret that is not given
 */
export function onTheMachine(text: string, secrets: Readonly<Record<string, string>>): string {
  const filled = text.replace(/(?<!\$)\$\{(urlencode\()?var\.(\w+)\)?\}/g, (_, encode: string | undefined, name: string) => {
    const value = secrets[name];
    if (value === undefined) throw new Error(`a boot text holds ${name}, and no value is given for it`);
    return encode === undefined ? value : encodeURIComponent(value);
  });
  return filled.replace(/([$%])\1\{/g, "$1{");
}

/** Those of a page's own, beside the site's. */
export const FURTHER_SECRETS = {
  mail_password: "m".repeat(20),
  media_access_key: "A".repeat(20),
  media_secret_key: "s".repeat(40),
};

const PAGES = [
  { what: "examples/local", page: "examples/local/main.ts", stack: "local" },
  { what: "examples/hetzner", page: "examples/hetzner/main.ts", stack: "social" },
  // Its monitoring machine has the largest text of all.
  { what: "examples/monitored", page: "examples/monitored/main.ts", stack: "local" },
  { what: "a community of 15,000 at Hetzner", page: "bench/pages/community.ts", stack: "community" },
] as const;

export const bootText: Benchmark = { name: "boot-text", run };

async function run(context: Context): Promise<Report> {
  build(context);
  const secrets = { ...makeSecrets(), ...FURTHER_SECRETS };
  const pages = await inTemporary((directory) =>
    PAGES.map(({ what, page, stack }) => {
      measured(page, directory);
      return { what, hosts: bootTexts(readFileSync(join(directory, "cdktf.out/stacks", stack, "cdk.tf.json"), "utf8"), secrets) };
    }),
  );
  const percent = (value: number) => `${Math.round(value * 100)} %`;
  const targets = LIMITS.map((limit) => {
    const all = pages.flatMap(({ what, hosts }) =>
      hosts.map((sizes) => ({ what, host: sizes.host, needs: share(sizes, limit) })),
    );
    const above = [...new Set(all.filter(({ needs }) => needs > 0.5).map(({ host }) => host))];
    const most = all.reduce((a, b) => (b.needs > a.needs ? b : a));
    return {
      what: `boot texts at ${limit.cloud}`,
      measured: `at most ${percent(most.needs)} (${most.host} of ${most.what})`,
      target: `half of ${limit.bytes / KIB} KiB`,
      met: above.length === 0,
      reason: `${above.join(", ")} ${above.length === 1 ? "needs" : "need"} more than half.`,
    };
  });
  return {
    title: "Room for boot texts",
    meaning: `Every cloud cuts or refuses a user-data that is too long, so a page that grows must not come near. The back-ends refuse one above the
cloud's limit when the page is run; what is half of it leaves room for files of one's own. The first numbers are bytes; the shares are those of
what the cloud counts: DigitalOcean and Hetzner the compressed text as base64; the others the plain text.`,
    method: "once, with secrets as the command makes them; the same page gives the same bytes but for secrets.",
    tables: pages.map(({ what, hosts }) => ({
      title: what[0]!.toUpperCase() + what.slice(1),
      head: ["host", "plain", "gzip", "base64 of it", ...LIMITS.map(({ cloud, bytes }) => `${cloud}, ${bytes / KIB} KiB`)],
      rows: hosts.map((sizes) => [
        sizes.host,
        ...[sizes.plain, sizes.gzip, sizes.base64].map(String),
        ...LIMITS.map((limit) => percent(share(sizes, limit))),
      ]),
    })),
    targets,
  };
}
