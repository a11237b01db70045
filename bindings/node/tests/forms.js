'use strict';
// The two forms of a verb, for tests that prove the same of both.

const { test } = require('node:test');

const FORMS = [
  { name: 'promise', call: (manager, verb, ...given) => manager[verb](...given) },
  { name: 'waiting', call: async (manager, verb, ...given) => manager[`${verb}Sync`](...given) },
];

/** A test of each form: `run(context, ask)`, where `ask(manager, verb, ...given)` calls the verb. */
function testForms(name, run) {
  for (const form of FORMS) test(`${name} (${form.name})`, (context) => run(context, form.call));
}

module.exports = { testForms };
