// `npm start`: deploys examples/local on this machine, tests it with a post and a picture, and lists the machines. A second run changes nothing.

import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import {
  apply,
  checkTypes,
  destroy,
  machines,
  makeSecrets,
  output,
  PageError,
  secretsFile,
  setUp,
  startStopped,
  synthesize,
} from "./cluster";
import { ask, door, journey, signIn } from "./journey";
import { picture, PictureWay } from "./picture";

const SITE = "social";
const DOMAIN = "social.example";
const NEXT = "What was made stands. Run npm start again to go on, or npm stop to remove it.";
const PAGE = "examples/local/main.ts";

async function main(): Promise<void> {
  const directory = resolve(__dirname, "..");
  const started = Date.now();
  const say = (line: string) => console.log(`  ${line}`);
  const place = { directory, say };

  console.log("Setting up this machine");
  await setUp(place);

  const made = makeSecrets(place);
  console.log(`${made ? "Made" : "Using"} ${relative(directory, secretsFile(place))}`);

  if (existsSync(resolve(directory, "terraform.local.tfstate")) && machines(SITE).length === 0) {
    // Cleaned by hand: Terraform would go on believing in machines that are gone.
    await destroy(await synthesize(PAGE, place), place);
  }
  await startStopped(SITE, place);

  await checkTypes(place);
  const first = existsSync(resolve(process.env["CDKTF_MASTODON_ROOT"] ?? "/var/lib/cdktf-mastodon", "base"))
    ? ""
    : " (the first time builds a Debian for the machines, which takes a few minutes)";
  console.log(`Deploying ${PAGE}${first}`);
  const stack = await synthesize(PAGE, place);
  const lines = await apply(stack, place);
  say(lines.find((line) => /^(Apply complete|No changes)/.test(line)) ?? "applied");

  console.log("Signing in (Mastodon takes a while to start for each of its commands)");
  const front = door(SITE, DOMAIN);
  const token = signIn(SITE, DOMAIN);

  console.log("A post travels");
  const way = await journey(front, token);
  say(
    `written by ${way.web || "web"}, worked off by Sidekiq, arrived on a WebSocket of ${way.streaming || "streaming"} after ${way.milliseconds} ms`,
  );

  console.log("A picture travels");
  for (const line of wayOf(await picture(front, token, SITE))) say(line);

  const { version } = JSON.parse((await ask(front, "GET", "/api/v2/instance")).body) as { readonly version: string };
  say(
    version.includes("standin") ? `not through Mastodon: a stand-in takes its place (${version})` : `through Mastodon ${version}`,
  );

  console.log("\nMachines");
  for (const { name, address, state } of machines(SITE)) say(`${name.padEnd(28)}${address.padEnd(16)}${state}`);
  const stale = Object.entries(output<Record<string, string>>(stack, "social_machines_older_than_the_page"));
  if (stale.length > 0) {
    console.log(
      "\nOlder than the page: kept machines are left alone until you renew them, one at a time and replicas first (docs/local.md)",
    );
    for (const [name, words] of stale) say(`${name.padEnd(28)}${words}`);
  }
  console.log(lastLines(front.address, (Date.now() - started) / 1000));
}

function wayOf({ uploadedTo, readings, readFrom, sidekiq, stored, milliseconds }: PictureWay): readonly string[] {
  return [
    `taken by ${uploadedTo || "web"}, whole and small after ${milliseconds} ms`,
    `read ${readings} times from ${stored ? "the object store" : readFrom.join(", ") || "web"}, the same each time`,
    ...(stored ? [] : [`the same file on Sidekiq's machines: ${sidekiq.join(", ")}`]),
  ];
}

const lastLines = (address: string, seconds: number) => `
Your server
  address    https://${DOMAIN}/ at ${address}; no name service knows it, and its certificate is its own
  open it    chromium --ignore-certificate-errors --host-resolver-rules="MAP *${DOMAIN} ${address}" https://${DOMAIN}/
             curl -ik --resolve ${DOMAIN}:443:${address} https://${DOMAIN}/        (X-Served-By is the machine that answered)
  its owner  npm run owner -- NAME --email ADDRESS        (makes the account, prints its password once)
  its mail   npm run local -- mail ${SITE}                (what it has sent; a sign-up is confirmed from there)

Where to look
  a machine  npm run local -- run ${SITE} pool-1          (a shell)
  its log    npm run local -- logs ${SITE} pool-1 -f
  flows      npm run flows                               (who may reach which port of whom, and why)
  the page   ${PAGE}: change it, run npm start again
How to stop  npm stop

Running after ${Math.round(seconds)} s.`;

main().catch((error: Error) => {
  const next = error instanceof PageError ? `Nothing was made of it. Mend ${PAGE} and run npm start again.` : NEXT;
  console.error(`\n${error.message}\n\n${next}`);
  process.exitCode = 1;
});
