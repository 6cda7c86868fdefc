// The front door on this host: a machine with HAProxy that terminates TLS, routes by host name and checks the health of every member.

import { Construct } from "constructs";
import { FrontDoorSpec, MadeFrontDoor, RouteSpec } from "../../core/cloud";
import { HTTPS_PORT } from "../../core/ports";
import { following, Problems } from "../../core/problems";
import { terraformText } from "../../core/render/terraform-text";
import { cloudConfig } from "../../core/render/cloud-config";
import { haproxy } from "./haproxy";
import { HOST_LETTERS } from "./limits";
import { keptMachine } from "./machine";
import { MAIL_DIRECTORY, mailCatcher } from "./mailbox";
import { LocalNetwork } from "./network";

const NAME = "front-door";

export class LocalFrontDoor implements MadeFrontDoor {
  readonly selfSigned = true;
  readonly sources: readonly string[];
  readonly machine: MadeFrontDoor["machine"];
  private readonly routes: RouteSpec[] = [];
  private readonly address: string;
  private readonly problems: Problems;

  constructor(
    private readonly scope: Construct,
    id: string,
    network: LocalNetwork,
    spec: FrontDoorSpec,
  ) {
    this.problems = new Problems(scope);
    const address = (this.address = network.doorAddress);
    this.sources = [`${address}/32`];
    const program = () => {
      const made = haproxy(spec.domain, this.routes, network.mail?.() ?? []);
      return network.mail === undefined ? made : mailCatcher(made);
    };
    const { machine, resource, renew, login } = keptMachine(scope, id, network, {
      name: NAME,
      address,
      disks: [],
      packages: () => program().packages,
      images: () => [],
      bootText: () => terraformText(cloudConfig(program())),
      directories: () => (network.mail === undefined ? "" : MAIL_DIRECTORY),
      // It stores nothing but mail, which is on the host. After a replacement the gates of the pools configure its members again.
      onChange: "replace",
    });
    this.machine = { name: NAME, address, resource, renew, login };
    network.opens((pool) => {
      const hosts = this.routes.filter((route) => route.pool.name === pool).map((route) => route.host);
      return hosts.length === 0 ? undefined : { name: NAME, machine: machine.id, backends: hosts.sort().join(" ") };
    });
  }

  route(_id: string, spec: RouteSpec): void {
    if (spec.host.length > HOST_LETTERS) {
      const wrong = `the host name ${spec.host} has ${spec.host.length} characters`;
      this.problems.add(this.scope, following(spec.host, { wrong, remedy: `the local cloud takes at most ${HOST_LETTERS}` }));
    }
    this.routes.push(spec);
  }

  visit(host: string): readonly string[] {
    const url = `https://${host}/`;
    return [
      url,
      `It is at ${this.address}. No name service knows it, and its certificate`,
      "is its own. On this computer one of these opens it:",
      `  curl -ik --resolve ${host}:${HTTPS_PORT}:${this.address} ${url}`,
      "  chromium --ignore-certificate-errors \\",
      `    --host-resolver-rules="MAP *${host} ${this.address}" \\`,
      `    ${url}`,
    ];
  }
}
