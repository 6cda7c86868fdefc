// Keeps the resources of a tier whose id has changed: `cloud.formerly(database, "Database")`.

import { TerraformResource, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { hostName } from "../../core/names";
import { Installation } from "../../core/installation";
import type { HetznerNetwork } from "./network";

/** Records that this construct had the id `was` before: Terraform moves its resources to the new addresses. */
export function formerly(network: HetznerNetwork, of: Construct, was: string): void {
  const { id } = of.node;
  if (of.node.scope!.node.tryFindChild(was) !== undefined) {
    network.problems.add(of, {
      wrong: `formerly says that its id was "${was}", and the page still has something of that id beside it`,
      remedy: "call formerly for a tier whose old id is no longer on the page",
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
    // Otherwise running servers would get other addresses, while their peers are configured with the old ones.
    if (range !== plan.tier(role, plan.slotOf(role, hostName(id))).cidr || range === plan.tier(role, slot).cidr) continue;
    network.problems.add(of, {
      wrong: `formerly says that its id was "${was}", under which its machines had other addresses`,
      remedy: `give it slot: ${slot}, where they are`,
      cause: `formerly ${of.node.path}`,
    });
  }
}

/** Makes Terraform rename resources in its state instead of replacing them. */
function moveAddresses(of: Construct, was: string): void {
  const stack = TerraformStack.of(of);
  const depth = of.node.scopes.length - 1;
  const resources = of.node.findAll().filter((one): one is TerraformResource => TerraformResource.isTerraformResource(one));
  for (const resource of resources) {
    const ids = resource.node.scopes.map((construct, n) => (n === depth ? was : construct.node.id));
    resource.moveFromId(`${resource.terraformResourceType}.${logicalId(stack, ids.slice(stack.node.scopes.length))}`);
  }
}

/** The logical id of a resource with that path. cdktf computes it from constructs, so a separate tree with these ids is made for it. */
function logicalId(stack: TerraformStack, [root, ...ids]: readonly string[]): string {
  const beside = new Construct(undefined as unknown as Construct, root!);
  return stack.getLogicalId(ids.reduce<Construct>((scope, id) => new Construct(scope, id), beside).node);
}

/** The name of a pool before the id of its tier changed. */
function renamed(name: string, id: string, was: string): string {
  const [now, before] = [hostName(id), hostName(was)];
  return name === now || name.startsWith(`${now}-`) ? before + name.slice(now.length) : name;
}
