// What the catalogue says of one variable, and the words that its groups share: `rows({ readBy: RUBY }, { NAME: { meaning: "…" } })`.

/** The programs of Mastodon; `task` is a one-off such as `db:prepare` or `tootctl`. */
export type Process = "web" | "sidekiq" | "streaming" | "task";

/** Versions as in `4.4`, or `4.2.6` where a patch release began it. */
export interface Span {
  /** First version that reads it. Of several, each is the first patch release of its own minor version that does. */
  readonly since?: string | readonly string[];
  /** Last version that reads it. */
  readonly until?: string;
}

export interface Row extends Span {
  readonly readBy: readonly Process[];
  /** Processes that read it in other versions than the rest does. */
  readonly spans?: Readonly<Partial<Record<Process, Span>>>;
  readonly secret?: true;
  readonly mayBeEmpty?: true;
  /** What a value looks like. */
  readonly format?: RegExp;
  /** What it looked like before a version. */
  readonly formatBefore?: { readonly version: string; readonly format: RegExp };
  /** In which versions Ruby reads it from a file of YAML that does not quote it, so that `0777` becomes another value. */
  readonly unquoted?: Span;
  /**
   * The prop that says what the variable says, and that `extraEnv` may therefore not say: `domain`; or `tls of mail()`, which holds only where the
   * page has that setting. Where only some processes have such a prop, theirs.
   */
  readonly owner?: string | Readonly<Partial<Record<Process, string>>>;
  /** Why no page may set it, although no prop does either. */
  readonly fixed?: string;
  readonly meaning: string;
  /** Who reads it, where that is not Mastodon's own source: a library, or the page's own part of it. */
  readonly source?: string;
}

export type Rows = Readonly<Record<string, Row>>;

/** Rows that have something in common. */
export function rows(
  common: Pick<Row, "readBy"> & Partial<Row>,
  own: Readonly<Record<string, Partial<Row> & Pick<Row, "meaning">>>,
): Rows {
  return Object.fromEntries(Object.entries(own).map(([name, row]) => [name, { ...common, ...row }]));
}

export type Own = Readonly<Record<string, Partial<Row> & Pick<Row, "meaning">>>;

/** Rows whose names begin alike, and what the props of a setting say of them. */
export function prefixed(prefix: string, own: Own, setting?: string, props: Readonly<Record<string, string>> = {}): Own {
  return Object.fromEntries(
    Object.entries(own).map(([name, row]) => {
      const owner = props[name] === undefined ? {} : { owner: `${props[name]} of ${setting}()` };
      return [prefix + name, { ...owner, ...row }];
    }),
  );
}

export const RUBY: readonly Process[] = ["web", "sidekiq", "task"];
export const ALL: readonly Process[] = [...RUBY, "streaming"];
export const COUNT = /^[1-9][0-9]*$/;
export const NUMBER = /^[0-9]+$/;
export const PORT = /^[1-9][0-9]{0,4}$/;
/** Anything else counts as not set, so it is not written. */
export const FLAG = /^true$/;
export const BOOLEAN = /^(true|false)$/;
export const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;
export const HOSTS = /^[a-z0-9.-]+(,[a-z0-9.-]+)*$/;
/** A host, with a path below it where files lie in a folder. */
export const HOST_AND_PATH = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]+)?(\/[\w./-]+)?$/;
export const ORIGIN = /^https?:\/\/([a-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?$/;
/** A proxy by name or address, with a login if it asks for one. */
export const PROXY = /^https?:\/\/([^\s/@]+@)?([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]+)?\/?$/;
export const URL = /^https?:\/\/\S+$/;
/** A search engine, whose scheme says whether it speaks TLS. */
export const SEARCH = /^(https?:\/\/)?[a-z0-9.-]+$/;
/** The formats of hosts and addresses that processes or browsers call. */
export const CALLED: readonly RegExp[] = [HOST, HOST_AND_PATH, ORIGIN, PROXY, URL, SEARCH];
export const FILE = /^\/\S+$/;
export const LOCALE = /^[a-z]{2,3}(-[A-Za-z]{2,4})?$/;
