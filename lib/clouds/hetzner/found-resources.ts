// Resources of a site that Terraform's data sources find at Hetzner when a plan is made, and checks of them: `network.found.volumes`.
// Each data source costs one API request for each plan. Its postconditions fail before anything is changed.

import { createHash } from "node:crypto";
import { DataHcloudImages } from "@cdktf/provider-hcloud/lib/data-hcloud-images";
import { DataHcloudServers } from "@cdktf/provider-hcloud/lib/data-hcloud-servers";
import { DataHcloudSshKeys } from "@cdktf/provider-hcloud/lib/data-hcloud-ssh-keys";
import { DataHcloudVolumes } from "@cdktf/provider-hcloud/lib/data-hcloud-volumes";
import { Lazy, TerraformStack, Token } from "cdktf";
import { Construct } from "constructs";
import { Settings } from "./settings";

/** A volume of the page. */
export interface PageVolume {
  /** The kept machine's construct. */
  readonly scope: Construct;
  readonly id: string;
}

export class FoundResources {
  private readonly onPage: PageVolume[] = [];
  private readonly former: string[] = [];
  private readonly asked: DataHcloudVolumes;
  private foundServers: DataHcloudServers | undefined;

  constructor(
    private readonly scope: Construct,
    private readonly site: string,
    private readonly settings: Settings,
  ) {
    // Also on a page without volumes: an earlier version of it may have had some.
    this.asked = new DataHcloudVolumes(scope, "Volumes", {
      withSelector: `site=${site}`,
      lifecycle: { postcondition: [this.nothingLost()] },
    });
    if (settings.ssh.keys.length > 0) this.sshKeys(settings.ssh.keys);
    this.image(settings.image);
  }

  /** The site's volumes, as a part of a Terraform expression. */
  get volumes(): string {
    return `data.hcloud_volumes.${this.asked.friendlyUniqueId}.volumes`;
  }

  /** The site's servers of all generations, as a part of a Terraform expression. */
  get servers(): string {
    this.foundServers ??= new DataHcloudServers(this.scope, "Servers", { withSelector: `site=${this.site}` });
    return `data.hcloud_servers.${this.foundServers.friendlyUniqueId}.servers`;
  }

  /** Registers a volume of the page; returns the value of its label, by which a later plan finds out whether it is still on the page. */
  keeps(volume: PageVolume): string {
    this.onPage.push(volume);
    return placeOf(pathOf(volume));
  }

  /** Registers that this construct had the id `was` before. */
  moved(of: Construct, was: string): void {
    const depth = of.node.scopes.length - 1;
    const inside = this.onPage.filter(({ scope }) => scope.node.scopes.includes(of));
    this.former.push(...inside.map((volume) => placeOf(pathOf(volume, { depth, was }))));
  }

  // The volumes of a tier that was removed or got another id would be deleted while its servers run: for a removed block Terraform checks no
  // condition and runs no provisioner.
  private nothingLost() {
    const known = Lazy.stringValue({
      produce: () => list([...new Set([...this.onPage.map((volume) => placeOf(pathOf(volume))), ...this.former])].sort()),
    });
    const kept = `contains(${known}, lookup(one.labels, "construct", "")) || contains(${list(this.settings.releasedVolumes)}, one.name)`;
    return {
      condition: `\${alltrue([for one in self.volumes : ${kept}])}`,
      errorMessage:
        `${this.scope.node.path}: Hetzner has volumes of this site, with data, that are no longer on the page: ` +
        `\${join(", ", sort([for one in self.volumes : one.name if !(${kept})]))} / if a tier or a construct around it has another id now, ` +
        `give it the old one back, or keep its volumes under the new one with cloud.formerly(tier, "OldId"); to give the data up, name these ` +
        `volumes in releasedVolumes of hetzner()`,
    };
  }

  // Without this check the first server would fail, after everything else was made; and a renewed kept machine would be deleted and not made again.
  private sshKeys(keys: readonly string[]): void {
    const missing = `[for key in ${list(keys)} : key if !anytrue([for one in self.ssh_keys : one.name == key || tostring(one.id) == key])]`;
    new DataHcloudSshKeys(this.scope, "SshKeys", {
      lifecycle: {
        postcondition: [
          {
            condition: `\${length(${missing}) == 0}`,
            errorMessage:
              `${this.scope.node.path}: ssh.keys of Hetzner names keys that are not in the project: \${join(", ", ${missing})} / ` +
              "add them in the Console under Security, or name others",
          },
        ],
      },
    });
  }

  private image(image: string): void {
    new DataHcloudImages(this.scope, "Images", {
      withStatus: ["available"],
      includeDeprecated: true,
      lifecycle: {
        postcondition: [
          {
            condition: `\${anytrue([for one in self.images : one.name == ${quoted(image)} || tostring(one.id) == ${quoted(image)}])}`,
            errorMessage:
              `${this.scope.node.path}: Hetzner has no image \${${quoted(image)}} / name one that the Console offers for a new server, such as ` +
              "debian-13, or the number of a snapshot",
          },
        ],
      },
    });
  }
}

/** Texts as a list in a Terraform expression. */
export const list = (words: readonly string[]) => `[${words.map(quoted).join(", ")}]`;

function quoted(word: string): string {
  return Token.isUnresolved(word) ? `"${word}"` : JSON.stringify(word).replace(/[$%]\{/g, (opening) => opening[0] + opening);
}

/** The path of a volume's construct in its stack; with `before`, the path before the construct at `depth` got another id. */
function pathOf({ scope, id }: PageVolume, before?: { readonly depth: number; readonly was: string }): string {
  const ids = scope.node.scopes.map((construct, n) => (n === before?.depth ? before.was : construct.node.id));
  return [...ids.slice(TerraformStack.of(scope).node.scopes.length), id].join("/");
}

/** A hash of the path, since values of labels are limited to 63 characters of few kinds. */
function placeOf(path: string): string {
  return createHash("sha256").update(path).digest("hex").slice(0, 16);
}
