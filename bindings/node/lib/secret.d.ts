/// <reference lib="esnext.disposable" />
import type { NewMetadata, NewValue, OwnBytes, SecretBytes } from './options.js';

/**
 * A secret value and what is known about it.
 *
 * Neither `util.inspect`, `console.log`, a template, `String()` nor `JSON.stringify` shows the value, and it does
 * not travel to another thread. {@link Secret.reveal} gives it out; what was given out as a string nobody can wipe
 * any more, so where that matters use {@link Secret.expose} or {@link Secret.copyInto}. `using` wipes the secret at
 * the end of its block.
 *
 * @example
 * const secret = new Secret('sk-123', { provider: 'openai' });
 * console.log(`${secret}`, secret.provider); // Secret(***) openai
 * secret.reveal(); // 'sk-123'
 */
export class Secret {
  /**
   * A secret that is stored nowhere. Of another secret it copies the value, and the metadata that is not stated.
   *
   * Throws `invalid_value` for text that is no valid Unicode; `closed` for a secret that was wiped.
   */
  constructor(value: NewValue, metadata?: NewMetadata | null);

  /**
   * The value as text.
   *
   * The string is JavaScript's and cannot be wiped. Throws `invalid_value` where the value is not UTF-8, `closed`
   * where the secret was wiped.
   */
  reveal(): string;

  /**
   * The value as bytes, in memory of their own, which you may wipe with `fill(0)`.
   *
   * Throws `closed` where the secret was wiped.
   */
  bytes(): OwnBytes;

  /**
   * Copies the value to the beginning of a view of bytes, and gives its length. What lies beyond it stays as it was.
   *
   * Throws `buffer_too_small`, and copies nothing, where it does not fit; `closed` where the secret was wiped.
   *
   * @example
   * const buffer = Buffer.from(new ArrayBuffer(64)); // a small one of Buffer.alloc cannot be wiped for sure
   * const length = new Secret('sk-123').copyInto(buffer);
   * buffer.toString('utf8', 0, length); // 'sk-123'
   */
  copyInto(target: SecretBytes): number;

  /**
   * Lends the value to a function, as bytes that are wiped when the function has ended; where it gives a promise,
   * when that is settled. Gives what the function gives.
   *
   * Throws `closed` where the secret was wiped; what the function throws; a `TypeError` (`ERR_INVALID_RETURN_VALUE`)
   * where it gives the bytes themselves, a view of them, or an iterator: these would be read when they are zeroes.
   *
   * @example
   * const mac = secret.expose((bytes) => createHmac('sha256', bytes).update('text').digest('hex'));
   */
  expose<T>(look: (bytes: OwnBytes) => T): T;

  /**
   * Whether the value is the same as another, compared in a time that tells nothing but its length. Metadata does not
   * count. `assert.deepStrictEqual` and its like see no value: for them no two secrets are equal.
   *
   * Throws `closed` where one of the two was wiped, `invalid_value` for text that is no valid Unicode.
   *
   * @example
   * new Secret('pa55').equals('pa55'); // true
   */
  equals(other: NewValue): boolean;

  /** Wipes the value. Whoever asks for it from then on gets `closed`; the metadata stays. Idempotent. */
  wipe(): void;

  /** Wipes the value: for `using`. */
  [Symbol.dispose](): void;

  /** Who issued the secret. */
  get provider(): string | null;
  /** What it may be used for, such as OAuth scopes. */
  get scopeOfUse(): string | null;
  /** The caller's own words, in an object of your own. */
  get labels(): Record<string, string>;
  /** From when on it is expired. */
  get expiresAt(): Date | null;
  /** When the secret was first set. */
  get createdAt(): Date | null;
  /** When this version was written. */
  get updatedAt(): Date | null;
  /** The version: an opaque word. */
  get version(): string | null;
  /** The same as a number, where the backend counts and a `number` can tell it exactly. */
  get number(): number | null;
  /** How long ago the backend answered this, in milliseconds, where it is out of reach; `null` where it answered now. */
  get staleForMs(): number | null;
  /** Whether the expiry has passed by now. */
  get expired(): boolean;

  /** `'Secret(***)'`. */
  toString(): string;
  /** `'Secret(***)'`. */
  toJSON(): string;
}
