'use strict';
// Being told of changes.

const assert = require('node:assert/strict');
const path = require('node:path');
const { Readable } = require('node:stream');
const { test } = require('node:test');

const { AbortError, StrongroomError, openSync } = require('strongroom');

const { folderOf } = require('./folder.js');
const { inBothForms, inMemory } = require('./forms.js');

const DONE = { value: undefined, done: true };
/** For what never comes. */
const PATIENCE_MS = 10_000;

const told = ({ kind, key }) => [kind, key];

/** A manager of an encrypted store in a folder. */
function inStore(context, folder, options) {
  const settings = { 'encrypted.path': path.join(folder, 'secrets.strongroom') };
  const secrets = { 'encrypted.key': Buffer.alloc(32, 'k') };
  const store = openSync('encrypted', { settings, secrets, environment: false, ...options });
  context.after(() => store.closeSync());
  return store;
}

inBothForms('changes are told in their order, with versions, and no value is among them', async (secrets, call) => {
  const changes = await call(secrets, 'subscribe');
  const { version, number } = await call(secrets, 'set', 'token', 'c4nary');
  await call(secrets, 'delete', 'token');
  const set = changes.nextSync(PATIENCE_MS);
  assert.deepEqual(set, { kind: 'set', key: 'global/token', version, number, health: null, reason: null });
  const { value, done } = await changes.next();
  assert.deepEqual(told(value), ['deleted', 'global/token']);
  assert.deepEqual([value.version, value.number, done], [null, null, false]);
});

test('a loop goes over changes, and leaving it ends them', async (context) => {
  const secrets = inMemory(context);
  const changes = await secrets.subscribe({ keys: new Set(['a', 'b', 'end']) });
  const loop = (async () => {
    const found = [];
    for await (const change of changes) {
      found.push(told(change));
      if (change.key === 'global/end') break;
    }
    return found;
  })();
  for (const key of ['a', 'other', 'b', 'end']) await secrets.set(key, 'value');
  assert.deepEqual(await loop, [
    ['set', 'global/a'],
    ['set', 'global/b'],
    ['set', 'global/end'],
  ]);
  assert.deepEqual(await changes.next(), DONE);
  assert.equal(changes.nextSync(0), null);
});

test('who asks first gets the first change', async (context) => {
  const secrets = inMemory(context);
  const changes = await secrets.subscribe();
  const waits = Array.from({ length: 5 }, () => changes.next());
  for (let at = 0; at < 5; at += 1) await secrets.set(`key${at}`, 'value');
  const keys = (await Promise.all(waits)).map(({ value }) => value.key);
  assert.deepEqual(keys, ['global/key0', 'global/key1', 'global/key2', 'global/key3', 'global/key4']);
});

