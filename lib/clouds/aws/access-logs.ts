// Access logs of the front door.

export interface AccessLogs {
  /** After how many days they are deleted. */
  readonly days: number;
}
