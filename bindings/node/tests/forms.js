'use strict';
// Tests of what both forms of a verb do: the one that gives a promise, and the one that waits.

const { test } = require('node:test');

const { openSync } = require('strongroom');
const native = require('../lib/native.js');

const FORMS = {
  'by a promise': async (manager, verb, ...given) => manager[verb](...given),
  waiting: async (manager, verb, ...given) => manager[`${verb}Sync`](...given),
};

/** A test of each form: `run(context, call)`, where `call(manager, 'get', key)` calls the verb. */
function testForms(name, ...given) {
  const run = given.pop();
  for (const [form, call] of Object.entries(FORMS)) test(`${name}, ${form}`, ...given, (context) => run(context, call));
}

/** A test of each form with a manager of its own: `run(secrets, call, context)`. */
function inBothForms(name, run) {
  testForms(name, (context, call) => run(inMemory(context), call, context));
}

/** A manager in memory for one test. */
function inMemory(context, options) {
  const secrets = openSync('memory', { environment: false, ...options });
  context.after(() => secrets.closeSync());
  return secrets;
}

/** Why tests that need a `fault` backend are skipped; nothing where they are not. */
const skip = native.testingFaultCounters === undefined && 'the native half was built without the feature `testing`';

module.exports = { inBothForms, inMemory, skip, testForms };
