'use strict';
// Functions of the program that are asked for secret settings. What they throw is never told: it may carry what a person
// typed, or a key.

const native = require('./native.js');
const { StrongroomError } = require('./errors.js');
const { unwrapped } = require('./secret.js');

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

/** Takes a function; gives the number by which it is asked as long as what was pushed to `keep` lives. */
function asker(function_, keep) {
  const asked = new Asked(function_);
  const number = ++last;
  known.set(number, new WeakRef(asked));
  forgotten.register(asked, number);
  keep.push(asked);
  return number;
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

function failed(question, thrown) {
  let code = 'unavailable';
  try {
    if (thrown instanceof StrongroomError) code = String(thrown.code);
  } catch {
    // Whoever throws what throws when it is looked at has an error of no kind.
  }
  native.failQuestion(question, code, 'the function that was asked for a secret setting threw');
}

/** Asks a function, and has the question answered now or later. */
function ask(number, setting, question, mayBeLater) {
  const asked = known.get(number)?.deref();
  if (asked === undefined) {
    native.failQuestion(question, 'unavailable', 'the function for a secret setting is gone, as is its manager');
    return;
  }
  if (asked.isRunning) {
    // A second time within would never end.
    native.failQuestion(question, 'reentrant_call', 'the function for a secret setting uses the manager that asks it');
    return;
  }
  const { function_ } = asked;
  let given;
  let isPromise;
  asked.isRunning = true;
  try {
    given = function_(setting);
    isPromise = typeof given?.then === 'function';
    if (isPromise) given = Promise.resolve(given);
  } catch (thrown) {
    failed(question, thrown);
    return;
  } finally {
    asked.isRunning = false;
  }
  if (!isPromise) {
    native.answerQuestion(question, unwrapped(given));
  } else if (mayBeLater) {
    given.then(
      (value) => native.answerQuestion(question, unwrapped(value)),
      (thrown) => failed(question, thrown),
    );
  } else {
    given.catch(() => undefined);
    native.failQuestion(
      question,
      'invalid_config',
      'the function for a secret setting gave a promise, and the call that needs it keeps the event loop waiting; ' +
        'use the form of the call that gives a promise itself',
    );
  }
}

native.onQuestion(ask);

module.exports = { asker, keepToo, keepWith };
