'use strict';
// Tests of what both forms of a verb do: the one that gives a promise, and the one that waits.

const { test } = require('node:test');

const { openSync } = require('strongroom');
const native = require('../lib/native.js');

const FORMS = {
  'by a promise': async (manager, verb, ...given) => manager[verb](...given),
  waiting: async (manager, verb, ...given) => manager[`${verb}Sync`](...given),
};

/**
 * Defines a test for each form, with a manager of its own.
 *
 * @param {string} what
 * @param {(secrets: object, call: Function, test: object) => Promise<void>} run `call(manager, 'get', key)`
 */
function inBothForms(what, run) {
  for (const [form, call] of Object.entries(FORMS)) {
    test(`${what}, ${form}`, async (test) => {
      const secrets = openSync('memory', { environment: false });
      test.after(() => secrets.closeSync());
      await run(secrets, call, test);
    });
  }
}

/** A manager in memory for one test. */
function inMemory(test, options) {
  const secrets = openSync('memory', { environment: false, ...options });
  test.after(() => secrets.closeSync());
  return secrets;
}

/** Why tests that need a `fault` backend are skipped; nothing where they are not. */
const skip = native.testingFaultCounters === undefined && 'the native half was built without the feature `testing`';

module.exports = { inBothForms, inMemory, skip };
