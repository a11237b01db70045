'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { Secret, keyEscape, keyOf, keyParse, keyUnescape, keyVariable, openSync } = require('strongroom');

test('a key has parts, and parts are a key', () => {
  const rows = [
    ['token', 'global/token', 'global', null, 'global', 'token', null],
    ['global/token@eu', 'global/token@eu', 'global', null, 'global', 'token', 'eu'],
    ['org/acme/api_key', 'org/acme/api_key', 'org', 'acme', 'org/acme', 'api_key', null],
    ['user/me=40x/k@a.b', 'user/me=40x/k@a.b', 'user', 'me=40x', 'user/me=40x', 'k', 'a.b'],
  ];
  for (const [text, key, kind, id, scope, name, target] of rows) {
    assert.deepEqual({ ...keyParse(text) }, { key, kind, id, scope, name, target });
    assert.equal(keyOf(name, { scope, target }), key);
  }
  assert.equal(keyOf('token'), 'global/token');
});

test('what is no key', () => {
  for (const text of ['', 'no key!', 'org/acme', 'a/b/c/d', 'a@b@c', 'nowhere/acme/x', '\ud800']) {
    assert.throws(() => keyParse(text), { name: 'StrongroomError', code: 'invalid_key' });
  }
  for (const [name, options] of [['a/b'], ['a@b'], [''], ['a', { target: 'b/c' }], ['a', { scope: 'nowhere/x' }]]) {
    assert.throws(() => keyOf(name, options), { code: 'invalid_key' });
  }
});

test('parts cannot be changed', () => {
  const parts = keyParse('token');
  assert.throws(() => {
    parts.name = 'other';
  }, TypeError);
});

test('verbs take what keys are made of', () => {
  const secrets = openSync({ backend: 'memory', environment: false });
  const key = keyOf('token', { scope: 'org/acme' });
  secrets.setSync(key, '1');
  assert.equal(secrets.getValueSync(keyParse('org/acme/token').key), '1');
});

test('the variable that stands for a key', () => {
  const key = 'org/acme/api-key@eu';
  assert.equal(keyVariable(key), 'ORG_ACME_API_KEY__EU');
  assert.equal(keyVariable(key, '', { mapping: 'plain' }), keyVariable(key));
  assert.equal(keyVariable(key, 'APP_', { mapping: 'escaped' }), 'APP_ORG__ACME__API_2KEY_5EU');
  assert.throws(() => keyVariable(key, '', { mapping: 'shouted' }), { code: 'invalid_argument', setting: 'mapping' });
});

test('any word is a segment', () => {
  const words = ['', '.', '..', 'me@example.org', 'ünï', new Uint8Array([0, 255]), Buffer.from('a b'), 'plain'];
  for (const word of words) {
    const segment = keyEscape(word);
    assert.equal(keyParse(segment).name, segment);
    const bytes = keyUnescape(segment);
    assert.equal(bytes.constructor, Uint8Array);
    assert.deepEqual(Buffer.from(bytes), Buffer.from(word));
  }
  assert.equal(keyEscape(new Secret('a b')), 'a=20b');
});

test('what is no segment', () => {
  for (const segment of ['', '.', 'a b', '=4', '=41', '=ff', '\ud800']) {
    assert.throws(() => keyUnescape(segment), { code: 'invalid_key' });
  }
});

test('arguments of wrong types', () => {
  const calls = [
    () => keyParse(null),
    () => keyParse(Buffer.from('token')),
    () => keyOf('a', { scope: 5 }),
    () => keyOf('a', { target: 5 }),
    () => keyOf('a', { surprise: 5 }),
    () => keyOf('a', 'org/acme'),
    () => keyEscape(5),
    () => keyUnescape(Buffer.from('a')),
    () => keyVariable('a', 5),
    () => keyVariable('a', '', 'escaped'),
  ];
  for (const call of calls) assert.throws(call, TypeError, String(call));
});
