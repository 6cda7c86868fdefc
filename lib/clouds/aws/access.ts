// A way in for administrators, closed by default: `aws({ access: { keyName: "admin" } })`.
// It is an EC2 Instance Connect Endpoint: who may use it says IAM, it costs nothing, and machines need no public address. Session Manager is not
// offered: its agent is not in Debian, and would have every machine run a program of its own that AWS updates.

import { DataAwsKeyPair } from "@cdktf/provider-aws/lib/data-aws-key-pair";
import { Ec2InstanceConnectEndpoint } from "@cdktf/provider-aws/lib/ec2-instance-connect-endpoint";
import { Flow } from "../../core/flow";
import { accessRange } from "./cloud-ranges";
import type { AwsNetwork } from "./network";

export interface Access {
  /**
   * The name of an EC2 key pair of the region, with whose private key administrators log in as Debian's user `admin`, who may become root. A change
   * replaces the members of pools, and reaches kept machines when they are renewed.
   * @throws at synth if it is empty; when the plan is made, if there is none of that name
   */
  readonly keyName: string;
}

/** Who comes in by it, in the table of flows. */
export const ADMINISTRATORS = "EC2 Instance Connect Endpoint";
const SSH_PORT = 22;
/** The first user of Debian's images. */
const USER = "admin";

/** What of it hosts must accept, and the command that logs in to an instance as root, to which a command can be appended. */
export function access(network: AwsNetwork): {
  readonly openings: readonly Omit<Flow, "to">[];
  readonly login?: (instance: string) => string;
} {
  const { settings, spec } = network;
  if (settings.props.access === undefined) return { openings: [] };
  const tunnel = `aws ec2-instance-connect open-tunnel --region ${settings.region} --instance-id %h`;
  const from = { kind: "external", name: ADMINISTRATORS } as const;
  return {
    openings: [{ from, sources: [accessRange(spec)], port: SSH_PORT, why: "administrators" }],
    // A terminal, without which a shell of root shows no prompt.
    login: (instance) => `ssh -t -o ProxyCommand="${tunnel}" ${USER}@${instance} sudo -i`,
  };
}

/** Makes the endpoint, of which a VPC can have one. */
export function accessEndpoint(network: AwsNetwork, group: string): void {
  const { scope, spec, vpc, settings, problems } = network;
  const { keyName = "" } = settings.props.access ?? {};
  if (keyName === "") {
    problems.add(scope, {
      wrong: `access.keyName of AWS is "${keyName}"`,
      remedy: "give the name of an EC2 key pair of the region, or leave access out",
    });
  } else {
    // It fails by itself if there is none of that name.
    new DataAwsKeyPair(scope, "KeyPair", { keyName });
  }
  new Ec2InstanceConnectEndpoint(scope, "Access", {
    subnetId: vpc.closedSubnet("access", accessRange(spec), 0),
    securityGroupIds: [group],
    // Otherwise machines would see the administrator's own address, and have to let in the world.
    preserveClientIp: false,
    tags: network.tags("access"),
  });
}
