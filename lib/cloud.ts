// The exports for authors of a cloud: `import { type Cloud, TerraformData } from "cdktf-mastodon/cloud"`. docs/writing-a-cloud.md explains them, and
// examples/own-cloud uses nothing else.

// The contract, and the types of its fields.
export {
  type AddedSteps,
  type BootTextLimit,
  type Cloud,
  type CloudCan,
  type CloudSession,
  type FrontDoorSpec,
  type HealthCheck,
  type MachineSpec,
  type MadeFrontDoor,
  type MadeMachine,
  type MadeMailbox,
  type MadePool,
  type MailboxSpec,
  type PoolSpec,
  type RouteSpec,
  type SiteSpec,
} from "./core/cloud";
export { type DiskSpec, type HostName, type HostSpec, type IdentityUse } from "./core/host-spec";
export { type InventoryFrontDoor, type InventoryMember, type InventoryReached, type MadeHost } from "./core/inventory";
export { AddressPlan, type Range, type Role } from "./core/address-plan";
export { callerName, type Caller, type Flow, type Listener } from "./core/flow";
export { type Scale, type WholeScale } from "./core/scale";
export { shrinks, Size } from "./core/size";
export { Secret, type SecretFacts, type SecretProps } from "./core/secret";
export { type SecretRule } from "./core/secret-rule";
export { SECRETS_DIRECTORY } from "./core/secret-store";

// Other objects that pass between a page and a cloud.
export { type Dns, type DnsRecord } from "./core/dns";
export { type Managed } from "./core/managed";
export { type ObjectStore, type ObjectStoreFacts } from "./core/objects";

// How a cloud reports problems of a page, and kept machines that are older than the page.
export { following, Problems, type Problem } from "./core/problems";
export { wholeNumber, wrongNumber, type WholeNumber } from "./core/whole-number";
export { OutdatedMachines, type Kept } from "./core/outdated-machines";

// Steps that a cloud adds to a host, and boot texts of machines that the cloud itself makes.
export { Part, Program, type FileMode, type FileStep, type Step, type Taken, type Text } from "./core/program";
export { cloudConfig, READY_SCRIPT } from "./core/render/cloud-config";
export { terraformText } from "./core/render/terraform-text";
export { METADATA, nftables, type Metadata } from "./core/nftables";
export { script } from "./core/script";
export {
  AT_BOOT,
  NEVER_GIVEN_UP,
  RESTARTED,
  unit,
  type ContainerSection,
  type ServiceSection,
  type SystemdFile,
  type UnitSection,
} from "./core/unit";
export { HEALTH_TIMEOUT_SECONDS } from "./core/limits";
export { HTTP_PORT, HTTPS_PORT, READINESS_PORT } from "./core/ports";

// Helpers that the clouds of this library share.
export { bootText, notSecret, settingsText, type BootText } from "./clouds/shared/boot-text";
export { carried, runs } from "./clouds/shared/carried-script";
export { OverSsh, type Delivery } from "./clouds/shared/over-ssh";
export { RoleGates, type GatedPool } from "./clouds/shared/role-gates";
export { TerraformData } from "./clouds/shared/terraform-data";
export { LABEL_LENGTH, shortened } from "./core/names";
