'use strict';
// Hits in the cache: what answers them, and what must not be taken for one.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');

const { openSync } = require('strongroom');
const native = require('../lib/native.js');

const KEY = 'org/acme/api_key';

/** A manager whose backend counts the calls that reach it, and how often it was called since. */
function counted(context, settings = {}) {
  const secrets = openSync('fault', { settings });
  context.after(() => secrets.closeSync());
  let before = native.testingFaultCounters().started;
  const calls = () => {
    const now = native.testingFaultCounters().started;
    const since = now - before;
    before = now;
    return since;
  };
  return { secrets, calls };
}

/** What each reading verb says of a key. */
async function all(secrets, key) {
  return [
    secrets.getValueSync(key),
    await secrets.getValue(key),
    secrets.getSync(key)?.reveal() ?? null,
    (await secrets.get(key))?.reveal() ?? null,
  ];
}

test('all four forms of a read answer a hit without the backend', async (context) => {
  const { secrets, calls } = counted(context);
  secrets.setSync(KEY, 'sk-123');
  calls();
  assert.equal(secrets.getValueSync(KEY), 'sk-123');
  assert.equal(calls(), 1);
  assert.deepEqual(await all(secrets, KEY), Array(4).fill('sk-123'));
  assert.equal(calls(), 0);
});

test('a hit is answered without the runtime, also where it is awaited', () => {
  // A process of its own: in this one another test may have built the runtime.
  const program = `
    const { openSync } = require('strongroom');
    const native = require('./lib/native.js');
    (async () => {
      const secrets = openSync('memory');
      secrets.setSync('k', 'v');
      secrets.getValueSync('k');
      for (let at = 0; at < 100; at++) await secrets.getValue('k');
      for (let at = 0; at < 100; at++) await secrets.get('k');
      const hits = native.testingRuntimeIsBuilt();
      const slow = openSync('fault', { settings: { 'fault.script': 'get:yield(1)' } });
      await slow.getValue('k');
      console.log(JSON.stringify({ hits, misses: native.testingRuntimeIsBuilt() }));
      secrets.closeSync();
      slow.closeSync();
    })();`;
  const folder = path.join(__dirname, '..');
  const said = execFileSync(process.execPath, ['--eval', program], { cwd: folder, encoding: 'utf8', timeout: 60_000 });
  assert.deepEqual(JSON.parse(said), { hits: false, misses: true });
});

test('no other text is taken for the key of what is cached', async (context) => {
  const { secrets } = counted(context);
  secrets.setSync('api_key', 'sk-123');
  assert.equal(secrets.getValueSync('api_key'), 'sk-123');
  // The first has the same low bytes; the others differ by what a conversion would replace or leave out.
  for (const other of [
    String.fromCharCode(...[...'api_key'].map((letter) => letter.charCodeAt(0) + 0x100)),
    '\ud800api_key',
    'api_key\udc00',
    'api_key\0',
    ' api_key',
    '',
  ]) {
    for (const read of ['getValueSync', 'getSync']) {
      assert.throws(() => secrets[read](other), { code: 'invalid_key' }, JSON.stringify(other));
    }
    for (const read of ['getValue', 'get']) {
      await assert.rejects(secrets[read](other), { code: 'invalid_key' }, JSON.stringify(other));
    }
  }
});

test('a key that is longer than the way to the cache has room for is not cut', async (context) => {
  const { secrets, calls } = counted(context);
  for (const length of [250, 253, 254, 255, 256, 257, 300, 511, 512, 513, 1000]) {
    const key = 'k'.repeat(length);
    secrets.setSync(key, `of ${length}`);
    secrets.getValueSync(key);
  }
  calls();
  for (const length of [250, 253, 254, 255, 256, 257, 300, 511, 512, 513, 1000]) {
    assert.deepEqual(await all(secrets, 'k'.repeat(length)), Array(4).fill(`of ${length}`));
  }
  assert.equal(calls(), 0);
});

