// The mail server for the Sidekiq processes that send mail, those with the queue `mailers`: `outgoingMail(pool, tier, env)`.

import { Site } from "./site";
import { Construct } from "constructs";
import { Env } from "../core/env";
import { Pool } from "../core/pool";
import { NO_MAIL } from "./settings/mail";

const DISCARD = "/usr/local/sbin/discard-mail";

/**
 * Configures delivery: by the page's settings, to the cloud's mailbox, or not at all. Returns the volumes that the containers need for it.
 * Refuses a page without any of these: by Mastodon's default each mail would be retried for three weeks at port 25 of the container itself.
 */
export function outgoingMail(pool: Pool, by: Construct, env: Env): readonly string[] {
  const site = Site.of(pool);
  if (site.settings.includes(NO_MAIL)) return discarded(pool);
  if (env.all["SMTP_SERVER"] !== undefined || (env.all["SMTP_DELIVERY_METHOD"] ?? "smtp") !== "smtp") return [];
  const found = site.mailbox?.reachedBy(pool, "what Mastodon writes to people");
  if (found === undefined) {
    site.problems.add(by, {
      wrong: "no mail server is given, so users could not confirm addresses, reset passwords or get notifications",
      remedy: 'add mail({ server, from, … }) to the settings of the site, or mail("none") for a server that sends no mail',
    });
    return [];
  }
  env
    .set("SMTP_SERVER", found.address, by)
    .set("SMTP_PORT", found.port, by)
    .set("SMTP_AUTH_METHOD", "none", by)
    .set("SMTP_OPENSSL_VERIFY_MODE", "none", by)
    .set("SMTP_ENABLE_STARTTLS", "never", by);
  return [];
}

// Rails' delivery method `test` keeps all mail in memory, and `file` keeps it on the disk. A sendmail that discards its input keeps nothing.
function discarded(pool: Pool): readonly string[] {
  const content = "#!/bin/sh\n# The page says that no mail leaves: takes one and forgets it.\nexec cat >/dev/null\n";
  pool.program.add({ kind: "file", path: DISCARD, content, mode: "0755" });
  return [`${DISCARD}:/usr/sbin/sendmail:ro`];
}
