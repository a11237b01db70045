import type {
  CallOptions,
  DeleteOptions,
  GenerateSpec,
  MetadataChanges,
  Named,
  NewEntries,
  NewMetadata,
  NewValue,
  RollbackOptions,
  SetOptions,
  SyncCallOptions,
  UpdateValueOptions,
  VersionId,
  Words,
} from './options.js';
import type { SetManyOutcome, SetOutcome } from './results.js';
import type { Secret } from './secret.js';

/** What a manager writes with. */
export interface Writing {
  /**
   * Writes a secret, creating or replacing it with all its metadata.
   *
   * A {@link Secret} brings its own metadata, where nothing else is given; `null` and `labels: {}` take it away. `ifAbsent` and `ifVersion` make the write
   * conditional: `conflict` where the condition does not hold, `unsupported` where the backend knows none.
   *
   * Rejects with `too_large`; `invalid_value`; `unsupported` naming the field that the backend cannot hold;
   * `read_only`; `storage_full`.
   *
   * @example
   * await secrets.set('org/acme/api_key', 'sk-123', { provider: 'openai', labels: { team: 'web' } });
   */
  set<Labels extends Named<Labels, string> = Words>(
    key: string,
    value: NewValue,
    options?: (SetOptions<Labels> & CallOptions) | null,
  ): Promise<SetOutcome>;

  /** {@link Writing.set}, for which this thread waits. */
  setSync<Labels extends Named<Labels, string> = Words>(
    key: string,
    value: NewValue,
    options?: (SetOptions<Labels> & SyncCallOptions) | null,
  ): SetOutcome;

  /**
   * Writes several secrets: all or nothing where `backend.atomicBatch`, else each outcome is told.
   *
   * `entries` is an object, of which its own properties count, a `Map`, or whatever gives pairs. Outcomes and
   * failures have the keys as they were given. Rejects with what concerns the whole batch, before anything is
   * written: an invalid key, a key that is there twice (`invalid_argument`), a value that the backend cannot hold.
   *
   * @example
   * const { failures } = await secrets.setMany({ db_user: 'app', db_password: new Secret('s3cret') });
   */
  setMany(entries: NewEntries, options?: CallOptions | null): Promise<SetManyOutcome>;
  setMany<Entries extends Named<Entries, NewValue>>(
    entries: Entries,
    options?: CallOptions | null,
  ): Promise<SetManyOutcome>;

  /** {@link Writing.setMany}, for which this thread waits. */
  setManySync(entries: NewEntries, options?: SyncCallOptions | null): SetManyOutcome;
  setManySync<Entries extends Named<Entries, NewValue>>(
    entries: Entries,
    options?: SyncCallOptions | null,
  ): SetManyOutcome;

  /**
   * Writes an API key that `provider` issued.
   *
   * Other metadata of an existing secret is kept, but for an expiry that has passed; without a `provider` that is
   * kept too. Of a {@link Secret} only the value counts. Rejects with what `set` rejects with.
   *
   * @example
   * await secrets.setApiKey('org/acme/api_key', 'sk-123', 'openai');
   */
  setApiKey(name: string, value: NewValue, provider?: string | null, options?: CallOptions | null): Promise<SetOutcome>;

  /** {@link Writing.setApiKey}, for which this thread waits. */
  setApiKeySync(name: string, value: NewValue, provider?: string | null, options?: SyncCallOptions | null): SetOutcome;

  /**
   * Replaces the value of an existing secret; its metadata is kept.
   *
   * Of a {@link Secret} only the value counts. Rejects with `not_found`; `expired` unless it is said what becomes of
   * the expiry; `conflict` where `ifVersion` does not hold; what `set` rejects with.
   *
   * @example
   * await secrets.updateValue('token', 'new', { expiresAt: new Date(Date.now() + 86_400_000) });
   */
  updateValue(key: string, value: NewValue, options?: (UpdateValueOptions & CallOptions) | null): Promise<SetOutcome>;

  /** {@link Writing.updateValue}, for which this thread waits. */
  updateValueSync(key: string, value: NewValue, options?: (UpdateValueOptions & SyncCallOptions) | null): SetOutcome;

