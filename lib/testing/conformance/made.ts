// Rule: everything on the page makes resources.

import { TerraformResource } from "cdktf";
import { Construct } from "constructs";
import type { MakeCloud } from ".";
import { probe } from "./page";
import { wrapped } from "./wrap";

export function makesEach(make: MakeCloud): readonly string[] {
  const found: string[] = [];
  const counted = wrapped(make(), (what, scope, spec, run) => {
    const before = count(scope);
    const made = run(spec);
    // A front door without routes may need no resource, and a mailbox may be a part of the front door.
    const may = what === "frontDoor" || what === "mailbox" || what === "site";
    if (!may && count(scope) === before) found.push(`a ${what} makes no resource: ${scope.node.path}`);
    return made;
  });
  probe(counted);
  return found;
}

function count(scope: Construct): number {
  return scope.node.root.node.findAll().filter((node) => TerraformResource.isTerraformResource(node)).length;
}
