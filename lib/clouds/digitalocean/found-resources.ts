// What the account has when a plan is made, and what the plan refuses for it: keys, the image, the VPC, the number of droplets.
// Each question costs one request a plan. Conditions are data sources' own, so they fail before anything is changed.

import { DataDigitaloceanAccount } from "@cdktf/provider-digitalocean/lib/data-digitalocean-account";
import { DataDigitaloceanImage } from "@cdktf/provider-digitalocean/lib/data-digitalocean-image";
import { DataDigitaloceanSshKeys } from "@cdktf/provider-digitalocean/lib/data-digitalocean-ssh-keys";
import { DataDigitaloceanVpc } from "@cdktf/provider-digitalocean/lib/data-digitalocean-vpc";
import { Lazy, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { Settings } from "./settings";

export class FoundResources {
  /** The numbers of the page's SSH keys, a token of a list. */
  readonly keys: string[] | undefined;

  constructor(
    private readonly scope: Construct,
    private readonly settings: Settings,
  ) {
    this.keys = settings.ssh.keys.length === 0 ? undefined : this.sshKeys(settings.ssh.keys);
    this.image(settings.image);
  }

  /** Refuses a plan of more droplets than the account may have, once the page is whole. */
  droplets(most: () => number): void {
    const wanted = Lazy.stringValue({ produce: () => String(most()) });
    new DataDigitaloceanAccount(this.scope, "Account", {
      lifecycle: {
        postcondition: [
          {
            condition: `\${self.droplet_limit >= ${wanted}}`,
            errorMessage:
              `${this.scope.node.path}: the page has ${wanted} droplets while all pools roll, and the account may have ` +
              "${self.droplet_limit} / ask for more in the control panel under Settings, Resource limits, or use fewer and larger machines",
          },
        ],
      },
    });
  }

  /** A VPC that stands already. */
  vpc(id: string, cidr: string): string {
    const { region } = this.settings;
    const within = cidr.split(".").slice(0, 2).join(".");
    return new DataDigitaloceanVpc(this.scope, "Vpc", {
      id,
      lifecycle: {
        postcondition: [
          {
            condition: `\${self.region == "${region}" && startswith(self.ip_range, "${within}.")}`,
            errorMessage:
              `${this.scope.node.path}: the VPC \${self.name} has the range \${self.ip_range} in \${self.region} / name one in ${region} ` +
              `whose range lies within the site's network ${cidr}, or give the site another network`,
          },
        ],
      },
    }).id;
  }

  // By itself the first droplet would find out, when all else has been made; and a kept machine that is renewed would be deleted, and not made.
  private sshKeys(keys: readonly string[]): string[] {
    const missing = `[for key in ${list(keys)} : key if !contains(self.ssh_keys[*].name, key)]`;
    const found = new DataDigitaloceanSshKeys(this.scope, "SshKeys", {
      lifecycle: {
        postcondition: [
          {
            condition: `\${length(${missing}) == 0}`,
            errorMessage:
              `${this.scope.node.path}: ssh.keys of DigitalOcean names keys that the account has not: \${join(", ", ${missing})} / ` +
              "add them in the control panel under Settings, Security, or name others",
          },
        ],
      },
    });
    const all = `data.digitalocean_ssh_keys.${found.friendlyUniqueId}.ssh_keys`;
    const chosen = `\${[for one in ${all} : tostring(one.id) if contains(${list(keys)}, one.name)]}`;
    return new TerraformLocal(this.scope, "SshKeyIds", chosen).asList;
  }

  // It fails by itself if there is none of that name.
  private image(image: string): void {
    new DataDigitaloceanImage(this.scope, "Image", /^\d+$/.test(image) ? { id: Number(image) } : { slug: image });
  }
}

/** Texts as a list in an expression of Terraform's. */
function list(words: readonly string[]): string {
  return `[${words.map((word) => JSON.stringify(word).replace(/[$%]\{/g, (opening) => opening[0] + opening)).join(", ")}]`;
}
