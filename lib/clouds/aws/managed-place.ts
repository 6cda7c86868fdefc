// What the databases that AWS runs have in common: where they stand, how they are called, and when AWS works on them.
// `const place = placeOf(within)`, `place.name("Feeds", 40)`.

import { Construct } from "constructs";
import { Installation } from "../../core/installation";
import { Managed } from "../../core/managed";
import { hostName, shortened } from "../../core/names";
import { PageError } from "../../core/problems";
import { addressOf } from "../shared/terraform-address";
import { TerraformData } from "../shared/terraform-data";
import type { AwsNetwork } from "./network";

/** An hour of a day of the week, in UTC. */
export interface Maintenance {
  readonly day: Day;
  /** As in `04:30`. */
  readonly hour: string;
}

export type Day = (typeof DAYS)[number];

export interface ManagedProps {
  /**
   * The hour of a week in which AWS brings new minor versions and repairs, in UTC. A change costs nothing.
   * @default { day: "tuesday", hour: "04:30" }
   * @throws at synth if it is no such hour, or meets the one of backups
   */
  readonly maintenance?: Maintenance;
  /**
   * The hour of each day in which AWS makes backups, in UTC, as in `03:00`. A change costs nothing.
   * @default "03:00"
   * @throws at synth if it is no such hour
   */
  readonly backupHour?: string;
  /**
   * Whether a change that interrupts, such as another class, waits for the hour of `maintenance`. Until then each plan shows it again, and a new
   * `version` cannot be deployed whole. A change costs nothing.
   * @default false - it is made when it is deployed
   */
  readonly changesWait?: boolean;
}

/** Both hours as AWS writes them. */
export interface Windows {
  readonly maintenance: string;
  readonly backup: string;
}

const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
const MINUTES_OF_DAY = 24 * 60;
const HOUR = /^([01]\d|2[0-3]):([0-5]\d)$/;
const STANDARD = { maintenance: { day: "tuesday", hour: "04:30" }, backupHour: "03:00" } as const;

/** The network of the scope's site, which the session of AWS' cloud has. */
export function placeOf(scope: Construct): AwsNetwork {
  const { session, cloud } = Installation.of(scope);
  const { network } = session as { readonly network?: AwsNetwork };
  if (cloud.name !== "AWS" || network === undefined) {
    throw new PageError([
      `${scope.node.path}: its databases are AWS', and its cloud is ${cloud.name} / use aws({ … }) as its cloud`,
    ]);
  }
  return network;
}

/** The name of a database in the account and region. */
export function managedName(network: AwsNetwork, scope: Construct, most: number): string {
  return shortened(`${network.site}-${hostName(scope.node.id)}`, most);
}

/** The security group of a database, which those who call it open. */
export function managedGroup(
  network: AwsNetwork,
  scope: Construct,
  name: string,
): { readonly id: string; readonly managed: Managed } {
  const group = network.groups.managed(scope, hostName(scope.node.id));
  return { id: group.id, managed: { name, admit: (from, port, why) => group.admit(from, port, why) } };
}

/** The name of a secret of a database. */
export function secretName(scope: Construct, what: string): string {
  return `${hostName(scope.node.id).replaceAll("-", "_")}_${what}`;
}

/**
 * The name of the snapshot that AWS makes when it deletes a database. AWS deletes none whose snapshot has the name of an older one, so it is another
 * one whenever the database is made anew: for whatever `made` names.
 */
export function lastSnapshot(scope: Construct, name: string, made: Readonly<Record<string, unknown>>): string {
  const data = new TerraformData(scope, "LastSnapshot", { triggersReplace: { name, ...made } });
  return `${name}-last-\${substr(${addressOf(data)}.id, 0, 8)}`;
}

export function windows(network: AwsNetwork, scope: Construct, props: ManagedProps): Windows {
  const { maintenance, backupHour } = { ...STANDARD, ...props };
  const { problems } = network;
  if (minuteOf(backupHour) === undefined) {
    problems.add(scope, {
      wrong: `backupHour is "${backupHour}"`,
      value: backupHour,
      remedy: 'give an hour in UTC, such as "03:00"',
    });
    return windows(network, scope, { ...props, backupHour: STANDARD.backupHour });
  }
  const day = DAYS.indexOf(maintenance.day);
  const begin = minuteOf(maintenance.hour);
  if (day < 0 || begin === undefined) {
    problems.add(scope, {
      wrong: `maintenance is ${JSON.stringify(maintenance)}`,
      remedy: 'give a day and an hour in UTC, such as { day: "tuesday", hour: "04:30" }',
    });
    return windows(network, scope, { ...props, maintenance: STANDARD.maintenance });
  }
  const backup = minuteOf(backupHour)!;
  const apart = Math.abs(begin - backup);
  if (Math.min(apart, MINUTES_OF_DAY - apart) < 60) {
    problems.add(scope, {
      wrong: `maintenance begins at ${maintenance.hour} and backups at ${backupHour}, and AWS wants an hour for each of them alone`,
      remedy: "put at least an hour between them",
    });
  }
  const end = DAYS[(day + (begin + 60 >= MINUTES_OF_DAY ? 1 : 0)) % DAYS.length]!;
  return {
    maintenance: `${maintenance.day.slice(0, 3)}:${maintenance.hour}-${end.slice(0, 3)}:${hourAfter(begin)}`,
    backup: `${backupHour}-${hourAfter(backup)}`,
  };
}

function minuteOf(hour: string): number | undefined {
  const [, hours, minutes] = HOUR.exec(hour) ?? [];
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes);
}

function hourAfter(minute: number): string {
  const after = (minute + 60) % MINUTES_OF_DAY;
  return [Math.floor(after / 60), after % 60].map((part) => String(part).padStart(2, "0")).join(":");
}
