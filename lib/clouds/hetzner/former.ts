// A tier under another id goes on with what it has at Hetzner: `cloud.formerly(database, "Database")`.

import { TerraformResource, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { hostName } from "../../core/names";
import { Installation } from "../../core/installation";
import type { HetznerNetwork } from "./network";

/** Tells Terraform and the network that all under this construct was under the id `was` before. */
export function formerly(network: HetznerNetwork, of: Construct, was: string): void {
  const { id } = of.node;
  if (of.node.scope!.node.tryFindChild(was) !== undefined) {
    network.problems.add(of, {
      wrong: `formerly says that its id was "${was}", and the page still has something of that id beside it`,
      remedy: "say formerly of a tier whose old id the page has no longer",
    });
    return;
  }
  moveAddresses(of, was);
  network.found.moved(of, was);
  const { pools, kept } = network.under(of);
  for (const { name } of pools) network.rename(name, renamed(name, id, was));
  for (const { scope, role, range } of kept) {
    const { plan } = Installation.of(scope);
    const slot = plan.slotOf(role, hostName(was));
    // Another address would be taken from and given to running servers whose peers know the old one.
    if (range !== plan.tier(role, plan.slotOf(role, hostName(id))).cidr || range === plan.tier(role, slot).cidr) continue;
    network.problems.add(of, {
      wrong: `formerly says that its id was "${was}", under which its machines had other addresses`,
      remedy: `give it slot: ${slot}, where they are`,
      cause: `formerly ${of.node.path}`,
    });
  }
}

/** Has Terraform rename what it has instead of replacing it. */
function moveAddresses(of: Construct, was: string): void {
  const stack = TerraformStack.of(of);
  const depth = of.node.scopes.length - 1;
  const resources = of.node.findAll().filter((one): one is TerraformResource => TerraformResource.isTerraformResource(one));
  for (const resource of resources) {
    const ids = resource.node.scopes.map((construct, n) => (n === depth ? was : construct.node.id));
    resource.moveFromId(`${resource.terraformResourceType}.${logicalId(stack, ids.slice(stack.node.scopes.length))}`);
  }
}

/** What cdktf calls a resource of such a path. Its place in the page may be taken, so it is asked about a tree beside the page. */
function logicalId(stack: TerraformStack, [root, ...ids]: readonly string[]): string {
  const beside = new Construct(undefined as unknown as Construct, root!);
  return stack.getLogicalId(ids.reduce<Construct>((scope, id) => new Construct(scope, id), beside).node);
}

/** The name of a pool before its tier had another id. */
function renamed(name: string, id: string, was: string): string {
  const [now, before] = [hostName(id), hostName(was)];
  return name === now || name.startsWith(`${now}-`) ? before + name.slice(now.length) : name;
}
