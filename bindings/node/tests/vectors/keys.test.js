'use strict';
// `keys.json`: how keys are read, escaped and refused.

const assert = require('node:assert/strict');
const { test } = require('node:test');

const strongroom = require('strongroom');
const { StrongroomError, keyEscape, keyParse, keyUnescape } = strongroom;

const { load, value } = require('./documents.js');
const { Ran } = require('./parity.js');

const FILE = load('keys.json');
/** Fewer than these would be no run: the file's own count says how many there are. */
const FEWEST = 150;
/** The list that stands for each operation. */
const OPERATIONS = { key_parse: 'valid', key_escape: 'escape', key_unescape: 'escape' };

/** What checks the refusal of a vector. */
function refusalOf(vector) {
  return (error) => {
    assert.ok(error instanceof StrongroomError, String(error));
    assert.equal(error.code, 'invalid_key');
    assert.ok(error.message.includes(FILE.reasons[vector.reason]), error.message);
    return true;
  };
}

const CHECKS = {
  valid(vector) {
    const parts = keyParse(vector.text);
    assert.equal(parts.key, vector.canonical);
    for (const part of ['kind', 'id', 'name', 'target']) assert.equal(parts[part], vector[part], part);
    assert.deepEqual(keyParse(parts.key), parts, 'the canonical text is a key, too');
  },
  invalid(vector) {
    assert.throws(() => keyParse(vector.text), refusalOf(vector));
  },
  escape(vector) {
    const word = value(vector.word);
    assert.equal(keyEscape(word), vector.escaped);
    if ('utf8' in vector.word) assert.equal(keyEscape(vector.word.utf8), vector.escaped);
    assert.deepEqual(keyUnescape(vector.escaped), word);
  },
  unescape_invalid(vector) {
    assert.throws(() => keyUnescape(vector.text), refusalOf(vector));
  },
  keyring(vector) {
    const key = ['app', keyEscape(vector.service), keyEscape(vector.account)].join('/');
    assert.equal(keyParse(key).key, vector.key);
  },
};

const passed = [];

for (const [name, check] of Object.entries(CHECKS)) {
  test(`keys: ${name}`, () => {
    for (const vector of FILE[name]) {
      check(vector);
      passed.push(name);
    }
  });
}

test('verbs refuse what is no key', async () => {
  const secrets = strongroom.openSync('memory', { environment: false });
  for (const vector of FILE.invalid) {
    assert.throws(() => secrets.getSync(vector.text), refusalOf(vector));
    assert.throws(() => secrets.getValueSync(vector.text), refusalOf(vector));
    await assert.rejects(secrets.get(vector.text), refusalOf(vector));
    await assert.rejects(secrets.getValue(vector.text), refusalOf(vector));
  }
  secrets.closeSync();
});

test('every vector of keys ran', () => {
  // Stands last: what it counts are the lists before it.
  assert.equal(passed.length, FILE.count, 'vectors that ran, and vectors that there are');
  assert.ok(passed.length >= FEWEST, 'the file of vectors has shrunk');
  const ran = new Ran();
  for (const [operation, vector] of Object.entries(OPERATIONS)) ran.operation('node', operation, vector);
  ran.write('node', 'keys');
});
