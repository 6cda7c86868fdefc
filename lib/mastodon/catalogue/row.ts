// The type of a row of the catalogue, and helpers that the groups share: `rows({ readBy: RUBY }, { NAME: { meaning: "…" } })`.

/** The programs of Mastodon; `task` is a one-off such as `db:prepare` or `tootctl`. */
export type Process = "web" | "sidekiq" | "streaming" | "task";

/** Versions as in `4.4`, or `4.2.6` for a change in a patch release. */
export interface Span {
  /** First version that reads it. Of several, each is the first patch release of its own minor version that does. */
  readonly since?: string | readonly string[];
  /** Last version that reads it. */
  readonly until?: string;
}

export interface Row extends Span {
  readonly readBy: readonly Process[];
  /** Processes that read it in other versions than the rest. */
  readonly spans?: Readonly<Partial<Record<Process, Span>>>;
  readonly secret?: true;
  readonly mayBeEmpty?: true;
  /** The format of a value. */
  readonly format?: RegExp;
  /** The format before a version. */
  readonly formatBefore?: { readonly version: string; readonly format: RegExp };
  /** The versions in which Ruby reads it from a YAML file that does not quote it, so that `0777` becomes another value. */
  readonly unquoted?: Span;
  /**
   * The prop that sets the variable, so that `extraEnv` may not: `domain`; or `tls of mail()`, which applies only if the page has that setting.
   * By process, if only some processes have such a prop.
   */
  readonly owner?: string | Readonly<Partial<Record<Process, string>>>;
  /** Why a page may not set it, if no prop sets it either. */
  readonly fixed?: string;
  readonly meaning: string;
  /** What reads it, if not Mastodon's own source: a library, or this library's own programs. */
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

/** Rows whose names have a common prefix, with the props of a setting that own them. */
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
/** Mastodon treats any other value as not set, so it is refused. */
export const FLAG = /^true$/;
export const BOOLEAN = /^(true|false)$/;
export const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;
export const HOSTS = /^[a-z0-9.-]+(,[a-z0-9.-]+)*$/;
/** A host, with a path if files are in a folder. */
export const HOST_AND_PATH = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]+)?(\/[\w./-]+)?$/;
export const ORIGIN = /^https?:\/\/([a-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?$/;
/** The URL of a proxy, with a login if it requires one. */
export const PROXY = /^https?:\/\/([^\s/@]+@)?([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]+)?\/?$/;
export const URL = /^https?:\/\/\S+$/;
/** The host of a search engine; the scheme selects TLS. */
export const SEARCH = /^(https?:\/\/)?[a-z0-9.-]+$/;
/** The formats of hosts and addresses that processes or browsers connect to. */
export const CALLED: readonly RegExp[] = [HOST, HOST_AND_PATH, ORIGIN, PROXY, URL, SEARCH];
export const FILE = /^\/\S+$/;
export const LOCALE = /^[a-z]{2,3}(-[A-Za-z]{2,4})?$/;
