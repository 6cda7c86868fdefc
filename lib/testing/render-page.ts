// A page as text, for snapshots: `expect(renderPage(stack)).toMatchSnapshot()`. The result holds no secrets and no local paths, and does not depend
// on the order of the page.

import { DefaultTokenResolver, StringConcat, TerraformElement, TerraformStack, Testing, Tokenization } from "cdktf";
import { Role } from "../core/address-plan";
import { Host } from "../core/host";
import { terraformText } from "../core/render/terraform-text";
import { Site } from "../mastodon/site";
import { difference } from "./difference";
import { readable, readablePlan } from "./readable-plan";

export interface RenderedHost {
  /** What it is, as in the address plan. A host that the cloud adds, such as the local cloud's front door, is `cloud`. */
  readonly role: Role;
  /** Its user-data as the machine reads it, but with `<secret NAME>` and other names in the place of what Terraform fills in. */
  readonly bootText: string;
}

export interface RenderedPage {
  /** By host name; all members of a pool have one text. In a stack with several sites the names begin with that of the site. */
  readonly hosts: Readonly<Record<string, RenderedHost>>;
  /** By site and by `host:port`: who may reach it, and why. */
  readonly flows: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /**
   * `cdk.tf.json` without cdktf's metadata, with `<boot text of NAME>`, `<settings of NAME>`, `<flows>`, `<inventory>` and `<releases>` in the place of what
   * stands elsewhere.
   */
  readonly plan: Readonly<Record<string, unknown>>;
}

export interface RenderedDifferences {
  /** Of each host the name of the one with which it was compared, and the lines that differ; a whole text if there is none like it. */
  readonly hosts: Readonly<Record<string, string>>;
  /** The lines that differ, or whole. */
  readonly flows: unknown;
  /** The lines that differ, or whole. */
  readonly plan: unknown;
}

/**
 * Renders a page, without Terraform and without an account.
 * @param page a stack, or a site for the stack around it
 * @throws PageError if the page is wrong, as `cdktf synth` does
 */
export function renderPage(page: TerraformStack | Site): RenderedPage {
  const stack = TerraformStack.of(page);
  const plan = JSON.parse(Testing.synth(stack, true)) as Plan;
  const all = stack.node.findAll();
  const sites = all.filter((node) => node instanceof Site);
  const secrets = Object.keys(plan.variable ?? {}).filter((name) => plan.variable![name]!.sensitive === true);
  const hosts = new Map<string, RenderedHost>();
  const names = new Map<string, string>();
  const add = (name: string, role: Role, text: string) => {
    if (!hosts.has(name)) hosts.set(name, { role, bootText: readable(text, secrets) });
    names.set(text, names.get(text) ?? `boot text of ${name}`);
  };
  const nameOf = (host: Host) => (sites.length > 1 ? `${host.site.name}/${host.name}` : host.name);
  const elements = new Map(all.filter(TerraformElement.isTerraformElement).map((made) => [made.friendlyUniqueId, made]));
  // What the plan holds is what machines get: a cloud may shorten a text.
  for (const { element, text } of bootTextsIn(plan)) {
    const scopes = elements.get(element)?.node.scopes ?? [];
    const host = scopes.findLast((scope) => scope instanceof Host);
    if (host !== undefined) add(nameOf(host), host.role, text);
    else {
      const path = scopes.slice(scopes.indexOf(stack) + (sites.length > 1 ? 1 : 2), -1).map(({ node }) => node.id);
      add(path.join("/") || element, "cloud", text);
    }
  }
  for (const [element, text] of Object.entries(plan.locals ?? {})) {
    const host = elements.get(element)?.node.scopes.findLast((scope) => scope instanceof Host);
    const what = typeof text === "string" && OF_KEPT.find(({ begins }) => begins.test(text))?.what;
    if (host !== undefined && what) names.set(text as string, `${what} ${nameOf(host)}`);
  }
  // A cloud of tests need not put them into its plan.
  for (const host of all.filter((node) => node instanceof Host))
    if (!hosts.has(nameOf(host))) add(nameOf(host), host.role, inPlan(stack, terraformText(host.bootText())));
  const flows: Record<string, RenderedPage["flows"][string]> = {};
  const data = (plan.resource?.["terraform_data"] ?? {}) as Record<string, unknown>;
  for (const site of sites) {
    const { name } = site;
    const local = `${name.replaceAll("-", "_")}_flows`;
    flows[name] = plan.locals![local] as RenderedPage["flows"][string];
    plan.locals![local] = "<flows>";
    // The releases are written into places that a hash of the release names, which would be other lines with each version.
    const releases = site.node.tryFindChild("Releases");
    if (releases instanceof TerraformElement) data[releases.friendlyUniqueId] = "<releases>";
    // It says once more what stands elsewhere on the page.
    plan.output![`${name.replaceAll("-", "_")}_inventory`]!.value = "<inventory>";
  }
  return { hosts: sorted(hosts), flows: sorted(Object.entries(flows)), plan: readablePlan(plan, names) };
}

