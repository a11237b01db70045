'use strict';
// Functions that give promises, where a call keeps the event loop waiting that needs what they give. The deadlines are
// so long that a call which came to one would be ended with its process.

const assert = require('node:assert/strict');
const path = require('node:path');
const { test } = require('node:test');

const { open, openSync } = require('strongroom');
const { STORE, STORE_KEY, store } = require('./asked-store.js');
const { folderOf } = require('./folder.js');
const { alone } = require('./robust/alone.js');

const REFUSED = { code: 'invalid_config', setting: 'encrypted.key', message: /gives? a promise/ };
const LONG = { timeoutMs: 600_000 };

/** A store that is locked, whose function answers when it is told to. */
async function locked(folder, name = 'store') {
  const asked = [];
  let isLate = false;
  const provide = () => (isLate ? new Promise((resolve) => asked.push(() => resolve(STORE_KEY))) : STORE_KEY);
  const settings = { 'encrypted.path': path.join(folder, name), cache: 'off' };
  const secrets = await open(store(folder, provide, { settings, ...LONG }));
  await secrets.set('key', 'value');
  await secrets.lock();
  isLate = true;
  const isAsked = async () => {
    while (asked.length === 0) await new Promise(setImmediate);
  };
  const answer = async () => {
    await isAsked();
    for (const one of asked.splice(0)) one();
  };
  return { answer, isAsked, secrets: secrets.withOptions(LONG) };
}

/** The calls that wait, each of which needs the key of the store. */
function waiting(secrets, memory) {
  return [
    () => secrets.getValueSync('key'),
    () => secrets.listSync(),
    () => secrets.setSync('other', 'value'),
    () => secrets.setManySync({ other: 'value' }),
    () => secrets.updateMetadataSync('key', { labels: { a: 'b' } }),
    () => secrets.deleteSync('key'),
    () => secrets.exportSync('dotenv'),
    () => secrets.copyToSync(memory, LONG),
    () => secrets.copyToSync(memory, { ...LONG, onProgress: () => undefined }),
    () => memory.copyToSync(secrets, LONG),
  ];
}

test('a call that waits does not wait for a promise because promises of others are open', async (context) => {
  const folder = folderOf(context);
  const { secrets } = await locked(folder);
  const memory = openSync('memory', { environment: false });
  memory.setSync('from', 'memory');
  // Its function answers when this test has come to its end.
  const other = await locked(folder, 'other');
  const open_ = other.secrets.getValue('key');
  for (const isAsked of [false, true]) {
    if (isAsked) await other.isAsked();
    for (const call of waiting(secrets, memory)) assert.throws(call, REFUSED, String(call));
    assert.throws(() => openSync(store(path.join(folder, 'third'), async () => STORE_KEY, LONG)), REFUSED);
  }
  await other.answer();
  assert.equal(await open_, 'value');
});

test('a call that waits does not wait for a promise that another call has asked for', async (context) => {
  const { answer, isAsked, secrets } = await locked(folderOf(context));
  const memory = openSync('memory', { environment: false });
  memory.setSync('from', 'memory');
  for (const isAskedBefore of [false, true]) {
    for (const call of waiting(secrets, memory)) {
      const read = secrets.getValue('key');
      // Else it is asked while the call waits.
      if (isAskedBefore) await isAsked();
      assert.throws(call, REFUSED, String(call));
      await answer();
      assert.equal(await read, 'value');
      // Nothing of the call was done.
      assert.deepEqual([...(await secrets.getMany(['key', 'other', 'from'])).secrets.keys()], ['key']);
      assert.equal((await secrets.get('key')).labels.a, undefined);
      assert.equal(memory.existsSync('key'), false);
      await secrets.lock();
    }
  }
});

test('a call that waits serves the functions of others, also those that give promises', async (context) => {
  const folder = folderOf(context);
  const { answer, secrets } = await locked(folder);
  const other = openSync(
    store(folder, () => STORE_KEY, { settings: { 'encrypted.path': path.join(folder, 'other') }, ...LONG }),
  );
  other.lockSync();
  const read = secrets.getValue('key');
  assert.equal(other.setSync('key', 'value', LONG).created, true);
  await answer();
  assert.equal(await read, 'value');
});

test('closing waits for no promise of a function', async (context) => {
  const { isAsked, secrets } = await locked(folderOf(context));
  const read = assert.rejects(secrets.getValue('key'), { code: 'closed' });
  await isAsked();
  secrets.closeSync(LONG);
  await read;
});

test('a function may use another manager that waits while it is asked', async (context) => {
  const folder = folderOf(context);
  const inner = await open(store(path.join(folder, 'inner'), () => STORE_KEY, LONG));
  const memory = openSync('memory', { environment: false });
  memory.setSync('key', STORE_KEY);
  const provide = () => {
    inner.lockSync(LONG);
    inner.setSync('key', 'value', LONG);
    return memory.getValueSync('key');
  };
  const secrets = openSync(store(path.join(folder, 'outer'), provide, LONG));
  secrets.lockSync();
  secrets.setSync('key', 'value', LONG);
  await secrets.lock();
  await secrets.set('key', 'other', LONG);
  assert.equal(await secrets.getValue('key'), 'other');
});

test('what waits for ever is refused at once', async () => {
  const said = await alone(`${STORE}
(async () => {
  const secrets = await strongroom.open(store(process.argv[2], async () => KEY));
  await secrets.lock();
  const other = store(path.join(process.argv[2], 'other'), () => new Promise(() => undefined), { timeoutMs: 5000 });
  strongroom.open(other).catch(() => undefined);
  try {
    secrets.getValueSync('key');
  } catch (error) {
    console.log(error.code);
  }
  process.exit();
})();
`);
  assert.deepEqual(said, { stdout: 'invalid_config\n', stderr: '' });
});
