'use strict';
// How verbs of the native half are called: waiting, or by a promise that signals can abort.

// Taken here, so that it is the real one also where a test later puts another one in its place.
const { setImmediate } = require('node:timers');

const native = require('./native.js');
const { optionOf, wrongType } = require('./arguments.js');
const { abortedBy, errorOf } = require('./errors.js');
const { listen, tell } = require('./events.js');
const { refuseWithin, whileWaiting } = require('./functions.js');

native.onTurn(() => setImmediate(native.turned));

/** The signals of views, by the handles of their managers: they abort all calls of the view. */
const ofViews = new WeakMap();
const NONE = [];

/** The signal that options state, where they do. */
function signalOf(options) {
  const signal = optionOf(options, 'signal');
  if (signal === undefined || signal === null) return undefined;
  // A controller has a signal, too, and is refused also where that has fired.
  native.checkNamed('options', 'an object', options);
  // Also one of another realm counts. A call must be able to let go of it.
  if (
    typeof signal === 'object' &&
    typeof signal.aborted === 'boolean' &&
    typeof signal.addEventListener === 'function' &&
    typeof signal.removeEventListener === 'function'
  ) {
    return signal;
  }
  throw wrongType('signal', 'an AbortSignal', signal);
}

/** Has the signals that a view of a manager inherits, and the one that its options state, abort the view's calls. */
function abortable(view, manager, options) {
  const inherited = ofViews.get(manager) ?? [];
  const signal = signalOf(options);
  // Views of views share one list as long as none of them has a signal that is new.
  const isNew = signal !== undefined && !inherited.includes(signal);
  const signals = isNew ? [...inherited, signal] : inherited;
  if (signals.length > 0) ofViews.set(view, signals);
  return view;
}

/** Whether signals abort the calls of a manager's handle. */
function isAbortable(manager) {
  return ofViews.has(manager);
}

/** The signals that abort a call of one manager's handle, or of two; and the one that its options state. */
function signalsOf(verb, [manager, other], options) {
  const stated = signalOf(options);
  // Whoever's calls were ended still has to give up what is open.
  const isInherited = verb !== native.close;
  const inherited = (isInherited && ofViews.get(manager)) || NONE;
  const others = (isInherited && ofViews.get(other)) || NONE;
  if (stated === undefined && others === NONE) return inherited;
  return [...new Set([...inherited, ...others, stated])].filter((one) => one !== undefined);
}

/** Calls a verb on this thread, which waits for it. */
function now(verb, ...given) {
  const aborted = signalsOf(verb, given).find((signal) => signal.aborted);
  if (aborted !== undefined) throw abortedBy(aborted);
  refuseWithin(given);
  listen();
  // What keeps a manager from closing is given up.
  const needing = verb === native.close ? [] : given;
  try {
    return whileWaiting(needing, () => verb(true, ...given));
  } catch (thrown) {
    throw errorOf(thrown);
  } finally {
    tell();
  }
}

/** Calls a verb whose last argument is its options, and gives a promise. */
async function soon(verb, ...given) {
  refuseWithin(given);
  listen();
  const signals = signalsOf(verb, given, given.at(-1));
  if (signals.length === 0) {
    try {
      return await verb(false, ...given);
    } catch (thrown) {
      throw errorOf(thrown);
    } finally {
      tell();
    }
  }
  const aborted = () => signals.find((one) => one.aborted);
  if (aborted() !== undefined) throw abortedBy(aborted());
  const token = native.token();
  try {
    for (const one of signals) follow(one, token, native.cancel);
    return await verb(token, ...given);
  } catch (thrown) {
    throw errorOf(thrown, aborted());
  } finally {
    for (const one of signals) unfollow(one, token);
    tell();
  }
}

/** What follows a signal, which is listened to once: it warns of many listeners. */
const followed = new WeakMap();

/** Has a signal end something. */
function follow(signal, what, end) {
  let calls = followed.get(signal);
  if (calls === undefined) {
    const ends = new Map();
    calls = { ends, abort: () => ends.forEach((endOf, one) => endOf(one)) };
    // One that refuses its listener is not followed: the next call is to try again.
    signal.addEventListener('abort', calls.abort, { once: true });
    followed.set(signal, calls);
  }
  calls.ends.set(what, end);
}

function unfollow(signal, what) {
  const calls = followed.get(signal);
  // The following may have failed.
  if (calls === undefined) return;
  calls.ends.delete(what);
  if (calls.ends.size > 0) return;
  followed.delete(signal);
  signal.removeEventListener('abort', calls.abort);
}

/** Calls a function of the native half that is no verb. */
function plain(function_, ...given) {
  try {
    return function_(...given);
  } catch (thrown) {
    throw errorOf(thrown);
  }
}

module.exports = { abortable, follow, isAbortable, now, plain, signalsOf, soon, unfollow };
