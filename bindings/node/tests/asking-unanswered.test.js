'use strict';
// Functions that give secret settings, and come to no answer.

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { open } = require('strongroom');
const { STORE, STORE_KEY, store } = require('./asked-store.js');
const { folderOf } = require('./folder.js');
const { alone } = require('./robust/alone.js');

test('a deadline and a signal end a call whose function does not answer', async (context) => {
  const folder = folderOf(context);
  const never = () => new Promise(() => undefined);
  await assert.rejects(open(store(folder, never, { timeoutMs: 20 })), { code: 'timeout' });
  const controller = new AbortController();
  let isAsked = false;
  const opening = open(
    store(
      folder,
      () => {
        isAsked = true;
        return never();
      },
      { signal: controller.signal },
    ),
  );
  const ended = assert.rejects(opening, { name: 'AbortError' });
  while (!isAsked) await new Promise(setImmediate);
  controller.abort();
  await ended;
  const secrets = await open(store(folder, () => STORE_KEY));
  assert.equal(await secrets.get('key'), null);
});

/** A store that was locked again, with a function that gives the key as long as it is not silent. */
async function locked(folder) {
  const function_ = { asked: 0, isSilent: false };
  const provide = async () => {
    function_.asked += 1;
    if (function_.isSilent) await new Promise(() => undefined);
    return STORE_KEY;
  };
  const secrets = await open(store(folder, provide, { timeoutMs: 60_000 }));
  await secrets.set('key', 'value');
  await secrets.lock();
  function_.isSilent = true;
  return { function_, secrets: secrets.withOptions({ timeoutMs: 60_000 }) };
}

async function isAsked(function_, times) {
  while (function_.asked < times) await new Promise(setImmediate);
}

test('a function that gave no answer is asked again by the next call', async (context) => {
  const { function_, secrets } = await locked(folderOf(context));
  for (let round = 0; round < 10; round += 1) {
    await assert.rejects(secrets.get('key', { timeoutMs: 50 }), { code: 'timeout' });
  }
  // Long enough to be asked in. A write has not begun, so its outcome is known.
  const ended = { code: 'timeout', setting: 'encrypted.key' };
  await assert.rejects(secrets.get('key', { timeoutMs: 500 }), ended);
  await assert.rejects(secrets.set('key', 'lost', { timeoutMs: 500 }), ended);
  function_.isSilent = false;
  assert.equal(await secrets.getValue('key'), 'value');
  await secrets.lock();
  assert.equal(await secrets.getValue('key'), 'value');
  await secrets.close();
});

test('the end of one call is none of another that waits for the same function', async (context) => {
  const { function_, secrets } = await locked(folderOf(context));
  const controller = new AbortController();
  for (const [options, ended] of [
    [{ signal: controller.signal }, { name: 'AbortError', setting: 'encrypted.key' }],
    [{ timeoutMs: 1000 }, { code: 'timeout', setting: 'encrypted.key' }],
  ]) {
    function_.isSilent = true;
    const { asked } = function_;
    const hasty = assert.rejects(secrets.get('key', options), ended);
    await isAsked(function_, asked + 1);
    // It waits for its turn, and not longer than it may.
    await assert.rejects(secrets.get('key', { timeoutMs: 10 }), { code: 'timeout' });
    const patient = secrets.getValue('key');
    function_.isSilent = false;
    controller.abort();
    await hasty;
    assert.equal(await patient, 'value');
    await secrets.lock();
  }
});

test('closing gives up what a function is asked', async (context) => {
  const folder = folderOf(context);
  const { function_, secrets } = await locked(folder);
  const calls = ['getValue', 'describe'].map((verb) => assert.rejects(secrets[verb]('key'), { code: 'closed' }));
  await isAsked(function_, 2);
  await secrets.close();
  await Promise.all(calls);
  const again = await open(store(folder, () => STORE_KEY));
  assert.equal(await again.getValue('key'), 'value');
});

test('an answer that comes after its call has ended opens nothing', async (context) => {
  const folder = folderOf(context);
  const answers = [];
  const provide = () => new Promise((resolve) => answers.push(resolve));
  const opening = open(store(folder, provide));
  while (answers.length < 1) await new Promise(setImmediate);
  answers[0](STORE_KEY);
  const secrets = await opening;
  await secrets.lock();
  const controller = new AbortController();
  const ended = secrets.get('key', { signal: controller.signal });
  while (answers.length < 2) await new Promise(setImmediate);
  controller.abort();
  await assert.rejects(ended, { name: 'AbortError' });
  const call = secrets.get('key');
  // The store asks for one call after the other: the first question is over.
  while (answers.length < 3) await new Promise(setImmediate);
  answers[1]('w'.repeat(32));
  answers[2](STORE_KEY);
  assert.equal(await call, null);
});

