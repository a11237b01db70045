'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { Secret, generate } = require('strongroom');
const { inBothForms, inMemory } = require('./forms.js');

test('a generated value has the form and the length that were asked for', () => {
  assert.ok(generate({ kind: 'hex', bytes: 32 }) instanceof Secret);
  assert.equal(generate({ kind: 'bytes', bytes: 40 }).bytes().length, 40);
  assert.match(generate({ kind: 'hex', bytes: 32 }).reveal(), /^[0-9a-f]{64}$/);
  assert.match(generate({ kind: 'base64', bytes: 32 }).reveal(), /^[A-Za-z0-9_-]{43}$/);
  const password = generate({ kind: 'password', length: 24 }).reveal();
  assert.equal(password.length, 24);
  for (const class_ of [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/]) assert.match(password, class_);
  for (const symbols of [false, true, null, undefined]) {
    const isPlain = /^[A-Za-z0-9]+$/.test(generate({ kind: 'password', length: 24, symbols }).reveal());
    assert.equal(isPlain, symbols === false);
  }
});

test('no two generated values are the same', () => {
  const spec = Object.freeze({ kind: 'hex', bytes: 16 });
  assert.notEqual(generate(spec).reveal(), generate(spec).reveal());
});

test('a length that makes no sense is an error', () => {
  for (const length of [0, 65_537, -1, 1.5, NaN, Infinity]) {
    assert.throws(() => generate({ kind: 'bytes', bytes: length }), { code: 'invalid_argument' });
  }
  assert.throws(() => generate({ kind: 'password', length: 3 }), { code: 'invalid_argument' });
  assert.equal(generate({ kind: 'password', length: 3, symbols: false }).reveal().length, 3);
  assert.equal(generate({ kind: 'bytes', bytes: 65_536 }).bytes().length, 65_536);
});

const NO_SPECS = [
  undefined,
  null,
  'hex',
  32,
  [],
  {},
  new Map([['kind', 'hex']]),
  { kind: 'hex' },
  { kind: 'hex', bytes: null },
  { kind: 'hex', length: 32 },
  { kind: 'hex', bytes: '32' },
  { kind: 'hex', bytes: 32, symbols: false },
  { kind: 'password', bytes: 32 },
  { kind: 'password', length: 32, symbols: 'no' },
  { kind: 5, bytes: 32 },
];

test('what says not how to generate is a TypeError', () => {
  for (const spec of NO_SPECS) {
    assert.throws(() => generate(spec), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  }
  assert.throws(() => generate({ kind: 'uuid', bytes: 32 }), {
    code: 'invalid_argument',
    setting: 'kind',
    message: /`bytes`, `hex`, `base64`, `password`/,
  });
});

inBothForms('a secret is generated once, and read from then on', async (secrets, call) => {
  const spec = { kind: 'base64', bytes: 32 };
  const made = await call(secrets, 'getOrGenerate', 'jwt_key', spec, { provider: 'us', labels: { use: 'jwt' } });
  assert.match(made.reveal(), /^[A-Za-z0-9_-]{43}$/);
  assert.deepEqual([made.provider, made.labels, made.number], ['us', { use: 'jwt' }, 1]);
  const again = await call(secrets, 'getOrGenerate', 'jwt_key', { kind: 'hex', bytes: 4 }, { provider: 'others' });
  assert.deepEqual([again.reveal(), again.provider], [made.reveal(), 'us']);
});

test('of many that generate a secret at once one wins', async (test) => {
  const secrets = inMemory(test);
  const made = await Promise.all(
    Array.from({ length: 50 }, () => secrets.getOrGenerate('jwt_key', { kind: 'hex', bytes: 16 })),
  );
  assert.equal(new Set(made.map((secret) => secret.reveal())).size, 1);
  assert.equal((await secrets.versions('jwt_key')).length, 1);
});

inBothForms('nothing is generated in place of an expired secret', async (secrets, call) => {
  await call(secrets, 'set', 'jwt_key', 'old', { expiresAt: new Date(0) });
  const spec = { kind: 'hex', bytes: 16 };
  await assert.rejects(call(secrets, 'getOrGenerate', 'jwt_key', spec), { code: 'expired' });
  const nothing = call(secrets, 'getOrGenerate', 'other', { kind: 'hex', bytes: 0 });
  await assert.rejects(nothing, { code: 'invalid_argument' });
  assert.equal(await call(secrets, 'exists', 'other'), false);
});

inBothForms('a secret gets a new value, stated or generated, and the former one stays', async (secrets, call) => {
  await call(secrets, 'set', 'db_password', 'old', { provider: 'aws' });
  const values = [
    ['text', 'text'],
    [new Uint8Array([0x62, 0x79]), 'by'],
    [new Secret('secret', { provider: 'ignored' }), 'secret'],
  ];
  for (const [given, value] of values) {
    assert.equal((await call(secrets, 'rotate', 'db_password', given)).created, false);
    assert.equal(await call(secrets, 'getValue', 'db_password'), value);
  }
  await call(secrets, 'rotate', 'db_password', { kind: 'password', length: 20 });
  assert.equal((await call(secrets, 'getValue', 'db_password')).length, 20);
  assert.equal((await call(secrets, 'get', 'db_password')).provider, 'aws');
  assert.equal((await call(secrets, 'getVersion', 'db_password', 1)).reveal(), 'old');
  await assert.rejects(call(secrets, 'rotate', 'other', { kind: 'hex', bytes: 16 }), { code: 'not_found' });
  for (const given of [{}, [], 5, null, undefined]) {
    await assert.rejects(call(secrets, 'rotate', 'db_password', given), { name: 'TypeError' });
  }
});
