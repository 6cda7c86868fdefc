// What a site is told besides its tiers, such as its mail server: `settings: [mail({ … }), search({ … })]` of a `Site`.

import { Problem } from "../core/problems";
import { Secret } from "../core/secret";

export type EnvValue = string | number | boolean | Secret;

/** Variables by name. One that the library does not know, but whose name is nearly one that it does, needs `newer: true`. */
export type ExtraEnv = Readonly<Record<string, EnvValue | { readonly value: EnvValue; readonly newer: true }>>;

/** A group of settings. It is asked once for every process, and each process takes what it reads. */
export interface Setting {
  /** Unique in a site. */
  readonly name: string;
  fill(into: SettingTarget): void;
}

export interface SettingTarget {
  /** The host of the web interface. */
  readonly webDomain: string;
  /** Whether the site's version is earlier than this one, as in `4.4`. */
  isBefore(version: string): boolean;
  /** Sets a variable of every process that reads it, or of those kinds in `only`; `undefined` sets nothing. */
  set(name: string, value: EnvValue | undefined, only?: readonly string[]): void;
  /**
   * Brings certificates in PEM to each machine with a process that reads the variable, which gets the path of the file. `file` is the file's name
   * there. What is no certificate is refused.
   */
  certificates(name: string, file: string, pem: string | undefined): void;
  /**
   * Has all of Ruby's processes trust these certificates beside the public ones, in every connection: for what has no variable of its own.
   * What is no certificate is refused.
   */
  trust(file: string, pem: string | undefined): void;
  /** Records that the processes which read the variable call a server, so that a cloud can let out nothing else. */
  calls(name: string, host: string, port: number, why: string): void;
  /** Tells of something that cannot work; the plan will be refused. `undefined` tells nothing. */
  refuse(problem: Problem | undefined): void;
}
