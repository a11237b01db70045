/** What kind of failure an error is, the same words in every language. */
export type ErrorCode =
  | 'not_found'
  | 'expired'
  | 'unauthenticated'
  | 'permission_denied'
  | 'locked'
  | 'unavailable'
  | 'timeout'
  | 'rate_limited'
  | 'conflict'
  | 'ambiguous'
  | 'read_only'
  | 'unsupported'
  | 'invalid_key'
  | 'invalid_value'
  | 'invalid_argument'
  | 'too_large'
  | 'buffer_too_small'
  | 'invalid_config'
  | 'wrong_key'
  | 'key_missing'
  | 'integrity'
  | 'unsupported_format'
  | 'insecure_path'
  | 'storage_full'
  | 'policy_denied'
  | 'audit_unavailable'
  | 'outcome_unknown'
  | 'cancelled'
  | 'closed'
  | 'reentrant_call'
  | 'invalid_handle'
  | 'internal';

/**
 * What every failure of the library is. Neither its text nor a field ever carries a value.
 *
 * What a program passes of a wrong type is a `TypeError` with the code `ERR_INVALID_ARG_TYPE` instead, and what its
 * own getters or iterators throw goes on unchanged.
 *
 * @example
 * try {
 *   await secrets.rotate('org/acme/api_key', 'sk-456');
 * } catch (error) {
 *   if (!(error instanceof StrongroomError) || error.code !== 'not_found') throw error;
 * }
 */
export class StrongroomError extends Error {
  protected constructor();
  /** The kind. */
  readonly code: ErrorCode;
  /** The word of the backend that failed. */
  readonly backend: string | null;
  /** What was being done, such as `'get'`. */
  readonly operation: string | null;
  /** The key that it was about. */
  readonly key: string | null;
  /** The setting, argument or field that is at fault. */
  readonly setting: string | null;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** How many milliseconds the backend wants to be left alone. */
  readonly retryAfterMs: number | null;
  /** The code that someone else gave the error, such as an operating system or a server. */
  readonly foreignCode: string | null;
  /** What can be done about it. */
  readonly help: string | null;
  /** What the signal was aborted with, where that is why a write's outcome is unknown. */
  readonly cause?: unknown;
}

/**
 * A call that its `signal` ended: its `code` is `'cancelled'`, its `name` `'AbortError'` and its `cause` the
 * signal's reason.
 *
 * A write that was already sent ends with a {@link StrongroomError} whose code is `'outcome_unknown'` instead.
 */
export class AbortError extends StrongroomError {
  private constructor();
  readonly code: 'cancelled';
  /** What the signal was aborted with. */
  readonly cause: unknown;
}
