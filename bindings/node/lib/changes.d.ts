/// <reference lib="esnext.disposable" />
import type { CallOptions } from './options.js';
import type { VersionOf } from './results.js';

/** What `subscribe` can be given. A `scope` and `prefix` say of what secrets changes are told. */
export interface SubscribeOptions {
  /**
   * Only changes of these secrets, which are looked at also where nobody reads them; of any, where there are none. On a
   * server only secrets that are named here are looked at.
   */
  keys?: (Iterable<string> & object) | null | undefined;
  /** How keys begin: `'org/acme/api'`, or `'api'` for names of the view's scope. */
  prefix?: string | null | undefined;
  /**
   * How often the backend is looked at for changes by others, in milliseconds; by default every second where that costs
   * nothing, as for a local store, else as often as the setting `cache_ttl` says.
   */
  everyMs?: number | null | undefined;
}

/**
 * What has changed: a secret was written, or removed; someone else changed something, and the backend cannot say what;
 * the backend's health is another one; the subscriber was too slow, and changes were left out.
 */
export type ChangeKind = 'set' | 'deleted' | 'unknown' | 'health' | 'missed';

/** One change. Never a value. */
export interface Change extends VersionOf {
  kind: ChangeKind;
  /** The secret, where it is one. */
  key: string | null;
  /** The health now, for `'health'`. */
  health: 'ok' | 'degraded' | 'unavailable' | null;
  /** Why the health is what it is. */
  reason: string | null;
}

/**
 * Changes as they come, until it is closed, the manager is, or the signal fires that it was subscribed with: then a
 * wait rejects with an {@link AbortError}. {@link SecretManager.subscribe} makes one.
 *
 * Nothing waits for a subscriber: who is too slow gets a change of the kind `'missed'`. Leaving a loop closes it, and
 * so does `await using`. It does not keep the process alive; who awaits a change does, unless {@link
 * Subscription.unref} was called.
 *
 * @example
 * const changes = await secrets.subscribe({ scope: 'org/acme' });
 * for await (const { kind, key } of changes) {
 *   if (kind === 'set') await reconnect(key);
 * }
 */
export interface Subscription extends AsyncIterableIterator<Change> {
  /**
   * Waits for the next change; `done` once there is none any more. Whoever asks first gets the first one. Rejects with
   * an {@link AbortError} where a signal ends it: each wait, or the first one after that.
   *
   * @example
   * const { value: change, done } = await changes.next();
   */
  next(): Promise<IteratorResult<Change, undefined>>;

  /**
   * Waits for the next change on this thread, which runs nothing else meanwhile; `null` once there is none any more.
   * Throws `timeout` where none came in so many milliseconds; the subscription goes on.
   *
   * @example
   * const change = changes.nextSync(1000);
   */
  nextSync(timeoutMs?: number | null): Change | null;

  /** Ends it, also for who waits. Idempotent. */
  close(): void;

  /** Ends it: for loops that are left. */
  return(value?: undefined): Promise<IteratorResult<Change, undefined>>;

  /** Has who awaits a change keep the process alive, as it is at first. */
  ref(): this;

  /**
   * Lets the process end although someone awaits a change.
   *
   * @example
   * const changes = (await secrets.subscribe()).unref();
   */
  unref(): this;

  [Symbol.asyncIterator](): this;

  /** Ends it: for `using`. */
  [Symbol.dispose](): void;

  /** Ends it: for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What of a manager changes. */
export interface Watching {
  /**
   * Tells changes from now on: writes and removals through this manager, what others change as soon as it is seen, and
   * changes of the backend's health. What others change in a local store is looked for as long as someone subscribes.
   *
   * The `signal` ends the subscription, too. Rejects with `invalid_key` and `too_large` for a key that the backend
   * cannot have.
   *
   * @example
   * const changes = await secrets.subscribe({ keys: ['org/acme/api_key'] });
   */
  subscribe(options?: (SubscribeOptions & CallOptions) | null): Promise<Subscription>;

  /** {@link Watching.subscribe}, for which this thread waits. What it gives is the same. */
  subscribeSync(options?: (SubscribeOptions & Omit<CallOptions, 'signal'>) | null): Subscription;

  /**
   * What this manager has counted since it was opened, all its views together: numbers by names such as
   * `'calls.get'`. No call, so that there is one form of it. Names of secrets are not among them.
   *
   * @example
   * secrets.metrics()['cache.hits'];
   */
  metrics(): Record<string, number>;
}
