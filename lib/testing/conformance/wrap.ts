// A cloud with something done around each of its calls: `wrapped(cloud, (what, scope, spec, make) => make(spec))`.

import { Construct } from "constructs";
import { Cloud, CloudSession } from "../../core/cloud";

export type What = "site" | "machine" | "pool" | "frontDoor" | "route" | "mailbox";

export type Around = <Spec extends object, Made>(what: What, scope: Construct, spec: Spec, make: (spec: Spec) => Made) => Made;

export function wrapped(cloud: Cloud, around: Around): Cloud {
  const session = (made: CloudSession): CloudSession => ({
    machine: (scope, id, spec) => around("machine", scope, spec, (one) => made.machine(scope, id, one)),
    pool: (scope, id, spec) => around("pool", scope, spec, (one) => made.pool(scope, id, one)),
    frontDoor: (scope, id, spec) => {
      const door = around("frontDoor", scope, spec, (one) => made.frontDoor(scope, id, one));
      return {
        sources: door.sources,
        visit: (host) => door.visit(host),
        route: (name, route) => around("route", scope, route, (one) => door.route(name, one)),
      };
    },
    ...(made.mailbox && { mailbox: (scope, spec) => around("mailbox", scope, spec, (one) => made.mailbox!(scope, one)) }),
    ...(made.steps && { steps: (host) => made.steps!(host) }),
    ...(made.openings && { openings: () => made.openings!() }),
    sourcesOf: (role) => made.sourcesOf(role),
    nextSteps: () => made.nextSteps(),
    finish: () => made.finish(),
  });
  return {
    name: cloud.name,
    can: cloud.can,
    open: (scope, spec) => session(around("site", scope, spec, (one) => cloud.open(scope, one))),
  };
}
