// How advice writes numbers and times: `percent(0.83)` is `83 %`.

/** Rounded down, so that 100 % is only said of all. */
export function percent(share: number): string {
  return `${Math.floor(share * 100 + 1e-9)} %`;
}

// Sweden writes a date as ISO does.
const MINUTES = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short", timeZone: "UTC" });

/** As in `2026-11-29 20:15 UTC`. */
export function moment(seconds: number): string {
  return `${MINUTES.format(seconds * 1000)} UTC`;
}

/** As in `3 h 25 min`. */
export function span(seconds: number): string {
  if (seconds < 120) return `${rounded(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (hours >= 48) return `${Math.round(hours / 24)} days`;
  return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
}

/** Two digits that say something, at least. */
export function rounded(value: number): string {
  return String(value >= 10 ? Math.round(value) : Number(value.toPrecision(2)));
}

/** As in `1 client` and `12 clients`. */
export function several(value: number, one: string, more = `${one}s`): string {
  const text = rounded(value);
  return `${text} ${text === "1" ? one : more}`;
}

const GIB = 2 ** 30;
const MIB = 2 ** 20;

export function bytes(value: number): string {
  return value >= GIB ? `${rounded(value / GIB)} GiB` : `${Math.round(value / MIB)} MiB`;
}

export const gibOf = (value: number): number => value / GIB;
export const mibOf = (value: number): number => value / MIB;

/** The next multiple. */
export function up(value: number, step: number): number {
  return Math.ceil(value / step - 1e-9) * step;
}
