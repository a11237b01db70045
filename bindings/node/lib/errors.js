'use strict';
// Errors. They are made where JavaScript waits for a call, so that they carry the stack of whoever awaits it.

/** What every failure of the library is. */
class StrongroomError extends Error {
  /** @param {object} said what the native half says of the error */
  constructor(said, cause) {
    super(said.message, cause === undefined ? undefined : { cause });
    this.code = said.code;
    this.backend = said.backend;
    this.operation = said.operation;
    this.key = said.key;
    this.setting = said.setting;
    this.retryable = said.retryable;
    this.retryAfterMs = said.retryAfterMs;
    this.foreignCode = said.foreignCode;
    this.help = said.help;
  }
}
Object.defineProperty(StrongroomError.prototype, 'name', { value: 'StrongroomError', configurable: true, writable: true });

/** A call that its signal ended. */
class AbortError extends StrongroomError {}
Object.defineProperty(AbortError.prototype, 'name', { value: 'AbortError', configurable: true, writable: true });

/**
 * The error of what the native half throws. What is an error already, such as a `TypeError`, stays one.
 *
 * @param {unknown} thrown
 * @param {AbortSignal} [signal] the signal that the call carried
 */
function errorOf(thrown, signal) {
  if (thrown === null || typeof thrown !== 'object' || thrown instanceof Error) return thrown;
  if (signal?.aborted) {
    return thrown.code === 'cancelled' ? new AbortError(thrown, signal.reason) : new StrongroomError(thrown, signal.reason);
  }
  return new StrongroomError(thrown);
}

module.exports = { AbortError, StrongroomError, errorOf };
