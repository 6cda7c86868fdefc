// The environment of a process from `settings` and `extraEnv` of its site and `extraEnv` of its tier: `processEnv(host, "web", tier, extraEnv)`.

import { Construct } from "constructs";
import { hostOf, isThisMachine } from "../core/address";
import { Env } from "../core/env";
import { Host } from "../core/host";
import { Problem } from "../core/problems";
import { EnvValue, ExtraEnv } from "./setting";
import { Site } from "./site";
import { CALLED } from "./catalogue/row";
import { certificatesIn } from "./certificates";
import { isRead, isSecret, isToken, nearest, ownedElsewhere, Process, rowOf, rule } from "./env-catalogue";
import { wrongSender } from "./mail-address";
import { readSecret } from "./secret-readers";
import { rubyTrusts, trust } from "./trust";
import { quotesNothing } from "./unquoted";
import { MastodonVersion, versionOf } from "./version";

export interface TierEnv {
  /** `extraEnv` of the tier. */
  readonly extraEnv: ExtraEnv | undefined;
  /** The kinds of processes of the tier; each gets the variables of `extraEnv` that it reads. */
  readonly processes: readonly Process[];
}

/** Prefixes of shared data. They must be the same for all processes: otherwise jobs, search results and files are lost without an error. */
const SHARED = ["REDIS_NAMESPACE", "ES_PREFIX", "S3_KEY_PREFIX"];

export function processEnv(host: Host, process: Process, by: Construct, tier: TierEnv): Env {
  const site = Site.of(host);
  const version = versionOf(site);
  const own = tier.extraEnv ?? {};
  const newer = [...newNames(site.extraEnv), ...newNames(own)];
  const env = new Env(site.problems, rule(process, version, new Set(newer)), isSecret);
  const ruby = process !== "streaming";
  for (const setting of site.settings) {
    const setter = setterOf(site, setting.name);
    const times = site.settings.filter((other) => other.name === setting.name).length;
    if (times > 1) site.problems.add(setter, { wrong: `it is given ${times} times`, remedy: "give it once" });
    setting.fill({
      webDomain: site.webDomain,
      isBefore: (other) => version.isBefore(other),
      set: (name, value, only) => {
        if (value !== undefined && (only === undefined || only.includes(process)) && isFor(name, process, version))
          put(env, site, name, value, setter);
      },
      certificates: (name, file, pem) => {
        if (pem !== undefined && isFor(name, process, version))
          put(env, site, name, trust(host).file(file, checked(site, pem, setter)), setter);
      },
      trust: (file, pem) => {
        if (pem !== undefined && ruby) rubyTrusts(env, host, file, checked(site, pem, setter), setter);
      },
      calls: (name, to, port, why) => {
        if (isFor(name, process, version)) host.reaches({ kind: "external", name: to }, port, why);
      },
      refuse: (problem) => site.problems.add(setter, problem),
    });
  }
  fill(
    env,
    process,
    site,
    site.extraEnv,
    () => setterOf(site, "extraEnv"),
    (name) => (isKnown(name) ? isFor(name, process, version) : ruby),
  );
  for (const name of Object.keys(own).filter((name) => isKnown(name))) {
    const { readBy } = rowOf(name)!;
    if (!readBy.some((reader) => tier.processes.includes(reader))) {
      site.problems.add(by, {
        wrong: `${name} is not read by ${tier.processes.join(" or ")}, only by ${readBy.join(", ")}`,
        remedy: "give it to a tier with such processes, or to the site",
      });
    }
  }
  for (const name of Object.keys(own).filter((name) => SHARED.includes(name))) {
    site.problems.add(by, {
      wrong: `${name} is given to this tier alone, so other processes would not find the data that it writes`,
      remedy: "give it to the site",
    });
  }
  fill(
    env,
    process,
    site,
    own,
    () => by,
    (name) => !isKnown(name) || isFor(name, process, version),
  );
  return env;
}

