/// <reference lib="esnext.disposable" />
import type { Watching } from './changes.js';
import type { CallOptions, SyncCallOptions } from './options.js';
import type { Reading } from './reading.js';
import type { BackendInfo, Health, Setting, VerifyReport } from './results.js';
import type { Transferring } from './transferring.js';
import type { Writing } from './writing.js';

export type { CallOptions };

/**
 * A store of secrets, whatever backend holds them. {@link open} makes one.
 *
 * A key is text: `'org/acme/api_key'`; a bare name is global. Every verb gives a promise. It has
 * a second form, whose name ends with `Sync` and which gives the answer itself: until then its thread runs nothing else,
 * no timer and no callback, which is right where a program starts. Every verb takes {@link CallOptions}.
 *
 * Every failure is a {@link StrongroomError}; besides what a verb names itself its `code` may be `invalid_key`,
 * `invalid_argument`, `timeout` (of a write that was sent: `outcome_unknown`), `closed`, `unavailable`, `locked`,
 * `permission_denied` or `integrity`, and an {@link AbortError} where its signal ended it. What is of a wrong type,
 * and an option that there is not, is a `TypeError`. A verb that gives a promise never throws; it rejects.
 *
 * Open one and share it; it does not travel to worker threads, which open their own. An open manager does not keep
 * the process alive, a call does.
 *
 * @example
 * await using secrets = await open({ app: 'example', backend: 'memory' });
 * await secrets.set('org/acme/api_key', 'sk-123');
 * await secrets.getValue('org/acme/api_key'); // 'sk-123'
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the class is JavaScript’s and has all of these
export class SecretManager {
  /** There is none: with it in the type, what merely has all of the methods is no manager. */
  protected readonly nominal: never;

  private constructor();

  /**
   * Tells how the backend is, without a prompt and without using up a quota. A backend that does not work is an
   * answer, not an error.
   *
   * @example
   * (await secrets.health()).state; // 'ok'
   */
  health(options?: CallOptions | null): Promise<Health>;

  /** {@link SecretManager.health}, for which this thread waits. */
  healthSync(options?: SyncCallOptions | null): Health;

  /**
   * Checks everything that is stored, as far as the backend can. Rejects with `integrity` saying what is damaged;
   * `unsupported`.
   *
   * @example
   * const { secrets: count } = await secrets.verify();
   */
  verify(options?: CallOptions | null): Promise<VerifyReport>;

  /** {@link SecretManager.verify}, for which this thread waits. */
  verifySync(options?: SyncCallOptions | null): VerifyReport;

  /**
   * Makes the next read of every secret ask the backend, and the backend read again what it has from outside of the
   * store: token files, credentials, variables of the environment. Does not wait for another machine.
   *
   * @example
   * await secrets.refresh();
   */
  refresh(options?: CallOptions | null): Promise<void>;

  /** {@link SecretManager.refresh}, for which this thread waits. */
  refreshSync(options?: SyncCallOptions | null): void;

  /**
   * Forgets keys and cached values; the next use unlocks the backend again. Idempotent.
   *
   * @example
   * await secrets.lock();
   */
  lock(options?: CallOptions | null): Promise<void>;

  /** {@link SecretManager.lock}, for which this thread waits. */
  lockSync(options?: SyncCallOptions | null): void;

  /**
   * Gives up connections, keys and cached values. Every verb rejects with `closed` from then on, those of views too.
   * Idempotent. A view closes the manager that it is a view of, also where the view's own signal has fired.
   *
   * Writes that were sent finish first; rejects with `timeout` where one does not in time.
   *
   * @example
   * await secrets.close();
   */
  close(options?: CallOptions | null): Promise<void>;

  /** {@link SecretManager.close}, for which this thread waits. */
  closeSync(options?: SyncCallOptions | null): void;

  /** Closes the manager, of a view too: for `using`. */
  [Symbol.dispose](): void;

  /** Closes the manager, of a view too: for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;

  /**
   * A view in which bare names are names of `scope`, such as `'org/acme'`, and `list` lists that scope.
   *
   * Throws `invalid_key` for what is no scope.
   *
   * @example
   * await secrets.scoped('org/acme').set('db_password', 's3cret');
   * await secrets.getValue('org/acme/db_password'); // 's3cret'
   */
  scoped(scope: string): SecretManager;

  /**
   * A view whose calls carry these options. Its `signal` aborts all calls of the view and of views of it, besides
   * the signal that a call is given itself; after that also its waiting verbs throw an {@link AbortError}.
   *
   * @example
   * const patient = secrets.withOptions({ timeoutMs: 60_000, actor: 'deploy' });
   */
  withOptions(options?: CallOptions | null): SecretManager;

  /** The name of the application. */
  get app(): string;

  /** The backend: its word, what it can do, and who chose it. */
  get backend(): BackendInfo;

  /** Whether secrets are still there after the machine has started again. */
  get isPersistent(): boolean;

  /** The scope of bare names in this view; `null` where they are global. */
  get scope(): string | null;

  /**
   * The settings that the manager was opened with, by name, each with its origin. Secret ones show no value.
   *
   * @example
   * secrets.settings.backend?.value; // 'memory'
   */
  get settings(): Readonly<Record<string, Setting>>;
}

export interface SecretManager extends Reading, Writing, Transferring, Watching {}
