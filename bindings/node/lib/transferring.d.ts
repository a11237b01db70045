import type { SecretManager } from './manager.js';
import type { CallOptions, NewValue, SyncCallOptions } from './options.js';
import type {
  CopyOptions,
  CopyPlan,
  CopyReport,
  ExplainOptions,
  Explanation,
  Export,
  ExportOptions,
  Format,
  ImportOptions,
  ImportReport,
} from './transferred.js';

/** What a manager explains with, and moves many secrets with. */
export interface Transferring {
  /**
   * Tells every place where a secret is looked for, what each answered, and what a read comes to.
   *
   * Without `scopes` that is what `get` of the key does; with them what `getWithFallback` of the name does. What stands
   * behind the answer is asked too and marked as shadowed. The cache is not asked, so the answer may be newer than what
   * a read gets from it. Never a value. What a place fails with is told in its step. As a string it is a table.
   *
   * @example
   * const explanation = await secrets.explain('api_key', { scopes: ['user/ann', 'org/acme'] });
   * console.log(String(explanation));
   */
  explain(key: string, options?: (ExplainOptions & CallOptions) | null): Promise<Explanation>;

  /** {@link Transferring.explain}, for which this thread waits. */
  explainSync(key: string, options?: (ExplainOptions & SyncCallOptions) | null): Explanation;

  /**
   * Writes many secrets into a document, `'dotenv'` by default: all of the scope, those whose key begins with `prefix`,
   * or just `keys`.
   *
   * Names are the secrets' own; for `env` and `dotenv` escaped where they are no names of variables. Expired secrets
   * are skipped, unless `includeExpired`.
   *
   * Rejects with `ambiguous` where two keys would share a name; `unsupported` naming the keys of values that the format
   * cannot hold, or of names that steer a shell (`PATH`) and were not given as `keys`, or where the backend cannot list
   * and no `keys` are given; `not_found` and `expired` for a given key; `key_missing` for a `fernet` document without
   * keys.
   *
   * @example
   * const { document } = await secrets.export('env', { scope: 'org/acme' });
   * await writeFile('acme.env', document.bytes(), { mode: 0o600 });
   */
  export(format?: Format | null, options?: (ExportOptions & CallOptions) | null): Promise<Export>;

  /** {@link Transferring.export}, for which this thread waits. */
  exportSync(format?: Format | null, options?: (ExportOptions & SyncCallOptions) | null): Export;

  /**
   * Writes every entry of a document, `'dotenv'` by default, as a secret of the scope.
   *
   * Everything that can be wrong is told before anything is written; then the secrets are written all or nothing where
   * the backend can, else what failed is in the report.
   *
   * Rejects with `invalid_argument` with the line of what cannot be read; `invalid_key` naming every name that is no
   * key; `conflict` naming every secret that is there already; `ambiguous` where two names are one key; `too_large`;
   * `read_only`; of a `fernet` document `key_missing`, `invalid_value` and `wrong_key`.
   *
   * @example
   * const report = await secrets.import(await readFile('.env'), 'dotenv', { dryRun: true });
   * report.created; // ['global/API_KEY']
   */
  import(
    document: NewValue,
    format?: Format | null,
    options?: (ImportOptions & CallOptions) | null,
  ): Promise<ImportReport>;

  /** {@link Transferring.import}, for which this thread waits. */
  importSync(
    document: NewValue,
    format?: Format | null,
    options?: (ImportOptions & SyncCallOptions) | null,
  ): ImportReport;

  /**
   * Looks at what {@link Transferring.copyTo} of the same options would do. Values are compared; nothing is written.
   *
   * What stands in the way of single secrets is part of the plan. Rejects with `invalid_argument` where both managers
   * have secrets in one place, and for options that exclude each other; `read_only`; `unsupported` where this one cannot
   * list and no `keys` are given.
   *
   * @example
   * const { secrets: planned } = await source.copyPlan(target);
   * planned.map(({ key, action }) => [key, action]); // [['org/acme/api_key', 'create']]
   */
  copyPlan(target: SecretManager, options?: (CopyOptions & CallOptions) | null): Promise<CopyPlan>;

  /** {@link Transferring.copyPlan}, for which this thread waits. */
  copyPlanSync(target: SecretManager, options?: (CopyOptions & SyncCallOptions) | null): CopyPlan;

  /**
   * Copies secrets to another manager: values, metadata and creation time, the current version of each. All of the
   * scope, those whose key begins with `prefix`, or just `keys`.
   *
   * Every secret is read back and compared. One that is there already with the same value and metadata counts as done,
   * so a copy that was interrupted is begun again with the same options and goes on. With `deleteSource` the secrets
   * are removed here after all of them were copied; one that has changed meanwhile is kept. `timeoutMs` holds for each
   * single call of the copy.
   *
   * Rejects with what `copyPlan` rejects with; before anything is written with what stands in the way of the first such
   * secret: `conflict`, `unsupported`, `too_large`, `not_found`; `conflict` where another copy holds the journal;
   * `integrity` where what was read back is not what was written; what `onProgress` throws. An error on the way ends the
   * copy: what was copied stays, and nothing was removed.
   *
   * @example
   * const report = await source.copyTo(target, {
   *   journal: source.copyJournal(target),
   *   onProgress: ({ phase, done, total }) => console.log(`${phase} ${done}/${total}`),
   * });
   */
  copyTo(target: SecretManager, options?: (CopyOptions & CallOptions) | null): Promise<CopyReport>;

  /** {@link Transferring.copyTo}, for which this thread waits. */
  copyToSync(target: SecretManager, options?: (CopyOptions & SyncCallOptions) | null): CopyReport;

  /**
   * The file that a copy to `target` has as its journal in the `strongroom` command. It asks no backend.
   *
   * It lies in the state folder of this manager's application; the same two places have the same one. Throws
   * `invalid_config` where there is no state folder.
   *
   * @example
   * source.copyJournal(target); // '/home/ann/.local/state/example/migrations/file-encrypted-….jsonl'
   */
  copyJournal(target: SecretManager): string;
}
