'use strict';
// References, what a backend keeps of what was removed, and what is counted.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { REFERENCE_LABEL, Secret } = require('strongroom');

const { folderOf } = require('./folder.js');
const { inBothForms, inMemory, skip, testForms } = require('./forms.js');
const { opened } = require('./failures.js');

inBothForms('a reference leads to a secret, and to a part of it', async (secrets, call) => {
  await call(secrets, 'set', 'org/acme/db', '{"password": "s3cret", "port": 5432}', { provider: 'us' });
  const found = await call(secrets, 'resolve', 'secret://org/acme/db#/password');
  assert.ok(found instanceof Secret);
  assert.deepEqual([found.reveal(), found.provider, found.staleForMs], ['s3cret', 'us', null]);
  const port = await call(secrets, 'resolve', 'secret://db#/port', { scope: 'org/acme' });
  assert.equal(port.reveal(), '5432');
  assert.equal(await call(secrets, 'resolve', 'secret://org/acme/db#/user'), null);
  assert.equal(await call(secrets, 'resolve', 'secret://other'), null);
});

inBothForms('a stored reference is followed by its label, by resolve alone', async (secrets, call) => {
  assert.equal(REFERENCE_LABEL, 'strongroom.reference');
  await call(secrets, 'set', 'target', 's3cret');
  await call(secrets, 'set', 'reference', 'secret://target', { labels: { [REFERENCE_LABEL]: 'secret' } });
  assert.equal((await call(secrets, 'resolve', 'secret://reference')).reveal(), 's3cret');
  assert.equal(await call(secrets, 'getValue', 'reference'), 'secret://target');
});

testForms('a file is read where the settings allow it', async (context, call) => {
  const file = path.join(folderOf(context), 'password');
  fs.writeFileSync(file, 's3cret');
  const allowed = inMemory(context, { settings: { references: 'file' } });
  assert.equal((await call(allowed, 'resolve', `file:${file}`)).reveal(), 's3cret');
  await assert.rejects(call(allowed, 'resolve', 'env:PATH'), { code: 'policy_denied', operation: 'resolve' });
  await assert.rejects(call(inMemory(context), 'resolve', `file:${file}`), { code: 'policy_denied' });
});

inBothForms('what is no reference is refused', async (secrets, call) => {
  await assert.rejects(call(secrets, 'resolve', 'no reference'), { code: 'invalid_argument' });
  for (const wrong of [7, null, undefined, {}]) {
    await assert.rejects(call(secrets, 'resolve', wrong), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  }
});

testForms('what was removed softly is brought back', { skip }, async (context, call) => {
  const secrets = opened('fault', { 'fault.restore': 'on' });
  context.after(() => secrets.closeSync());
  assert.equal(secrets.backend.restore, true);
  await call(secrets, 'set', 'token', 't0p');
  assert.equal(await call(secrets, 'delete', 'token', { soft: true }), undefined);
  assert.equal(await call(secrets, 'get', 'token'), null);
  const outcome = await call(secrets, 'restore', 'token');
  assert.equal(typeof outcome.version, 'string');
  assert.equal(await call(secrets, 'getValue', 'token'), 't0p');
  await assert.rejects(call(secrets, 'restore', 'token'), { code: 'conflict', key: 'global/token' });
  await call(secrets, 'delete', 'token', { force: true, missingOk: false });
  await assert.rejects(call(secrets, 'restore', 'token'), { code: 'not_found' });
});

inBothForms('a backend that keeps nothing says so', async (secrets, call) => {
  assert.equal(secrets.backend.restore, false);
  await call(secrets, 'set', 'token', 't0p');
  await assert.rejects(call(secrets, 'delete', 'token', { soft: true }), { code: 'unsupported' });
  await assert.rejects(call(secrets, 'delete', 'token', { version: 1 }), { code: 'unsupported' });
  await assert.rejects(call(secrets, 'delete', 'token', { soft: true, force: true }), { code: 'invalid_argument' });
  await assert.rejects(call(secrets, 'delete', 'token', { soft: 1 }), { name: 'TypeError' });
  assert.equal(await call(secrets, 'getValue', 'token'), 't0p');
  await call(secrets, 'delete', 'token', { force: true });
  await assert.rejects(call(secrets, 'restore', 'token'), { code: 'unsupported' });
});

testForms('a fresh read asks the backend, and so does the first one after refresh', async (context, call) => {
  const secrets = inMemory(context);
  const asked = () => secrets.metrics()['calls.get'] ?? 0;
  await call(secrets, 'set', 'token', 't0p');
  await call(secrets, 'get', 'token');
  const first = asked();
  await call(secrets, 'get', 'token');
  assert.equal(asked(), first);
  assert.equal((await call(secrets, 'get', 'token', { fresh: true })).reveal(), 't0p');
  assert.equal(asked(), first + 1);
  assert.equal(await call(secrets, 'refresh'), undefined);
  assert.equal((await call(secrets, 'get', 'token')).reveal(), 't0p');
  assert.equal(asked(), first + 2);
});

testForms('what is answered without the backend says how old it is', { skip }, async (context, call) => {
  const fails = { 'fault.remote': 'on', 'fault.script': 'get*1:pass;get:unavailable', retries: '0' };
  const cache = { cache: 'on', cache_ttl: '1ms', cache_max_stale: '1h' };
  const secrets = opened('fault', { ...fails, ...cache });
  context.after(() => secrets.closeSync());
  await call(secrets, 'set', 'token', 't0p');
  assert.equal((await call(secrets, 'get', 'token')).staleForMs, null);
  // The cache's clock has ticks of some milliseconds.
  const end = performance.now() + 10_000;
  let stale = await call(secrets, 'get', 'token');
  while (stale.staleForMs === null && performance.now() < end) stale = await call(secrets, 'get', 'token');
  assert.equal(stale.reveal(), 't0p');
  assert.ok(stale.staleForMs >= 1 && stale.staleForMs < 3_600_000, String(stale.staleForMs));
});

test('what is counted are numbers by names', (context) => {
  const secrets = inMemory(context);
  secrets.setSync('org/acme/api_key', 'c4nary');
  const view = secrets.scoped('org/acme');
  view.getSync('api_key');
  view.getSync('api_key');
  const counted = secrets.metrics();
  assert.ok(counted['calls.set'] === 1 && counted['cache.hits'] === 1);
  assert.deepEqual(view.metrics()['calls.get'], counted['calls.get']);
  for (const [name, number] of Object.entries(counted)) {
    assert.ok(Number.isSafeInteger(number) && number >= 0, name);
    assert.ok(!name.includes('acme') && !name.includes('c4nary'), name);
  }
  secrets.closeSync();
  assert.equal(secrets.metrics()['calls.set'], 1, 'it tells what it has counted also when it is closed');
});