for (const [how, end] of Object.entries({
  close: (changes) => changes.close(),
  return: async (changes) => assert.deepEqual(await changes.return(), DONE),
  'Symbol.asyncDispose': (changes) => changes[Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')](),
  'Symbol.dispose': (changes) => changes[Symbol.dispose ?? Symbol.for('Symbol.dispose')](),
})) {
  test(`${how} ends all waits`, async (context) => {
    const secrets = inMemory(context);
    const changes = await secrets.subscribe();
    const waits = [changes.next(), changes.next(), changes.next()];
    await end(changes);
    assert.deepEqual(await Promise.all(waits), [DONE, DONE, DONE]);
    await secrets.set('token', 'later');
    assert.deepEqual(await changes.next(), DONE);
    assert.equal(changes.nextSync(), null);
    changes.close();
  });
}

test('what has happened before the manager was closed is still told', async (context) => {
  const secrets = inMemory(context);
  const [first, second] = [await secrets.subscribe(), secrets.subscribeSync()];
  const wait = first.next();
  await secrets.set('token', 'value');
  const late = first.next();
  await secrets.close();
  assert.deepEqual(told((await wait).value), ['set', 'global/token']);
  assert.deepEqual(await late, DONE);
  assert.deepEqual(told(second.nextSync()), ['set', 'global/token']);
  assert.equal(second.nextSync(), null);
  await assert.rejects(secrets.subscribe(), { code: 'closed' });
  assert.throws(() => secrets.subscribeSync(), { code: 'closed' });
});

test('a signal ends changes, of which all hear who wait', async (context) => {
  const secrets = inMemory(context);
  const reason = new Error('enough');
  for (const subscribe of [
    (signal) => secrets.subscribe({ signal }),
    (signal) => secrets.withOptions({ signal }).subscribe(),
    async (signal) => secrets.withOptions({ signal }).subscribeSync(),
  ]) {
    const aborting = new AbortController();
    const changes = await subscribe(aborting.signal);
    const waits = [changes.next(), changes.next()];
    aborting.abort(reason);
    for (const { reason: error } of await Promise.allSettled(waits)) {
      assert.ok(error instanceof AbortError);
      assert.deepEqual([error.name, error.code, error.cause], ['AbortError', 'cancelled', reason]);
    }
    assert.deepEqual(await changes.next(), DONE);
    await assert.rejects(subscribe(aborting.signal), AbortError);
  }
});

test('who waits after the signal hears of it, too, and only once', async (context) => {
  const secrets = inMemory(context);
  for (const next of [(changes) => changes.next(), async (changes) => changes.nextSync(PATIENCE_MS)]) {
    const aborting = new AbortController();
    const changes = await secrets.subscribe({ signal: aborting.signal });
    await secrets.set('token', 'value');
    aborting.abort();
    await assert.rejects(next(changes), AbortError);
    assert.deepEqual(await changes.next(), DONE);
  }
});

test('changes that were closed do not hear of the signal', async (context) => {
  const secrets = inMemory(context);
  const aborting = new AbortController();
  const changes = await secrets.subscribe({ signal: aborting.signal });
  changes.close();
  aborting.abort();
  assert.deepEqual(await changes.next(), DONE);
});

test('a thread waits only as long as it says, and loses nothing', async (context) => {
  const secrets = inMemory(context);
  const changes = secrets.subscribeSync();
  for (const timeoutMs of [0, 1, 60]) {
    assert.throws(
      () => changes.nextSync(timeoutMs),
      (error) => {
        assert.ok(error instanceof StrongroomError);
        assert.deepEqual([error.code, error.operation, error.retryable], ['timeout', 'subscribe', true]);
        return true;
      },
    );
  }
  // Of two who wait the other one comes first.
  const wait = changes.next();
  assert.throws(() => changes.nextSync(1), { code: 'timeout' });
  secrets.setSync('a', 'value');
  secrets.setSync('b', 'value');
  assert.equal(changes.nextSync(PATIENCE_MS).key, 'global/b');
  assert.equal((await wait).value.key, 'global/a');
});

inBothForms('a view is told of its scope', async (secrets, call) => {
  const view = secrets.scoped('org/acme');
  const ofView = await call(view, 'subscribe', { keys: null, prefix: 'api' });
  const ofScope = await call(secrets, 'subscribe', { scope: 'org/acme', keys: ['other'] });
  for (const key of ['api_key', 'org/acme/other', 'org/acme/api_key']) await call(secrets, 'set', key, 'value');
  assert.equal(ofView.nextSync(PATIENCE_MS).key, 'org/acme/api_key');
  assert.equal(ofScope.nextSync(PATIENCE_MS).key, 'org/acme/other');
});

test('what another manager of the store changes is told', async (context) => {
  const folder = folderOf(context);
  const [here, there] = [inStore(context, folder), inStore(context, folder)];
  await here.set('token', 'old');
  const changes = await here.subscribe({ keys: ['token'], everyMs: 5 });
  const wait = changes.next();
  const { version } = await there.set('token', 'new');
  const { value } = await wait;
  assert.deepEqual([value.kind, value.key, value.version], ['set', 'global/token', version]);
  assert.equal(await here.getValue('token'), 'new');
});

test('a store whose key a function gives is looked at while its thread waits', async (context) => {
  const folder = folderOf(context);
  const secrets = { 'encrypted.key': () => Buffer.alloc(32, 'k') };
  const here = inStore(context, folder, { secrets });
  const there = inStore(context, folder);
  here.setSync('token', 'old');
  const changes = here.subscribeSync({ keys: ['token'], everyMs: 5 });
  assert.throws(() => changes.nextSync(1), { code: 'timeout' });
  there.setSync('token', 'new');
  assert.equal(changes.nextSync(PATIENCE_MS).kind, 'set');
});

test('who is too slow is told that changes are missing', async (context) => {
  const secrets = inMemory(context);
  const changes = secrets.subscribeSync();
  for (let at = 0; at < 1100; at += 1) secrets.setSync('token', 'value');
  const { kind, key } = changes.nextSync(PATIENCE_MS);
  assert.deepEqual([kind, key], ['missed', null]);
  assert.equal((await changes.next()).value.kind, 'set');
});

test('100 subscriptions are told each change, and 100 others end with one signal', async (context) => {
  const secrets = inMemory(context);
  const aborting = new AbortController();
  const many = () => Array.from({ length: 100 });
  const warned = [];
  const hear = (warning) => warned.push(String(warning));
  process.on('warning', hear);
  context.after(() => process.off('warning', hear));
  const told = await Promise.all(many().map(() => secrets.subscribe()));
  const ended = await Promise.all(many().map(() => secrets.subscribe({ keys: ['x'], signal: aborting.signal })));
  const waits = told.map((changes) => changes.next());
  const ends = ended.map((changes) => changes.next());
  await secrets.set('token', 'value');
  for (const { value } of await Promise.all(waits)) assert.equal(value.key, 'global/token');
  aborting.abort();
  for (const { reason } of await Promise.allSettled(ends)) assert.ok(reason instanceof AbortError);
  assert.deepEqual(warned, []);
});

test('a stream is made of changes, and its end ends them', async (context) => {
  const secrets = inMemory(context);
  const changes = await secrets.subscribe();
  const stream = Readable.from(changes);
  const heard = new Promise((resolve) => stream.once('data', resolve));
  await secrets.set('token', 'value');
  assert.equal((await heard).key, 'global/token');
  const closed = new Promise((resolve) => stream.once('close', resolve));
  stream.destroy();
  changes.close();
  await closed;
});

inBothForms('arguments of a wrong type are refused', async (secrets, call) => {
  const wrong = [{ keys: 'token' }, { keys: [7] }, { prefix: 7 }, { everyMs: '5' }, { every: 5 }, new Map(), 'keys'];
  for (const options of wrong) {
    await assert.rejects(call(secrets, 'subscribe', options), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  }
  await assert.rejects(call(secrets, 'subscribe', { everyMs: -1 }), { code: 'invalid_argument', setting: 'everyMs' });
  await assert.rejects(call(secrets, 'subscribe', { keys: ['a/b'] }), { code: 'invalid_key' });
  await assert.rejects(call(secrets, 'subscribe', { scope: 'nonsense' }), { code: 'invalid_key' });
  const changes = await call(secrets, 'subscribe', null);
  assert.throws(() => changes.nextSync('1'), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  assert.throws(() => changes.nextSync(-1), { code: 'invalid_argument', setting: 'timeoutMs' });
});

test('methods are those of a subscription', async (context) => {
  const secrets = inMemory(context);
  const changes = await secrets.subscribe();
  assert.equal(changes[Symbol.asyncIterator](), changes);
  assert.equal(String(changes), '[object Subscription]');
  assert.equal(changes.ref(), changes);
  assert.equal(changes.unref(), changes);
  const { next, nextSync, close, ref } = changes;
  await assert.rejects(next.call({}), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  for (const method of [nextSync, close, ref]) assert.throws(() => method.call(secrets), { name: 'TypeError' });
  assert.throws(() => new changes.constructor(), { name: 'TypeError' });
  assert.throws(() => secrets.subscribeSync({ signal: new AbortController().signal }), { name: 'TypeError' });
});

test('what is not needed by a program that asks for no changes is not loaded', () => {
  const { execFileSync } = require('node:child_process');
  const program = `
    const { openSync } = require('strongroom');
    const secrets = openSync('memory', { environment: false });
    secrets.getValueSync('token');
    const loaded = () => Object.keys(require.cache).some((file) => file.endsWith('changes.js'));
    const before = loaded();
    secrets.subscribeSync().close();
    console.log(before, loaded());
  `;
  const said = execFileSync(process.execPath, ['-e', program], { cwd: path.join(__dirname, '..'), encoding: 'utf8' });
  assert.equal(said, 'false true\n');
});
