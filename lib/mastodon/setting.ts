// Settings of a site beside its tiers, such as its mail server: `settings: [mail({ … }), search({ … })]` of a `Site`.

import { Problem } from "../core/problems";
import { Secret } from "../core/secret";

export type EnvValue = string | number | boolean | Secret;

/** Variables by name. A name that is not in the catalogue but resembles one that is needs `newer: true`. */
export type ExtraEnv = Readonly<Record<string, EnvValue | { readonly value: EnvValue; readonly newer: true }>>;

/** A group of settings. `fill` is called once for every process; a process gets only the variables that it reads. */
export interface Setting {
  /** A name that is unique in a site. */
  readonly name: string;
  fill(into: SettingTarget): void;
}

export interface SettingTarget {
  /** The host of the web interface. */
  readonly webDomain: string;
  /** Whether the site's version is earlier than this one, as in `4.4`. */
  isBefore(version: string): boolean;
  /** Sets a variable of every process that reads it, or of the kinds in `only`. With `undefined` it does nothing. */
  set(name: string, value: EnvValue | undefined, only?: readonly string[]): void;
  /**
   * Writes certificates in PEM form to a file on each machine with a process that reads the variable, and sets the variable to its path. `file` is
   * the file's name. Anything but certificates is refused.
   */
  certificates(name: string, file: string, pem: string | undefined): void;
  /**
   * Makes all Ruby processes trust these certificates beside the public ones, in every connection: for services without a variable of their own.
   * Anything but certificates is refused.
   */
  trust(file: string, pem: string | undefined): void;
  /** Records that the processes that read the variable connect to a server, so that a cloud can restrict outgoing connections. */
  calls(name: string, host: string, port: number, why: string): void;
  /** Reports a problem, which makes synth fail. With `undefined` it does nothing. */
  refuse(problem: Problem | undefined): void;
}
