import type {
  CallOptions,
  FallbackOptions,
  GetOptions,
  ListOptions,
  SecretBytes,
  SyncCallOptions,
  VersionId,
} from './options.js';
import type { BatchResult, Description, ListEntry, ListPage, VersionEntry } from './results.js';
import type { Secret } from './secret.js';

/**
 * The label of a stored secret that is a reference, which {@link Reading.resolve} follows; the label's text is the
 * reference's scheme.
 *
 * @example
 * await secrets.set('db_password', 'vault:db/prod#password', { labels: { [REFERENCE_LABEL]: 'vault' } });
 */
export const REFERENCE_LABEL: 'strongroom.reference';

/** What a manager reads with. */
export interface Reading {
  /**
   * Reads a secret; `null` where there is none.
   *
   * Rejects with `expired` where its expiry has passed, unless `includeExpired`; `unsupported` where a `version` is
   * given and the backend keeps none.
   *
   * @example
   * const secret = await secrets.get('org/acme/api_key');
   * secret?.reveal();
   */
  get(key: string, options?: (GetOptions & CallOptions) | null): Promise<Secret | null>;

  /** {@link Reading.get}, for which this thread waits. */
  getSync(key: string, options?: (GetOptions & SyncCallOptions) | null): Secret | null;

  /**
   * Reads the value of a secret as a string; `null` where there is none. The shortest way to a secret, and the
   * fastest.
   *
   * The string is JavaScript's and cannot be wiped; {@link Reading.get} gives a {@link Secret}, which can. Rejects
   * with what `get` rejects with, and with `invalid_value` where the value is not UTF-8.
   *
   * @example
   * const value = await secrets.getValue('org/acme/api_key');
   */
  getValue(key: string, options?: CallOptions | null): Promise<string | null>;

  /** {@link Reading.getValue}, for which this thread waits. */
  getValueSync(key: string, options?: SyncCallOptions | null): string | null;

  /**
   * Reads the secret that a reference leads to; `null` where there is none, or not this part of it. The only verb that
   * follows references: `secret://[scope/]name[?version=V][#/json/pointer]`, and what the setting `references` allows
   * of `vault:path[?version=N][#field]`, `aws:name-or-ARN[?version=V][#/json/pointer]`, `env:NAME` and
   * `file:/absolute/path[#/json/pointer]`.
   *
   * A pointer leads into a value that is JSON. A stored secret with the label {@link REFERENCE_LABEL} is a reference
   * itself, which is followed once. What lies elsewhere is asked for each time. Rejects with `invalid_argument` where
   * the text is no reference; `policy_denied` for a scheme that the setting does not allow; `invalid_value` where a
   * pointer leads into what is no JSON, and where a stored reference is none or leads to another one; what `get`
   * rejects with.
   *
   * @example
   * const password = await secrets.resolve('secret://org/acme/db#/password');
   */
  resolve(reference: string, options?: CallOptions | null): Promise<Secret | null>;

  /** {@link Reading.resolve}, for which this thread waits. */
  resolveSync(reference: string, options?: SyncCallOptions | null): Secret | null;

  /**
   * Copies a value to the beginning of a view of bytes, and gives its length; `null` where there is no such secret.
   *
   * No object of JavaScript's ever holds the value, so the target is all there is to wipe. What lies beyond the
   * value's length stays as it was. Rejects with what `get` rejects with, and with `buffer_too_small`, with nothing
   * copied.
   *
   * @example
   * const buffer = new Uint8Array(new ArrayBuffer(64)); // a small one of its own cannot be wiped for sure
   * const length = await secrets.getInto('org/acme/api_key', buffer);
   */
  getInto(key: string, target: SecretBytes, options?: CallOptions | null): Promise<number | null>;

  /** {@link Reading.getInto}, for which this thread waits. */
  getIntoSync(key: string, target: SecretBytes, options?: SyncCallOptions | null): number | null;

  /**
   * Reads one version of a secret; `null` where there is no such secret or version.
   *
   * Rejects with what `get` rejects with; `unsupported` where the backend keeps no versions.
   *
   * @example
   * const { version } = await secrets.set('token', 'old');
   * await secrets.set('token', 'new');
   * (await secrets.getVersion('token', version))?.reveal(); // 'old'
   */
  getVersion(key: string, version: VersionId, options?: CallOptions | null): Promise<Secret | null>;