/** Whether to set it. If no process of this version reads it, it is passed to those that once did, whose rule then refuses it. */
function isFor(name: string, process: Process, version: MastodonVersion): boolean {
  const row = rowOf(name);
  if (row === undefined) return true;
  return row.readBy.some((reader) => isRead(row, reader, version)) ? isRead(row, process, version) : row.readBy.includes(process);
}

const isKnown = (name: string) => rowOf(name) !== undefined;

function fill(
  env: Env,
  process: Process,
  site: Site,
  extra: ExtraEnv,
  by: () => Construct,
  wanted: (name: string) => boolean,
): void {
  const settings = site.settings.map((setting) => setting.name);
  for (const [name, given] of Object.entries(extra)) {
    if (!wanted(name)) continue;
    const owned = ownedElsewhere(name, process, settings);
    if (owned !== undefined) {
      site.problems.add(by(), owned);
      continue;
    }
    const called = wrongCalled(name, isNew(given) ? given.value : given, site);
    if (called !== undefined) {
      site.problems.add(by(), called);
      continue;
    }
    const near = isKnown(name) || isNew(given) ? "" : nearest(name);
    if (near !== "" || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      site.problems.add(by(), {
        wrong: `${name} is not in the catalogue of Mastodon's variables${near}`,
        remedy: "correct it; if it is newer than this library, write { value: …, newer: true }",
      });
    } else {
      put(env, site, name, isNew(given) ? given.value : given, by());
    }
  }
}

const SENDERS: readonly string[] = ["SMTP_FROM_ADDRESS", "SMTP_REPLY_TO", "SMTP_RETURN_PATH"];

/** What is wrong with a host that processes connect to, or with a mail sender. */
function wrongCalled(name: string, value: EnvValue, site: Site): Problem | undefined {
  const text = String(value);
  if (isToken(text)) return undefined;
  if (SENDERS.includes(name)) {
    const version = versionOf(site);
    return wrongSender(
      name,
      text,
      quotesNothing((other) => version.isBefore(other)),
    );
  }
  const format = rowOf(name)?.format;
  if (format === undefined || !CALLED.includes(format)) return undefined;
  const host = hostOf(text)?.replace(/:\d+$/, "") ?? text.replace(/[:/].*$/s, "");
  return isThisMachine(host)
    ? {
        wrong: `${name} means the local machine of each process, where nothing listens`,
        value: text,
        remedy: "give the name by which the machines of the site reach it",
      }
    : undefined;
}

/** Sets a value from the page; a secret in plain text is refused. */
export function put(env: Env, site: Site, name: string, value: EnvValue, by: Construct): void {
  const text = String(value);
  if (isSecret(name, text) && !isToken(text)) {
    const what = rowOf(name)?.secret ? "is a secret" : rowOf(name) === undefined ? "looks like a secret" : "holds a password";
    site.problems.add(by, {
      wrong: `${name} ${what}, which the page and the plan would contain in plain text`,
      remedy: 'give a new Secret(stack, "…", …) or another sensitive variable',
    });
  }
  readSecret(versionOf(site), name, String(value));
  env.set(name, value, by);
}

function isNew(given: ExtraEnv[string]): given is { readonly value: EnvValue; readonly newer: true } {
  return typeof given === "object" && "newer" in given;
}

function newNames(extra: ExtraEnv): readonly string[] {
  return Object.keys(extra).filter((name) => !isKnown(name));
}

function checked(site: Site, pem: string, by: Construct): string {
  const { certificates, problem } = certificatesIn(pem);
  if (problem !== undefined) site.problems.add(by, problem);
  return certificates;
}

/** A construct whose path names a group of settings in messages. */
function setterOf(site: Site, name: string): Construct {
  const known = site.shared.settings;
  const settings = known.get("") ?? new Construct(site, "Settings");
  const setter = known.get(name) ?? new Construct(settings, name);
  known.set("", settings).set(name, setter);
  return setter;
}
