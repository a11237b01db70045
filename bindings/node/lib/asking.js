'use strict';
// How functions are asked for secret settings. Of what they throw nothing is told but its class: a key may be in it, or
// what a person typed.

const native = require('./native.js');
const { StrongroomError } = require('./errors.js');
const { askedOf, run } = require('./functions.js');
const { unwrapped } = require('./secret.js');

/** What may be told of an exception: the name that the program gave its class. */
function classOf(thrown) {
  try {
    const { name } = Object.getPrototypeOf(thrown).constructor;
    if (thrown instanceof Error && /^[A-Za-z_$][\w$]{0,63}$/.test(name)) return ` (${name})`;
  } catch {
    // What cannot be looked at has none.
  }
  return '';
}

function failed(question, thrown) {
  let code = 'unavailable';
  try {
    if (thrown instanceof StrongroomError) code = String(thrown.code);
  } catch {
    // What cannot be looked at has no kind.
  }
  native.failQuestion(question, code, `the function that was asked for a secret setting threw${classOf(thrown)}`);
}

/** Asks the function of a number, and has the question answered now or later. */
function ask(number, setting, question, mayBeLater) {
  const asked = askedOf(number);
  if (asked === undefined) {
    native.failQuestion(question, 'unavailable', 'the function for a secret setting is gone, as is its manager');
    return;
  }
  let given;
  let promise;
  try {
    ({ given, promise } = run(asked, setting));
  } catch (thrown) {
    failed(question, thrown);
    return;
  }
  if (promise === undefined) {
    native.answerQuestion(question, unwrapped(given));
  } else if (mayBeLater) {
    promise.then(
      (value) => native.answerQuestion(question, unwrapped(value)),
      (thrown) => failed(question, thrown),
    );
  } else {
    native.failQuestion(
      question,
      'invalid_config',
      'the function for a secret setting gave a promise, and the call that needs it keeps the event loop waiting; ' +
        'use the form of the call that gives a promise itself',
    );
  }
}

native.onQuestion(ask);