/** Every boot text in a plan, with the name of the local value or of the resource that holds it. */
function bootTextsIn(plan: Plan): readonly { readonly element: string; readonly text: string }[] {
  const named = [plan.locals ?? {}, ...Object.values(plan.resource ?? {})].flatMap((of) => Object.entries(of));
  return named.flatMap(([element, value]) => stringsIn(value).map((text) => ({ element, text }))).filter(isBootText);
}

/** What else a plan holds of a kept machine, made of the same program: it would only repeat the boot text, or change with each of its lines. */
const OF_KEPT = [
  { begins: /^#!\/bin\/bash\n# Brings this machine the settings /, what: "settings of" },
  { begins: /^[0-9a-f]{64}(?: |$)/, what: "hash of all but the settings of" },
] as const;

function isBootText({ text }: { readonly text: string }): boolean {
  return text.startsWith("#cloud-config\n");
}

function stringsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

/**
 * A page in which each text stands once: of hosts that have a role in common the first by name, and of the others what differs from it.
 * @param from another page to compare with, such as that of a rehearsal with the one in use: then of all hosts, of the flows and of the plan only what
 * differs from it is told
 */
export function differences(page: RenderedPage, from: RenderedPage = page): RenderedDifferences {
  const hosts = Object.entries(page.hosts).map(([name, { role, bootText }]) => {
    const first = Object.keys(from.hosts).find((other) => from.hosts[other]!.role === role);
    const base = from !== page && from.hosts[name]?.role === role ? name : first;
    if (base === undefined || (from === page && base === name)) return [name, bootText] as const;
    const lines = difference(bootText, from.hosts[base]!.bootText, FILE);
    return [name, lines === "" ? `as ${base}\n` : `as ${base}, but\n${lines}`] as const;
  });
  const part = (of: "flows" | "plan") => (from === page ? page[of] : difference(json(page[of]), json(from[of]), RESOURCE));
  return { hosts: Object.fromEntries(hosts), flows: part("flows"), plan: part("plan") };
}

// In a boot text what cloud-init does, and each file that it writes.
const FILE = /^\w+:|^ {2}- path: /;
// In a plan each resource, and each of the others.
const RESOURCE = /^ {2,6}"[^"]+": [{[]$/;

/** A text as it will stand in the plan. */
function inPlan(stack: TerraformStack, text: string): string {
  const resolver = new DefaultTokenResolver(new StringConcat());
  return Tokenization.resolve(text, { scope: stack, resolver, preparing: false }) as string;
}

interface Plan extends Readonly<Record<string, unknown>> {
  readonly variable?: Readonly<Record<string, { readonly sensitive?: boolean }>>;
  readonly locals?: Record<string, unknown>;
  readonly output?: Readonly<Record<string, { value: unknown }>>;
  readonly resource?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

function sorted<Value>(entries: Iterable<readonly [string, Value]>): Readonly<Record<string, Value>> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}
