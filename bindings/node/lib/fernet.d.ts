import type { NewValue } from './options.js';
import type { Secret } from './secret.js';
import type { FernetKeys } from './transferred.js';

/**
 * Fernet tokens, which Python's `cryptography` and its like read and write too. No backend is asked: nothing waits.
 *
 * Keys are one text, `new,old` where there are several, or an iterable of them: the first one writes, all of them read.
 * A key is what `generateKey` gives, or any that another library of Fernet gave. Every function throws a
 * `StrongroomError` with the code `invalid_argument` where one of the keys is none, and a `TypeError` for what is of a
 * wrong type. No error carries a key or a value.
 *
 * @example
 * const key = fernet.generateKey();
 * const token = fernet.encrypt(key, 's3cret');
 * fernet.decrypt(key, token).reveal(); // 's3cret'
 */
export namespace fernet {
  /**
   * Makes a new random key: 44 characters, url-safe base64. Throws `unavailable` where the system gives no random
   * numbers.
   *
   * @example
   * fernet.generateKey().reveal().length; // 44
   */
  function generateKey(): Secret;

  /**
   * Makes a token of a value with the first key. Throws `too_large`.
   *
   * @example
   * fernet.encrypt(key, 's3cret'); // 'gAAAA…'
   */
  function encrypt(keys: FernetKeys, value: NewValue): string;

  /**
   * Reads the value of a token that one of the keys made. With `ttlMs`, in milliseconds, only where the token is no older
   * and is not of the future; without, its age does not count.
   *
   * Throws `invalid_value` where this is no token, `wrong_key` where none of the keys made it or it was changed,
   * `expired` where it is older than `ttlMs`.
   *
   * @example
   * fernet.decrypt(key, token, { ttlMs: 60_000 }).reveal();
   */
  function decrypt(keys: FernetKeys, token: NewValue, options?: { ttlMs?: number | null | undefined } | null): Secret;

  /**
   * Makes a token of the first key with the value and the time of another: its age stays what it was. Throws what
   * `decrypt` throws without `ttlMs`.
   *
   * @example
   * fernet.decrypt(newKey, fernet.rotate([newKey, oldKey], token)).reveal();
   */
  function rotate(keys: FernetKeys, token: NewValue): string;

  /**
   * Tells when a token was made, to the second. Throws what `decrypt` throws without `ttlMs`: a time that no key vouches
   * for is not told.
   *
   * @example
   * fernet.timestamp(key, token).toISOString();
   */
  function timestamp(keys: FernetKeys, token: NewValue): Date;
}
