'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const util = require('node:util');
const { test } = require('node:test');

const { Secret, fernet } = require('strongroom');

// A key and a token of "hello", made in 1985, of the specification.
const SPEC_KEY = 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=';
const SPEC_TOKEN =
  'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==';

test('a token is read with its key alone', () => {
  const key = fernet.generateKey();
  assert.ok(key instanceof Secret);
  assert.equal(key.reveal().length, 44);
  const token = fernet.encrypt(key, 's3cret');
  const value = fernet.decrypt(key, token);
  assert.equal(value.reveal(), 's3cret');
  assert.ok(!util.inspect(value).includes('s3cret'));
  assert.throws(() => fernet.decrypt(fernet.generateKey(), token), { code: 'wrong_key' });
});

test('the specification is kept', () => {
  assert.equal(fernet.decrypt(SPEC_KEY, SPEC_TOKEN).reveal(), 'hello');
  assert.deepEqual(fernet.timestamp(SPEC_KEY, SPEC_TOKEN), new Date('1985-10-26T08:20:00Z'));
});

test('keys and tokens come in many forms', () => {
  const forms = [
    (text) => text,
    (text) => Buffer.from(text),
    (text) => new Uint8Array(Buffer.from(text)),
    (text) => new Secret(text),
  ];
  const several = [...forms, (key) => [key], (key) => new Set([key]), (key) => [new Secret(key)]];
  for (const form of several) assert.equal(fernet.decrypt(form(SPEC_KEY), SPEC_TOKEN).reveal(), 'hello', String(form));
  for (const form of forms) assert.equal(fernet.decrypt(SPEC_KEY, form(SPEC_TOKEN)).reveal(), 'hello', String(form));
});

test('the first key writes and all read', () => {
  const [old, new_] = [fernet.generateKey(), fernet.generateKey()];
  for (const keys of [[new_, old], `${new_.reveal()},${old.reveal()}`]) {
    const token = fernet.encrypt(keys, new Uint8Array([0, 255]));
    assert.deepEqual([...fernet.decrypt(new_, token).bytes()], [0, 255]);
    assert.throws(() => fernet.decrypt(old, token), { code: 'wrong_key' });
  }
  assert.equal(fernet.decrypt([new_, old], fernet.encrypt(old, '1')).reveal(), '1');
});

test('rotation keeps the time', () => {
  const key = fernet.generateKey();
  const rotated = fernet.rotate([key, SPEC_KEY], SPEC_TOKEN);
  assert.equal(fernet.decrypt(key, rotated).reveal(), 'hello');
  assert.deepEqual(fernet.timestamp(key, rotated), fernet.timestamp(SPEC_KEY, SPEC_TOKEN));
  assert.throws(() => fernet.rotate(key, SPEC_TOKEN), { code: 'wrong_key' });
});

test('a token has a time to live, in milliseconds', () => {
  const key = fernet.generateKey();
  const token = fernet.encrypt(key, '1');
  assert.equal(fernet.decrypt(key, token, { ttlMs: 3_600_000 }).reveal(), '1');
  // Seconds would let it pass: it is 41 years old.
  assert.throws(() => fernet.decrypt(SPEC_KEY, SPEC_TOKEN, { ttlMs: 10e9 }), { code: 'expired' });
  assert.equal(fernet.decrypt(SPEC_KEY, SPEC_TOKEN, { ttlMs: 1e15 }).reveal(), 'hello');
  assert.throws(() => fernet.decrypt(SPEC_KEY, SPEC_TOKEN, { ttlMs: -1 }), {
    code: 'invalid_argument',
    setting: 'ttlMs',
  });
});

test('what is no token', () => {
  for (const token of ['', 'no token', SPEC_TOKEN.slice(0, -10), new Uint8Array(90).fill(255)]) {
    for (const read of [fernet.decrypt, fernet.rotate, fernet.timestamp]) {
      assert.throws(() => read(SPEC_KEY, token), { code: 'invalid_value' });
    }
  }
  const changed = `${SPEC_TOKEN.slice(0, 40)}${SPEC_TOKEN[40] === 'A' ? 'B' : 'A'}${SPEC_TOKEN.slice(41)}`;
  assert.throws(() => fernet.decrypt(SPEC_KEY, changed), { code: 'wrong_key' });
});

test('what is no key is not shown', () => {
  for (const keys of ['', 'k3y-of-nobody', [], [SPEC_KEY, 'k3y-of-nobody'], `${SPEC_KEY},`]) {
    assert.throws(
      () => fernet.encrypt(keys, '1'),
      (error) => error.code === 'invalid_argument' && !util.inspect(error).includes('k3y-of-nobody'),
    );
  }
});

test('arguments of wrong types', () => {
  const calls = [
    () => fernet.encrypt(5, '1'),
    () => fernet.encrypt(null, '1'),
    () => fernet.encrypt([5], '1'),
    () => fernet.encrypt([[SPEC_KEY]], '1'),
    () => fernet.encrypt(SPEC_KEY, 5),
    () => fernet.encrypt(SPEC_KEY),
    () => fernet.decrypt(SPEC_KEY, 5),
    () => fernet.decrypt(SPEC_KEY, SPEC_TOKEN, 60),
    () => fernet.decrypt(SPEC_KEY, SPEC_TOKEN, { ttlMs: 'soon' }),
    () => fernet.decrypt(SPEC_KEY, SPEC_TOKEN, { ttl: 60 }),
    () => fernet.rotate(SPEC_KEY, null),
  ];
  for (const call of calls) assert.throws(call, TypeError, String(call));
});

test('a wiped key is closed', () => {
  const key = fernet.generateKey();
  key.wipe();
  assert.throws(() => fernet.encrypt(key, '1'), { code: 'closed' });
});

const PYTHON = `
import json, sys
from cryptography.fernet import Fernet
asked = json.load(sys.stdin)
values = [bytes.fromhex(value) for value in asked["values"]]
read = [Fernet(asked["key"]).decrypt(token.encode()).hex() for token in asked["tokens"]]
old = Fernet.generate_key()
made = [Fernet(old).encrypt_at_time(value, 1_000_000_000).decode() for value in values]
print(json.dumps({"read": read, "old": old.decode(), "made": made}))
`;

function python(input) {
  const program = process.env.STRONGROOM_PYTHON ?? 'python3';
  return spawnSync(program, ['-c', PYTHON], { input: JSON.stringify(input), encoding: 'utf8' });
}

test("Python's cryptography reads ours and we read its", (context) => {
  const values = ['', '1', 'sixteen bytes it', 'ünï', Uint8Array.from({ length: 10_240 }, (_, at) => at % 256)];
  const hex = values.map((value) => Buffer.from(value).toString('hex'));
  const key = fernet.generateKey();
  const tokens = values.map((value) => fernet.encrypt(key, value));
  const ran = python({ values: hex, key: key.reveal(), tokens });
  if (ran.status !== 0) {
    context.skip(`no Python with the package cryptography: ${ran.error?.code ?? ran.stderr.trim().split('\n').at(-1)}`);
    return;
  }
  const { read, old, made } = JSON.parse(ran.stdout);
  assert.deepEqual(read, hex);
  made.forEach((token, place) => {
    const rotated = fernet.rotate([key, old], token);
    for (const [its, one] of [
      [old, token],
      [key, rotated],
    ]) {
      assert.equal(Buffer.from(fernet.decrypt(its, one).bytes()).toString('hex'), hex[place]);
      assert.deepEqual(fernet.timestamp(its, one), new Date(1_000_000_000_000));
    }
  });
});
