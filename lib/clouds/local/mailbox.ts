// The mailbox of a site without a mail server: an SMTP server on the front door's machine writes each mail into a directory of this host.
// `mailCatcher(program)` adds it to a machine; a page without a front door gets a machine of its own for it.

import { nftables } from "../../core/nftables";
import { Program } from "../../core/program";
import { cloudConfig } from "../../core/render/cloud-config";
import { terraformText } from "../../core/render/terraform-text";
import { AT_BOOT, NEVER_GIVEN_UP, RESTARTED, unit } from "../../core/unit";
import { keptMachine } from "./machine";
import { LocalNetwork, MAIL_PORT } from "./network";

/** For the driver: the site's directory, and its path on the machine. */
export const MAIL_DIRECTORY = "mail=/srv/mail";
const NAME = "mailbox";

export function mailCatcher(program: Program): Program {
  return program
    .add({ kind: "package", names: ["python3-aiosmtpd"] })
    .add({ kind: "file", path: "/etc/systemd/system/mail-catcher.service", content: UNIT })
    .add({
      kind: "run",
      why: "a directory for mail",
      script: "install -d -o mail -g mail -m 0700 /srv/mail /srv/mail/{cur,new,tmp}\n",
    })
    .add({ kind: "start", units: ["mail-catcher.service"] })
    .readyWhen("systemctl is-active -q mail-catcher || { echo 'nothing takes mail'; false; }");
}

/** Makes a machine for it, if the page uses the mailbox and has no front door. */
export function mailboxMachine(network: LocalNetwork): void {
  if (network.mail === undefined || network.hasDoor || network.scope.node.tryFindChild(NAME) !== undefined) return;
  const openings = network.mail;
  const program = () => {
    const bare = new Program()
      .add({ kind: "package", names: ["nftables"] })
      .add({ kind: "file", path: "/etc/nftables.conf", content: nftables(openings()), mode: "0600" })
      .add({ kind: "run", why: "firewall", script: "systemctl enable nftables\nnft -f /etc/nftables.conf\n" });
    return mailCatcher(bare);
  };
  keptMachine(network.scope, NAME, network, {
    name: NAME,
    address: network.doorAddress,
    disks: [],
    packages: () => program().packages,
    images: () => [],
    bootText: () => terraformText(cloudConfig(program())),
    directories: () => MAIL_DIRECTORY,
    onChange: "replace",
  });
}

const UNIT = unit({
  Unit: { Description: "Takes all mail and keeps it in a directory", After: "network.target", ...NEVER_GIVEN_UP },
  Service: {
    User: "mail",
    Group: "mail",
    UMask: "0077",
    ExecStart: `/usr/bin/python3 -m aiosmtpd -n -l 0.0.0.0:${MAIL_PORT} -c aiosmtpd.handlers.Mailbox /srv/mail`,
    ...RESTARTED,
    NoNewPrivileges: true,
    ProtectSystem: "strict",
    ReadWritePaths: "/srv/mail",
    ProtectHome: true,
    PrivateTmp: true,
    CapabilityBoundingSet: "",
    RestrictAddressFamilies: "AF_INET AF_INET6 AF_UNIX",
  },
  Install: AT_BOOT,
});
