'use strict';
// `fernet.json`: the tokens of Fernet's specification. Its clock stands in 1985, so that each of them is old today.

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { Secret, StrongroomError, fernet } = require('strongroom');

const { load } = require('./documents.js');

const FILE = load('fernet.json');
/** What reading each of the invalid ones answers where no age is asked for; `null`: it is read, and its value is empty. */
const ANSWERS = {
  'incorrect mac': 'wrong_key',
  'too short': 'invalid_value',
  'invalid base64': 'invalid_value',
  'payload size not multiple of block size': 'invalid_value',
  'payload padding error': 'invalid_value',
  'far-future TS (unacceptable clock skew)': null,
  'expired TTL': null,
  'incorrect IV (causes padding error)': 'invalid_value',
};

function refusal(call, code) {
  assert.throws(call, (error) => {
    assert.ok(error instanceof StrongroomError, String(error));
    assert.equal(error.code, code, error.message);
    assert.ok(!error.message.includes('hello'));
    return true;
  });
}

const ran = [];

test('the tokens of the specification are read', () => {
  for (const vector of [...FILE.generate, ...FILE.verify]) {
    const keys = [vector.secret, new Secret(vector.secret), [fernet.generateKey(), vector.secret]];
    for (const given of keys) assert.equal(fernet.decrypt(given, vector.token).reveal(), vector.src);
    assert.equal(fernet.timestamp(vector.secret, vector.token).getTime(), Date.parse(FILE.generate[0].now));
    refusal(() => fernet.decrypt(vector.secret, vector.token, { ttlMs: 60_000 }), 'expired');
    const renewed = fernet.rotate(vector.secret, vector.token);
    assert.notEqual(renewed, vector.token);
    assert.equal(fernet.decrypt(vector.secret, renewed).reveal(), vector.src);
    ran.push(vector);
  }
});

test('invalid tokens are refused, each for its own reason', () => {
  assert.deepEqual(FILE.invalid.map((vector) => vector.desc).sort(), Object.keys(ANSWERS).sort());
  for (const { desc, token, secret, ttl_sec: seconds } of FILE.invalid) {
    const code = ANSWERS[desc];
    if (code === null) {
      assert.equal(fernet.decrypt(secret, token).reveal(), '');
      refusal(() => fernet.decrypt(secret, token, { ttlMs: seconds * 1000 }), 'expired');
    } else {
      refusal(() => fernet.decrypt(secret, token), code);
    }
    ran.push(desc);
  }
});

test('every token ran', () => {
  assert.equal(ran.length, FILE.count, 'vectors that ran, and vectors that there are');
  assert.equal(FILE.count, 10);
});