  /** {@link Reading.getVersion}, for which this thread waits. */
  getVersionSync(key: string, version: VersionId, options?: SyncCallOptions | null): Secret | null;

  /**
   * Reads several secrets, with one batch call where the backend has one.
   *
   * What there is not is absent from the answer; what cannot be read, an expired secret too, is among its failures.
   * Both have the keys as they were given. Rejects only with what concerns the whole batch, such as `invalid_key`,
   * or `ambiguous` where two keys share one name in the backend.
   *
   * @example
   * const { secrets: found, failures } = await secrets.getMany(['db_user', 'db_password']);
   * found.get('db_user')?.reveal();
   */
  getMany(keys: Iterable<string> & object, options?: CallOptions | null): Promise<BatchResult>;

  /** {@link Reading.getMany}, for which this thread waits. */
  getManySync(keys: Iterable<string> & object, options?: SyncCallOptions | null): BatchResult;

  /**
   * Reads `name` from the first of `scopes` that has it; `null` where none has.
   *
   * A missing secret goes on to the next scope, every error stops. `allowUnavailable` passes over scopes that are
   * out of reach, and rejects with the first of their errors where no later scope has the secret: nobody knows
   * whether it exists. Nothing is ever written. Rejects with what `get` rejects with.
   *
   * @example
   * await secrets.getWithFallback('api_key', ['user/kim', 'org/acme', 'global']);
   */
  getWithFallback(
    name: string,
    scopes: Iterable<string> & object,
    options?: (FallbackOptions & CallOptions) | null,
  ): Promise<Secret | null>;

  /** {@link Reading.getWithFallback}, for which this thread waits. */
  getWithFallbackSync(
    name: string,
    scopes: Iterable<string> & object,
    options?: (FallbackOptions & SyncCallOptions) | null,
  ): Secret | null;

  /**
   * Whether there is such a secret; an expired one counts.
   *
   * @example
   * await secrets.exists('token'); // false
   */
  exists(key: string, options?: CallOptions | null): Promise<boolean>;

  /** {@link Reading.exists}, for which this thread waits. */
  existsSync(key: string, options?: SyncCallOptions | null): boolean;

  /**
   * Reads what is known about a secret, without its value where the backend can; `null` where there is none.
   *
   * @example
   * const known = await secrets.describe('token');
   * known?.expired;
   */
  describe(key: string, options?: CallOptions | null): Promise<Description | null>;

  /** {@link Reading.describe}, for which this thread waits. */
  describeSync(key: string, options?: SyncCallOptions | null): Description | null;

  /**
   * Lists names with what is cheaply known about them, sorted; never values. A page at a time: {@link
   * Reading.entries} goes through all of them.
   *
   * Rejects with `unsupported` where the backend cannot list; `invalid_argument` for a limit of 0.
   *
   * @example
   * const page = await secrets.list({ scope: 'org/acme' });
   * page.entries.map((entry) => entry.name); // ['org/acme/api_key']
   */
  list(options?: (ListOptions & CallOptions) | null): Promise<ListPage>;

  /** {@link Reading.list}, for which this thread waits. */
  listSync(options?: (ListOptions & SyncCallOptions) | null): ListPage;

  /**
   * Goes through all names that {@link Reading.list} lists, page by page; `limit` is how many a page has at most.
   * The options are read anew for each page. Rejects with what `list` rejects with, at the page that fails.
   *
   * @example
   * for await (const entry of secrets.entries({ prefix: 'org/acme/' })) console.log(entry.name);
   */
  entries(options?: (ListOptions & CallOptions) | null): AsyncGenerator<ListEntry, void, undefined>;

  /** {@link Reading.entries}, where this thread waits for each page. */
  entriesSync(options?: (ListOptions & SyncCallOptions) | null): Generator<ListEntry, void, undefined>;

  /**
   * Lists the versions that are kept, newest first.
   *
   * Rejects with `not_found`; `unsupported` where the backend keeps none.
   *
   * @example
   * (await secrets.versions('token')).map((entry) => entry.current); // [true, false]
   */
  versions(key: string, options?: CallOptions | null): Promise<VersionEntry[]>;

  /** {@link Reading.versions}, for which this thread waits. */
  versionsSync(key: string, options?: SyncCallOptions | null): VersionEntry[];
}