test('openings whose function gives no answer leave no threads behind', {
  skip: process.platform !== 'linux' && 'threads are counted in /proc',
}, async () => {
  await alone(`${STORE}
const fs = require('node:fs');
const threads = () => fs.readdirSync('/proc/self/task').length;
const never = () => new Promise(() => undefined);
(async () => {
  await assert.rejects(strongroom.open(store(process.argv[2], never, { timeoutMs: 5 })), { code: 'timeout' });
  const before = threads();
  for (let round = 0; round < 100; round += 1) {
    const given = store(path.join(process.argv[2], String(round)), never, { timeoutMs: 5 });
    await assert.rejects(strongroom.open(given), { code: 'timeout' });
  }
  while (threads() > before + 6) await new Promise(setImmediate);
})();
`);
});

test("an answer that comes too late is nobody's", async () => {
  const said = await alone(`${STORE}
const late = async () => {
  await new Promise((resolve) => setTimeout(resolve, 50));
  throw new Error('too late');
};
strongroom.open(store(process.argv[2], late, { timeoutMs: 5 })).catch((error) => {
  console.log(error.code);
  // The function comes to its end.
  setTimeout(() => undefined, 100);
});
`);
  assert.deepEqual(said, { stdout: 'timeout\n', stderr: '' });
});

test('a function is asked up to the very end of the program', async () => {
  const said = await alone(`${STORE}
const secrets = strongroom.openSync(store(process.argv[2], () => KEY));
secrets.setSync('key', 'value');
process.on('exit', () => {
  secrets.lockSync();
  console.log(secrets.getValueSync('key'));
});
`);
  assert.deepEqual(said, { stdout: 'value\n', stderr: '' });
});

test('what does not answer keeps no process alive', async () => {
  const said = await alone(`${STORE}
strongroom.open(store(process.argv[2], () => new Promise(() => undefined), { timeoutMs: 20 })).catch((error) => {
  console.log(error.code);
});
`);
  assert.deepEqual(said, { stdout: 'timeout\n', stderr: '' });
  await alone(`${STORE}
strongroom.openSync(store(process.argv[2], () => KEY));
`);
  await alone(
    `${STORE}
strongroom.open(store(process.argv[2], () => process.exit(7)));
`,
    { code: 7 },
  );
  await alone(
    `${STORE}
strongroom.openSync(store(process.argv[2], () => process.exit(7)));
`,
    { code: 7 },
  );
});

test('the end of a thread answers what its functions were asked', async () => {
  await alone(`${STORE}
(async () => {
  // The worker's function does not come to an end, in either form; nor is it left alone by its thread's end.
  for (const provide of ['() => new Promise(() => undefined)', '() => { for (;;); }']) {
    for (const form of ['open', 'openSync']) {
      const { Worker } = require('node:worker_threads');
      const worker = new Worker(\`
        const { parentPort, workerData } = require('node:worker_threads');
        const strongroom = require(workerData.library);
        const provide = \${provide};
        const asked = () => { parentPort.postMessage('asked'); return provide(); };
        const { stated } = workerData;
        Promise.resolve(strongroom.\${form}({ ...stated, secrets: { 'encrypted.key': asked } })).catch(() => undefined);
      \`, { eval: true, workerData: { library: PACKAGE, stated: { ...store(process.argv[2]), secrets: null } } });
      worker.on('error', (error) => assert.equal(error.code, 'invalid_config'));
      await new Promise((resolve) => worker.once('message', resolve));
      await worker.terminate();
      // The store is free for others.
      const secrets = await strongroom.open(store(process.argv[2], () => KEY));
      await secrets.set('key', 'value');
      await secrets.close();
    }
  }
})();
`);
});

test('the end of a thread frees the threads of the library that have asked it', {
  skip: process.platform !== 'linux' && 'threads are counted in /proc',
}, async () => {
  await alone(`${STORE}
const fs = require('node:fs');
const { once } = require('node:events');
const { Worker } = require('node:worker_threads');
const threads = () => fs.readdirSync('/proc/self/task').length;
const one = async (at) => {
  const worker = new Worker(\`
    const { parentPort, workerData } = require('node:worker_threads');
    const asked = () => { parentPort.postMessage('asked'); return new Promise(() => undefined); };
    require(workerData.library).open({ ...workerData.stated, secrets: { 'encrypted.key': asked } });
  \`, { eval: true, workerData: { library: PACKAGE, stated: { ...store(path.join(process.argv[2], at)), secrets: null } } });
  await once(worker, 'message');
  return worker;
};
(async () => {
  await strongroom.open(store(process.argv[2], () => KEY));
  const before = threads();
  const workers = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(one));
  assert(threads() >= before + 12);
  await Promise.all(workers.map((worker) => worker.terminate()));
  while (threads() > before + 6) await new Promise(setImmediate);
})();
`);
});
