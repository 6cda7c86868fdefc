// Boot texts in a closed bucket of the site: `network.bootTexts.add(scope, "Pool", { tier, name, boot, identity })` returns the user-data,
// which fetches one.
//
// AWS takes 16 KiB of user-data, compressed, and the text of a web machine fills most of that: a page with more settings or certificates would be refused. So
// user-data says where the text is, and which it is by its hash. The text holds no secrets, but names of them.

import { join } from "node:path";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3BucketOwnershipControls } from "@cdktf/provider-aws/lib/s3-bucket-ownership-controls";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import { S3Object } from "@cdktf/provider-aws/lib/s3-object";
import { Fn, ref, TerraformLocal, Token } from "cdktf";
import { Construct } from "constructs";
import { stringify } from "yaml";
import { shortened } from "../../core/names";
import { BOOT_SCRIPT } from "../../core/render/cloud-config";
import { terraformText } from "../../core/render/terraform-text";
import { script } from "../../core/script";
import { NEVER_GIVEN_UP, unit } from "../../core/unit";
import { BootText, notSecret } from "../shared/boot-text";
import { addressOf } from "../shared/terraform-address";
import type { Identity } from "./identity";
import type { AwsNetwork } from "./network";
import { onlyTls } from "./only-tls";

export interface StoredBootText {
  /** What shares a role: its machines may read the texts of the tier. */
  readonly tier: string;
  /** The host's name. */
  readonly name: string;
  readonly boot: BootText;
  readonly identity: Identity;
  /** Of a pool: the generation, by whose name the text is stored. Each generation has a text of its own, also if an earlier one had the same. */
  readonly generation?: string;
}

export interface MadeBootText {
  /** The user-data of the host, compressed as base64. Whoever has it depends on the stored text. */
  readonly userData: string;
  readonly object: S3Object;
}

/** AWS adds 26 characters to a prefix, and a name has at most 63. */
const PREFIX_LENGTH = 37;
const END = "-boot-";
const COMMAND = "/usr/local/sbin/stored-boot-text";
const UNIT = "stored-boot-text.service";
/** A file that exists once the text has been fetched. From then on its own boot script goes on after a failure or a loss of power. */
const FETCHED = "/var/lib/cdktf-mastodon-boot-text-fetched";
const TEXT = "/run/cdktf-mastodon/boot-text";
const HASH_LENGTH = 16;

export class StoredBootTexts {
  private made: S3Bucket | undefined;

  constructor(private readonly network: AwsNetwork) {}

  add(scope: Construct, id: string, { tier, name, boot, identity, generation }: StoredBootText): MadeBootText {
    const { network } = this;
    const bucket = addressOf(this.bucket);
    identity.allow({ Sid: "ReadBootText", Action: ["s3:GetObject"], Resource: [`\${${bucket}.arn}/${tier}/*`] });
    const sha256 = new TerraformLocal(scope, `${id}BootSha256`, notSecret(Fn.sha256(boot.text))).asString;
    const object = new S3Object(scope, `${id}BootText`, {
      bucket: `\${${bucket}.id}`,
      // Members that AWS launches of an older generation still find theirs, until that generation goes. Two generations may have the same text, when a
      // failed one was taken back: by the text alone the end of the one would take the text from the other.
      key: `${tier}/${name}-${generation ?? Fn.substr(sha256, 0, HASH_LENGTH)}.gz`,
      contentBase64: boot.packed,
      contentType: "application/gzip",
    });
    const text = userData({
      region: network.settings.region,
      bucket: Token.asString(ref(`${bucket}.id`)),
      key: Token.asString(ref(`${addressOf(object)}.key`)),
      sha256,
    });
    return { userData: Fn.base64gzip(new TerraformLocal(scope, `${id}UserData`, terraformText(text)).asString), object };
  }

  private get bucket(): S3Bucket {
    return (this.made ??= this.make());
  }

  private make(): S3Bucket {
    const { scope, site } = this.network;
    const made = new S3Bucket(scope, "BootTexts", {
      bucketPrefix: `${shortened(site, PREFIX_LENGTH - END.length)}${END}`,
      // All that is in it is in the page.
      forceDestroy: true,
      tags: this.network.tags("boot"),
    });
    const bucket = `\${${addressOf(made)}.id}`;
    const arn = `\${${addressOf(made)}.arn}`;
    const closed = new S3BucketPublicAccessBlock(scope, "BootTextsClosed", {
      bucket,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    const owned = new S3BucketOwnershipControls(scope, "BootTextsOwned", {
      bucket,
      rule: { objectOwnership: "BucketOwnerEnforced" },
    });
    new S3BucketServerSideEncryptionConfigurationA(scope, "BootTextsEncrypted", {
      bucket,
      rule: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
    });
    new S3BucketPolicy(scope, "BootTextsPolicy", {
      bucket,
      policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [onlyTls(arn)],
      }),
      // S3 refuses a change of a bucket while another one is under way.
      dependsOn: [closed, owned],
    });
    return made;
  }
}

interface Place {
  readonly region: string;
  readonly bucket: string;
  readonly key: string;
  readonly sha256: string;
}

/** The user-data, as cloud-init reads it. */
export function userData({ region, bucket, key, sha256 }: Place): string {
  const content = script(join(__dirname, "stored-boot-text.sh"), {
    REGION: region,
    BUCKET: bucket,
    KEY: key,
    SHA256: sha256,
    TEXT,
    FETCHED,
    BOOT_SCRIPT,
  });
  const config = {
    // As in the boot text: Debian's image would rewrite /etc/hosts at every boot.
    manage_etc_hosts: false,
    package_update: true,
    packages: ["awscli"],
    write_files: [
      { path: COMMAND, permissions: "0755", content },
      { path: `/etc/systemd/system/${UNIT}`, permissions: "0644", content: FETCHES },
    ],
    runcmd: [
      ["systemctl", "enable", UNIT],
      ["systemctl", "start", "--no-block", UNIT],
    ],
  };
  return `#cloud-config\n${stringify(config, { lineWidth: 0, blockQuote: "literal" })}`;
}

// After cloud-init's own first boot, since it performs a part of the text by cloud-init. Not a part of multi-user.target, which Debian's cloud-final.service
// comes after: systemd would leave one of the two out at each boot, to break the cycle.
const FETCHES = unit({
  Unit: {
    Description: "Fetches the boot text of this machine and performs it",
    Wants: "network-online.target",
    After: ["network-online.target", "cloud-final.service"],
    ConditionPathExists: `!${FETCHED}`,
    ...NEVER_GIVEN_UP,
  },
  Service: { Type: "oneshot", ExecStart: COMMAND, Restart: "on-failure", RestartSec: 10 },
  Install: { WantedBy: "cloud-init.target" },
});
