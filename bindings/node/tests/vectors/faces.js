'use strict';
// The two forms of every verb: one that keeps its thread waiting, and one that gives a promise.

const assert = require('node:assert/strict');

const strongroom = require('strongroom');

/** What asks no backend, so that there is one form of it, which is no promise. */
const IMMEDIATE = new Set([
  'scoped',
  'generate',
  'setting',
  'metrics',
  'key_variable',
  'fernet_generate',
  'fernet_encrypt',
  'fernet_decrypt',
  'fernet_rotate',
]);

/** How long a change is waited for. */
const PATIENCE_MS = 10_000;

/** What a promise is the answer of; that something is thrown at once is a failure of its own. */
async function promised(name, call) {
  let answer;
  try {
    answer = call();
  } catch (thrown) {
    assert.fail(`${name} threw, where its promise is to be rejected: ${thrown}`);
  }
  assert.ok(answer instanceof Promise, `${name} gives a promise`);
  return await answer;
}

function waited(name, call) {
  const answer = call();
  assert.ok(typeof answer?.then !== 'function', `${name} gives no promise`);
  return answer;
}

/** `openSync`, `getSync` … */
const waiting = {
  /** The word of the column in docs/parity.md. */
  language: 'node',
  counts: () => true,
  async open(...given) {
    return waited('openSync', () => strongroom.openSync(...given));
  },
  async ask(manager, verb, ...given) {
    return waited(`${verb}Sync`, () => manager[`${verb}Sync`](...given));
  },
  async next(changes) {
    return waited('nextSync', () => changes.nextSync(PATIENCE_MS));
  },
};

/** `open`, `get` … */
const awaiting = {
  language: 'node-promise',
  counts: (operation) => !IMMEDIATE.has(operation),
  open: (...given) => promised('open', () => strongroom.open(...given)),
  ask: (manager, verb, ...given) => promised(verb, () => manager[verb](...given)),
  async next(changes) {
    let isLate = false;
    const patience = setTimeout(() => {
      isLate = true;
      changes.close();
    }, PATIENCE_MS);
    const { value, done } = await promised('next', () => changes.next());
    clearTimeout(patience);
    assert.ok(!isLate, 'a change comes in time');
    return done ? null : value;
  },
};

module.exports = { FACES: [waiting, awaiting] };
