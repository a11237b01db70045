'use strict';
// The functions of the program that can be asked for secret settings, and who keeps them.

const native = require('./native.js');
const { StrongroomError } = require('./errors.js');

/** Loaded by the first function: it costs every promise of a program a little. */
const hooks = () => require('node:async_hooks');

/** A function, for one setting of one opening, which it is asked in the asynchronous context of. */
class Asked {
  constructor(number, function_) {
    this.number = number;
    this.function_ = function_;
    this.context = new (hooks().AsyncResource)('StrongroomSecretProvider');
  }
}

/**
 * Whom code runs within: functions that are being asked have called it, also where they awaited something before. What
 * outlives its function runs within it no more.
 */
let within;

/** What the native half can ask, by number. What is not kept by a manager's handle is forgotten. */
const known = new Map();
const forgotten = new FinalizationRegistry((number) => known.delete(number));
/** What each handle keeps. A function that holds the manager is collected together with it. */
const kept = new WeakMap();
let last = 0;

/** Takes a function; gives the number by which it is asked as long as what was pushed to `keep` lives. */
function asker(function_, keep) {
  within ??= new (hooks().AsyncLocalStorage)();
  const number = ++last;
  const asked = new Asked(number, function_);
  known.set(number, new WeakRef(asked));
  forgotten.register(asked, number);
  keep.push(asked);
  return number;
}

/** What a number stands for; `undefined` where it was forgotten. */
function askedOf(number) {
  return known.get(number)?.deref();
}

/** Has a handle keep functions. */
function keepWith(handle, functions) {
  if (functions.length > 0) kept.set(handle, functions);
}

/** Has a view's handle keep what another handle of its manager keeps. */
function keepToo(view, handle) {
  const functions = kept.get(handle);
  if (functions !== undefined) kept.set(view, functions);
  return view;
}

/** Asks a function. Gives what it gives, or the promise of that. */
function run(asked, setting) {
  const { context, function_ } = asked;
  const one = { asked };
  const over = () => (one.asked = undefined);
  // Of the call that is waited for right here, if there is one.
  const outer = within.getStore() ?? [];
  let promise;
  try {
    return context.runInAsyncScope(() =>
      within.run([...outer, ...(within.getStore() ?? []), one], () => {
        const given = function_(setting);
        if (typeof given?.then !== 'function') return { given };
        promise = Promise.resolve(given);
        promise.then(over, over);
        return { promise };
      }),
    );
  } finally {
    if (promise === undefined) over();
  }
}

/** The numbers of the functions that the call needs which keeps this thread waiting. */
let needed = [];

/**
 * Runs a call that keeps this thread waiting, of which the native half is told what functions it needs.
 *
 * @param {unknown[]} given to the call: whatever handles are among it
 */
function whileWaiting(given, run) {
  if (within === undefined) return run();
  const functions = given.flatMap((handle) => kept.get(handle)?.map(({ number }) => number) ?? []);
  if (functions.length === 0 && needed.length === 0) return run();
  const outer = needed;
  needed = functions;
  native.needs(needed);
  try {
    return run();
  } finally {
    needed = outer;
    native.needs(needed);
  }
}

/**
 * Refuses a call that a function makes to the manager which asks it, and whose answer would wait for the function.
 *
 * @param {unknown[]} given to the call: whatever handles are among it
 */
function refuseWithin(given) {
  const asking = within?.getStore();
  if (asking === undefined) return;
  const isAsked = (function_) => asking.some(({ asked }) => asked === function_);
  if (given.some((handle) => kept.get(handle)?.some(isAsked))) {
    const message = 'reentrant_call: a function for a secret setting uses the manager that asks it';
    throw new StrongroomError({ code: 'reentrant_call', message, retryable: false });
  }
}

module.exports = { askedOf, asker, keepToo, keepWith, refuseWithin, run, whileWaiting };
