'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { inBothForms, inMemory } = require('./forms.js');

const names = (page) => page.entries.map((entry) => entry.name);

inBothForms('names are listed in order, with what is known and without values', async (secrets, call) => {
  await call(secrets, 'set', 'org/acme/b', 'value-b', { provider: 'aws', labels: { team: 'web' } });
  await call(secrets, 'set', 'org/acme/a', 'value-a');
  await call(secrets, 'set', 'token', 'value-t', { expiresAt: new Date(0) });
  const page = await call(secrets, 'list');
  assert.deepEqual(names(page), ['global/token', 'org/acme/a', 'org/acme/b']);
  assert.equal(page.next, null);
  const [token, , b] = page.entries;
  assert.deepEqual([token.expired, token.expiresAt, token.isReference], [true, new Date(0), false]);
  assert.deepEqual([b.provider, b.labels, b.expired], ['aws', { team: 'web' }, false]);
  assert.ok(!JSON.stringify(page).includes('value-'));
});

inBothForms('a list is filtered', async (secrets, call) => {
  await call(secrets, 'setMany', { 'org/acme/api_key': '1', 'org/acme/api_url': '2', 'org/other/api_key': '3' });
  await call(secrets, 'updateMetadata', 'org/acme/api_url', { provider: 'aws' });
  assert.deepEqual(names(await call(secrets, 'list', { prefix: 'org/acme/api_k' })), ['org/acme/api_key']);
  assert.deepEqual(names(await call(secrets, 'list', { provider: 'aws' })), ['org/acme/api_url']);
  assert.deepEqual(names(await call(secrets, 'list', { scope: 'org/other' })), ['org/other/api_key']);
  const full = await call(secrets.scoped('org/acme'), 'list', { prefix: 'api_u', fullMetadata: true });
  assert.deepEqual(names(full), ['org/acme/api_url']);
});

inBothForms('pages follow each other', async (secrets, call) => {
  await call(secrets, 'setMany', { a: '1', b: '2', c: '3' });
  const first = await call(secrets, 'list', { limit: 2 });
  assert.deepEqual([names(first), first.next], [['global/a', 'global/b'], 'global/b']);
  const second = await call(secrets, 'list', { limit: 2, after: first.next });
  assert.deepEqual([names(second), second.next], [['global/c'], null]);
  assert.deepEqual(names(await call(secrets, 'list', { limit: Infinity })), ['global/a', 'global/b', 'global/c']);
  await assert.rejects(call(secrets, 'list', { limit: 0 }), { code: 'invalid_argument' });
  await assert.rejects(call(secrets, 'list', { limit: 1.5 }), { code: 'invalid_argument', setting: 'limit' });
  await assert.rejects(call(secrets, 'list', { after: 'no/key' }), { code: 'invalid_key' });
});

test('entries go through all pages, whatever their size', async (test) => {
  const secrets = inMemory(test);
  await secrets.setMany({ a: '1', b: '2', c: '3', d: '4', e: '5' });
  const all = ['global/a', 'global/b', 'global/c', 'global/d', 'global/e'];
  for (const limit of [1, 2, 5, 100, undefined]) {
    const seen = [];
    for await (const entry of secrets.entries({ limit })) seen.push(entry.name);
    assert.deepEqual(seen, all);
    assert.deepEqual(
      Array.from(secrets.entriesSync({ limit }), (entry) => entry.name),
      all,
    );
  }
  const rest = Array.from(secrets.entriesSync({ limit: 1, after: 'c' }), (entry) => entry.name);
  assert.deepEqual(rest, ['global/d', 'global/e']);
});

test('entries ask for a page when it is needed, and stop where the program stops', async (test) => {
  const secrets = inMemory(test);
  await secrets.setMany({ a: '1', c: '3' });
  const seen = [];
  for await (const entry of secrets.entries({ limit: 1 })) {
    seen.push(entry.name);
    if (entry.name === 'global/a') await secrets.set('b', '2');
    if (entry.name === 'global/b') break;
  }
  assert.deepEqual(seen, ['global/a', 'global/b']);
});

test('entries end with the error of the page that fails', async (test) => {
  const secrets = inMemory(test);
  await secrets.setMany({ a: '1', b: '2' });
  const abort = new AbortController();
  const entries = secrets.entries({ limit: 1, signal: abort.signal });
  assert.equal((await entries.next()).value.name, 'global/a');
  abort.abort();
  await assert.rejects(entries.next(), { name: 'AbortError', code: 'cancelled' });
  assert.deepEqual(await entries.next(), { done: true, value: undefined });
  assert.throws(() => secrets.entriesSync({ limit: 0 }).next(), { code: 'invalid_argument' });
  await assert.rejects(secrets.entries({ limits: 1 }).next(), { name: 'TypeError', message: /no option 'limits'/ });
});
