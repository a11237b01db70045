'use strict';
// How verbs of the native half are called: waiting, or by a promise that a signal can abort.

const native = require('./native.js');
const { errorOf } = require('./errors.js');
const { listen, tell } = require('./events.js');

/** Calls a verb on this thread, which waits for it. */
function now(verb, ...given) {
  listen();
  try {
    return verb(true, ...given);
  } catch (thrown) {
    throw errorOf(thrown);
  } finally {
    tell();
  }
}

/** Calls a verb whose last argument is its options, and gives a promise. */
async function soon(verb, ...given) {
  listen();
  const signal = given.at(-1)?.signal;
  if (signal === undefined || signal === null) {
    try {
      return await verb(false, ...given);
    } catch (thrown) {
      throw errorOf(thrown);
    } finally {
      tell();
    }
  }
  if (!(signal instanceof AbortSignal)) throw new TypeError('signal is an AbortSignal');
  const token = native.token();
  const abort = () => native.cancel(token);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await verb(false, ...given.slice(0, -1), { ...given.at(-1), signal: token });
  } catch (thrown) {
    throw errorOf(thrown, signal);
  } finally {
    signal.removeEventListener('abort', abort);
    tell();
  }
}

/** Calls a function of the native half that is no verb. */
function plain(function_, ...given) {
  try {
    return function_(...given);
  } catch (thrown) {
    throw errorOf(thrown);
  }
}

module.exports = { now, plain, soon };
