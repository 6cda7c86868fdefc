// Checks of host names and URLs on a page: `wrongHost("server", "smtp.example")`, `wrongUrl("endpoint", "https://store.example")`.
// Both return a problem or `undefined`. Values that Terraform computes are not known at synth and are not checked.

import { BlockList, isIP } from "node:net";
import { domainToASCII } from "node:url";
import { Token } from "cdktf";
import { Problem } from "./problems";

const HOST_LENGTH = 253;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Whether it is a host name in lower case, by its letters and lengths: 63 for each part, 253 for all. */
export function isHostName(host: string): boolean {
  const labels = host.split(".");
  return host.length <= HOST_LENGTH && labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1)!);
}

/** Whether it is a name of public DNS: it has a dot, and its last part begins with a letter. */
export function isDomain(host: string): boolean {
  return isHostName(host) && /\.[a-z][a-z0-9-]*[a-z0-9]$/.test(host);
}

const HERE = new BlockList();
HERE.addSubnet("127.0.0.0", 8, "ipv4");
HERE.addSubnet("0.0.0.0", 8, "ipv4");
HERE.addAddress("::", "ipv6");
HERE.addAddress("::1", "ipv6");
const NAMES_OF_HERE =
  /^(.*\.)?(localhost|localhost\.localdomain|ip6-localhost|ip6-loopback|host\.containers\.internal|host\.docker\.internal)$/;

/**
 * Whether it means the machine that uses it, in any spelling: `localhost`, `127.0.0.0/8`, `::1`, `0.0.0.0`, `::`, the same inside IPv6 addresses,
 * in brackets, or as a number.
 */
export function isThisMachine(host: string): boolean {
  const bare = host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");
  if (NAMES_OF_HERE.test(bare)) return true;
  const address = addressOf(bare);
  return address !== undefined && HERE.check(address, isIP(address) === 4 ? "ipv4" : "ipv6");
}

/** An IPv4 address in dotted form: `127.1`, `0x7f000001` and `2130706433` are the same address. */
function addressOf(host: string): string | undefined {
  if (isIP(host) === 6) return host;
  try {
    const { hostname } = new URL(`http://${host}`);
    return isIP(hostname) === 4 ? hostname : undefined;
  } catch {
    return undefined;
  }
}

export interface HostForm {
  /** Whether `:PORT` may follow. */
  readonly port?: boolean;
  /** Whether a path may follow. */
  readonly path?: boolean;
}

/** What is wrong with a host that machines or browsers are to reach. */
export function wrongHost(prop: string, value: string, form: HostForm = {}): Problem | undefined {
  if (Token.isUnresolved(value)) return undefined;
  const { host, port, path } = parts(value);
  if (isThisMachine(host)) return thisMachine(prop, value);
  const rest =
    (port === undefined || (form.port === true && isPort(port))) && (path === "" || form.path === true) && !/\s/.test(path);
  if (rest && (isIP(host) === 4 || isHostName(host))) return undefined;
  const what = `a host name in lower case or an IPv4 address${form.port === true ? ", with a port if need be" : ""}`;
  const others = ["port", "path"].filter((part) => form[part as keyof HostForm] !== true);
  const without = `${["scheme", ...others.slice(0, -1)].join(", ")}${others.length > 0 ? ` or ${others.at(-1)!}` : ""}`;
  return {
    wrong: `${prop} is "${value}"`,
    value,
    remedy: `give ${what}, without ${without}${better(value)}${tooLong(host)}`,
  };
}

function tooLong(host: string): string {
  const long = host.split(".").find((label) => label.length > 63);
  if (long !== undefined) return `; "${long}" has ${long.length} characters, and each part may have 63`;
  return host.length > HOST_LENGTH ? `; it has ${host.length} characters, and may have ${HOST_LENGTH}` : "";
}

function parts(value: string): { readonly host: string; readonly port: string | undefined; readonly path: string } {
  const [, authority, path = ""] = /^([^/]*)(\/.*)?$/s.exec(value)!;
  const [, bracketed, named, port] = /^(?:\[([^\]]*)\]|([^[\]:]*))(?::(.*))?$/s.exec(authority!) ?? [];
  // An IPv6 address without brackets has colons of its own.
  if (isIP(authority!) === 6) return { host: authority!, port: undefined, path };
  return { host: bracketed ?? named ?? authority!, port, path };
}

export interface UrlForm {
  /** Allowed schemes, without colon. */
  readonly schemes: readonly string[];
  /** Whether only scheme, host and port are allowed. */
  readonly origin?: boolean;
  /** Whether such an origin may have a user and a password before the host. */
  readonly login?: boolean;
  /** An example for messages, such as `https://store.example`. */
  readonly such: string;
}

const ORIGIN = /^[^/]*:\/\/[^/?#@]*$/;
const ORIGIN_WITH_LOGIN = /^[^/]*:\/\/([^/?#@]*@)?[^/?#@]*\/?$/;

/** What is wrong with a URL that machines or browsers are to request. */
export function wrongUrl(prop: string, value: string, form: UrlForm): Problem | undefined {
  if (Token.isUnresolved(value)) return undefined;
  const url = parsed(value);
  // It may contain a password, with any character.
  const shown = value.replace(/\/\/.*@/s, "//…@");
  if (url !== undefined && isThisMachine(url.hostname)) return thisMachine(prop, shown, value);
  const written = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^/:?#]*)/i.exec(value)?.[1] ?? "";
  const host = written.replace(/^\[(.*)\]$/, "$1");
  const extra = form.origin === true && !(form.login === true ? ORIGIN_WITH_LOGIN : ORIGIN).test(value);
  const right =
    url !== undefined &&
    form.schemes.includes(url.protocol.slice(0, -1)) &&
    !extra &&
    !/\s/.test(value) &&
    (isIP(host) !== 0 || isHostName(host));
  if (right) return undefined;
  const scheme = form.schemes.map((one) => `${one}://`).join(" or ");
  const whole = form.origin ? ", with nothing behind host and port" : "";
  return {
    wrong: `${prop} is "${shown}"`,
    value,
    remedy: `give an address that begins with ${scheme}${whole}, such as ${form.such}${written === "" ? "" : better(written)}`,
  };
}

/** The host of a URL, with its port, or `undefined`. */
export function hostOf(url: string): string | undefined {
  return parsed(url)?.host;
}

/** What is wrong with a public host name. */
export function wrongDomain(prop: string, value: string): Problem | undefined {
  if (isDomain(value)) return undefined;
  return {
    wrong: `${prop} is "${value}"`,
    value,
    remedy: `give a lower-case host name such as social.example, without scheme or path${better(value, isDomain)}${tooLong(value)}`,
  };
}

/** A suggestion for a value that is almost a host name, such as the Punycode form of a name in another alphabet. */
function better(value: string, right: (host: string) => boolean = isHostName): string {
  const bare = value
    .replace(/^[a-z]+:\/\//i, "")
    .replace(/[/:?#].*$/s, "")
    .replace(/\.$/, "");
  const ascii = domainToASCII(bare.trim());
  return ascii !== "" && ascii !== value && right(ascii) && !isThisMachine(ascii) ? `: write "${ascii}"` : "";
}

function thisMachine(prop: string, shown: string, value = shown): Problem {
  return {
    wrong: `${prop} is "${shown}", which means the machine itself, where nothing listens`,
    value,
    remedy: "give the name by which the machines of the site reach it",
  };
}

function parsed(value: string): URL | undefined {
  try {
    return new URL(value);
  } catch {
    return undefined;
  }
}

function isPort(port: string): boolean {
  return /^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65535;
}