test('what is no string is a TypeError, by a promise where one is given', async (context) => {
  const { secrets } = counted(context);
  for (const key of [undefined, null, 1, {}, ['k'], Symbol('k')]) {
    for (const read of ['getValueSync', 'getSync']) assert.throws(() => secrets[read](key), TypeError);
    for (const read of ['getValue', 'get']) await assert.rejects(secrets[read](key), TypeError);
  }
});

test('a hit has the text that was set, whatever its characters and its length', async (context) => {
  const { secrets, calls } = counted(context);
  const values = ['', 'ASCII', 'Grüße', '鍵🔑', '\u00ff', 'a\0b', '\ufeffmark', 'x'.repeat(513), 'ü'.repeat(100_000)];
  values.forEach((value, at) => secrets.setSync(`k${at}`, value));
  values.forEach((_, at) => secrets.getSync(`k${at}`));
  calls();
  for (const [at, value] of values.entries()) assert.deepEqual(await all(secrets, `k${at}`), Array(4).fill(value));
  assert.equal(calls(), 0);
});

test('a cached value that is no text is an error of the verbs for text', async (context) => {
  const { secrets } = counted(context);
  secrets.setSync('k', Uint8Array.of(0x73, 0xff));
  assert.deepEqual(secrets.getSync('k').bytes(), Uint8Array.of(0x73, 0xff));
  assert.deepEqual(secrets.getSync('k').bytes(), Uint8Array.of(0x73, 0xff));
  assert.throws(() => secrets.getValueSync('k'), { code: 'invalid_value' });
  await assert.rejects(secrets.getValue('k'), { code: 'invalid_value' });
});

test('a secret that expires while it is cached is no hit any more', async (context) => {
  const { secrets } = counted(context);
  const expiresAt = new Date(Date.now() + 2_500);
  secrets.setSync('k', 'v', { expiresAt });
  assert.equal(secrets.getValueSync('k'), 'v');
  // Nothing tells when it has expired but the reading itself.
  const end = Date.now() + 60_000;
  let code;
  while (code === undefined && Date.now() < end) {
    try {
      secrets.getValueSync('k');
      await new Promise((again) => setTimeout(again, 20));
    } catch (error) {
      code = error.code;
    }
  }
  assert.equal(code, 'expired');
  assert.ok(Date.now() >= expiresAt.getTime());
  assert.throws(() => secrets.getSync('k'), { code: 'expired' });
  await assert.rejects(secrets.getValue('k'), { code: 'expired' });
  await assert.rejects(secrets.get('k'), { code: 'expired' });
});

test('a hit is what was written last', async (context) => {
  const { secrets } = counted(context);
  for (const value of ['one', 'two', 'three']) {
    secrets.setSync('k', value);
    assert.deepEqual(await all(secrets, 'k'), Array(4).fill(value));
  }
});

test('a manager that was closed answers nothing that it had cached', async (context) => {
  const { secrets } = counted(context);
  secrets.setSync('k', 'v');
  assert.deepEqual(await all(secrets, 'k'), Array(4).fill('v'));
  secrets.closeSync();
  for (const read of ['getValueSync', 'getSync']) assert.throws(() => secrets[read]('k'), { code: 'closed' });
  for (const read of ['getValue', 'get']) await assert.rejects(secrets[read]('k'), { code: 'closed' });
});

test('without a cache every read asks the backend', async (context) => {
  const { secrets, calls } = counted(context, { cache: 'off' });
  secrets.setSync('k', 'v');
  calls();
  assert.deepEqual(await all(secrets, 'k'), Array(4).fill('v'));
  assert.equal(calls(), 4);
});

test('secrets of hits are copies: one that is wiped leaves the others', (context) => {
  const { secrets } = counted(context);
  secrets.setSync('k', 'v', { provider: 'acme' });
  secrets.getSync('k');
  const [one, other] = [secrets.getSync('k'), secrets.getSync('k')];
  one.wipe();
  assert.throws(() => one.reveal(), { code: 'closed' });
  assert.equal(other.reveal(), 'v');
  assert.equal(other.provider, 'acme');
  assert.equal(secrets.getValueSync('k'), 'v');
});
