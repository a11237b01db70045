'use strict';
// How functions are asked for secret settings. What they throw is never told: a key may be in it, or what a person
// typed.

const native = require('./native.js');
const { StrongroomError } = require('./errors.js');
const { askedOf, run } = require('./functions.js');
const { unwrapped } = require('./secret.js');

function failed(question, thrown) {
  let code = 'unavailable';
  try {
    if (thrown instanceof StrongroomError) code = String(thrown.code);
  } catch {
    // What cannot be looked at has no kind.
  }
  native.failQuestion(question, code, 'the function that was asked for a secret setting threw');
}

/** Asks the function of a number, and has the question answered now or later. */
function ask(number, setting, question, mayBeLater) {
  const asked = askedOf(number);
  if (asked === undefined) {
    native.failQuestion(question, 'unavailable', 'the function for a secret setting is gone, as is its manager');
    return;
  }
  let given;
  let isPromise;
  try {
    given = run(asked, setting);
    isPromise = typeof given?.then === 'function';
    if (isPromise) given = Promise.resolve(given);
  } catch (thrown) {
    failed(question, thrown);
    return;
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
