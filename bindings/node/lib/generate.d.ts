import type { GenerateSpec } from './options.js';
import type { Secret } from './secret.js';

/**
 * Generates a value; nothing is stored.
 *
 * Throws a `StrongroomError` whose code is `invalid_argument` for a length of 0 or above 65,536, for a password that
 * is too short for a character of each class and for a `kind` that there is not; `unavailable` where the system
 * gives no random numbers.
 *
 * @example
 * generate({ kind: 'password', length: 32 }).reveal().length; // 32
 */
export function generate(spec: GenerateSpec): Secret;