  /**
   * Changes the metadata of a secret, not its value. No new version, except where the backend cannot but write one.
   *
   * Rejects with `not_found`; `unsupported` naming a field that the backend cannot hold; `conflict` where
   * `ifVersion` does not hold.
   *
   * @example
   * await secrets.updateMetadata('token', { provider: 'github', scopeOfUse: null });
   */
  updateMetadata<Labels extends Named<Labels, string> = Words>(
    key: string,
    options?: (MetadataChanges<Labels> & CallOptions) | null,
  ): Promise<SetOutcome>;

  /** {@link Writing.updateMetadata}, for which this thread waits. */
  updateMetadataSync<Labels extends Named<Labels, string> = Words>(
    key: string,
    options?: (MetadataChanges<Labels> & SyncCallOptions) | null,
  ): SetOutcome;

  /**
   * Reads a secret, or creates it with a generated value and this metadata.
   *
   * Atomic: one winner among threads and processes, whose value all of them get. Rejects with `expired` where there
   * is one that has expired; `unsupported` where the backend cannot create atomically; `invalid_argument` for a
   * length that makes no sense; what `set` rejects with.
   *
   * @example
   * const key = await secrets.getOrGenerate('jwt_signing_key', { kind: 'base64', bytes: 32 });
   */
  getOrGenerate<Labels extends Named<Labels, string> = Words>(
    key: string,
    spec: GenerateSpec,
    options?: (NewMetadata<Labels> & CallOptions) | null,
  ): Promise<Secret>;

  /** {@link Writing.getOrGenerate}, for which this thread waits. */
  getOrGenerateSync<Labels extends Named<Labels, string> = Words>(
    key: string,
    spec: GenerateSpec,
    options?: (NewMetadata<Labels> & SyncCallOptions) | null,
  ): Secret;

  /**
   * Gives an existing secret a new value, stated or generated; the former version stays readable.
   *
   * Metadata is kept, but for an expiry that has passed. Of a {@link Secret} only the value counts. Rejects with
   * `not_found`; `unsupported` where the backend keeps no versions; what `set` rejects with.
   *
   * @example
   * await secrets.rotate('db_password', { kind: 'password', length: 32 });
   */
  rotate(key: string, value: NewValue | GenerateSpec, options?: CallOptions | null): Promise<SetOutcome>;

  /** {@link Writing.rotate}, for which this thread waits. */
  rotateSync(key: string, value: NewValue | GenerateSpec, options?: SyncCallOptions | null): SetOutcome;

  /**
   * Makes a former version the current one: a `version`, or so many `back`.
   *
   * It is written again as a new version, its value and metadata without its expiry. Rejects with `not_found` where
   * secret or version are missing; `unsupported` where the backend keeps no versions; `invalid_argument` for `back:
   * 0`.
   *
   * @example
   * await secrets.rollback('token', { back: 1 });
   */
  rollback(key: string, options: RollbackOptions & CallOptions): Promise<SetOutcome>;
  rollback(key: string, version: VersionId, options?: CallOptions | null): Promise<SetOutcome>;

  /** {@link Writing.rollback}, for which this thread waits. */
  rollbackSync(key: string, options: RollbackOptions & SyncCallOptions): SetOutcome;
  rollbackSync(key: string, version: VersionId, options?: SyncCallOptions | null): SetOutcome;

  /**
   * Removes a secret with its history. Rejects with `not_found`, unless `missingOk`; `read_only`; `unsupported` for
   * `soft` and `version` where the backend cannot `restore`; `invalid_argument` for two ways of removal.
   *
   * @example
   * await secrets.delete('token', { missingOk: true });
   */
  delete(key: string, options?: (DeleteOptions & CallOptions) | null): Promise<void>;

  /** {@link Writing.delete}, for which this thread waits. */
  deleteSync(key: string, options?: (DeleteOptions & SyncCallOptions) | null): void;

  /**
   * Brings back a secret that was removed, where the backend still keeps it: Vault a secret that was removed with
   * `soft`, AWS any that was removed without `force`.
   *
   * Rejects with `not_found` where nothing removed is kept; `conflict` where the secret is there; `unsupported` where
   * the backend keeps nothing that was removed.
   *
   * @example
   * await secrets.delete('token', { soft: true });
   * await secrets.restore('token');
   */
  restore(key: string, options?: CallOptions | null): Promise<SetOutcome>;

  /** {@link Writing.restore}, for which this thread waits. */
  restoreSync(key: string, options?: SyncCallOptions | null): SetOutcome;
}
