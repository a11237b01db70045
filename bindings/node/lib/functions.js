'use strict';
// The functions of the program that can be asked for secret settings, and who keeps them.

const { StrongroomError } = require('./errors.js');

/** A function, for one setting of one opening. */
class Asked {
  constructor(function_) {
    this.function_ = function_;
    this.isRunning = false;
  }
}

/** What the native half can ask, by number. What is not kept by a manager's handle is forgotten. */
const known = new Map();
const forgotten = new FinalizationRegistry((number) => known.delete(number));
/** What each handle keeps. A function that holds the manager is collected together with it. */
const kept = new WeakMap();
let last = 0;
let running = 0;

/** Takes a function; gives the number by which it is asked as long as what was pushed to `keep` lives. */
function asker(function_, keep) {
  const asked = new Asked(function_);
  const number = ++last;
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

/** Runs a function, until it gives what it gives or its promise. */
function run(asked, setting) {
  const { function_ } = asked;
  asked.isRunning = true;
  running += 1;
  try {
    return function_(setting);
  } finally {
    asked.isRunning = false;
    running -= 1;
  }
}

/** Refuses a call that a function makes to the manager which asks it, and whose answer would wait for the function. */
function refuseWithin(handle) {
  if (running > 0 && kept.get(handle)?.some((asked) => asked.isRunning)) {
    const message = 'reentrant_call: a function for a secret setting uses the manager that asks it';
    throw new StrongroomError({ code: 'reentrant_call', message, retryable: false });
  }
}

module.exports = { askedOf, asker, keepToo, keepWith, refuseWithin, run };
