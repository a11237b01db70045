'use strict';
// Errors. They are made where JavaScript waits for a call, so that they carry the stack of whoever awaits it.

const native = require('./native.js');

/** What an error says besides its message. */
const FIELDS = ['code', 'backend', 'operation', 'key', 'setting', 'retryable', 'retryAfterMs', 'foreignCode', 'help'];

/** What every failure of the library is. */
class StrongroomError extends Error {
  /** @param {object} said what the native half says of the error */
  constructor(said, cause) {
    super(said.message, cause === undefined ? undefined : { cause });
    // What is not said is `null` by the prototype, so that nobody who prints an error reads a list of it.
    for (const field of FIELDS) {
      if (said[field] !== null && said[field] !== undefined) this[field] = said[field];
    }
  }
}
for (const field of FIELDS) {
  Object.defineProperty(StrongroomError.prototype, field, { value: null, configurable: true, writable: true });
}
named(StrongroomError, 'StrongroomError');

/** A call that its signal ended. */
class AbortError extends StrongroomError {}
named(AbortError, 'AbortError');

function named(class_, name) {
  Object.defineProperty(class_.prototype, 'name', { value: name, configurable: true, writable: true });
}

/** The error of a call that a signal ended before it began. */
function abortedBy(signal) {
  const said = { code: 'cancelled', message: 'cancelled: the call was cancelled', retryable: false };
  return new AbortError(said, signal.reason);
}

/**
 * The error of what was thrown below. What the native half did not say, such as what a getter throws, goes on as it is.
 *
 * @param {unknown} thrown
 * @param {AbortSignal} [aborted] the signal that ended the call
 */
function errorOf(thrown, aborted) {
  if (!native.isSaid(thrown)) return thrown;
  if (aborted !== undefined && thrown.code === 'cancelled') return new AbortError(thrown, aborted.reason);
  // Whether a write that was sent has happened nobody knows.
  const isCause = aborted !== undefined && thrown.code === 'outcome_unknown';
  return new StrongroomError(thrown, isCause ? aborted.reason : undefined);
}

module.exports = { AbortError, StrongroomError, abortedBy, errorOf };
