'use strict';
// Copies that are followed by a function.

const assert = require('node:assert/strict');
const { AsyncLocalStorage } = require('node:async_hooks');
const { EventEmitter, once } = require('node:events');
const path = require('node:path');
const { test } = require('node:test');
const { Worker } = require('node:worker_threads');

const { openSync } = require('strongroom');

const { hangingAfter, memory, names } = require('./copying.js');
const { folderOf } = require('./folder.js');
const { skip, testForms } = require('./forms.js');
const native = require('../lib/native.js');

testForms('progress is told after each secret', async (_, ask) => {
  const [source, target] = [memory(), memory()];
  for (const name of ['A', 'B']) source.setSync(name, name);
  const told = [];
  const onProgress = (progress) => told.push(progress);
  await ask(source, 'copyPlan', target, { onProgress });
  assert.deepEqual(told, [
    { phase: 'planning', done: 1, total: 2, key: 'global/A' },
    { phase: 'planning', done: 2, total: 2, key: 'global/B' },
  ]);
  told.length = 0;
  await ask(source, 'copyTo', target, { onProgress });
  assert.deepEqual(
    told.map(({ phase, done }) => [phase, done]),
    [
      ['planning', 1],
      ['planning', 2],
      ['copying', 1],
      ['copying', 2],
    ],
  );
});

test('progress of a promise is told after the call, while the copy goes on', { skip }, async () => {
  const source = hangingAfter('planning');
  const told = [];
  const first = new EventEmitter();
  const begun = once(first, 'told');
  const onProgress = ({ phase, done }) => {
    told.push(`${phase} ${done}`);
    first.emit('told');
  };
  const copying = source.copyTo(memory(), { onProgress });
  assert.deepEqual(told, [], 'told before the call has returned');
  await begun;
  assert.deepEqual(told, ['planning 1']);
  while (native.testingFaultCounters().waiting === 0) await new Promise(setImmediate);
  native.testingFaultWake();
  await copying;
  const all = ['planning', 'copying'].flatMap((phase) => [1, 2, 3].map((done) => `${phase} ${done}`));
  assert.deepEqual(told, all);
});

test('all progress is told before the promise is settled, in its order', async () => {
  const [source, target] = [memory(), memory()];
  const many = 300;
  source.setManySync(Array.from({ length: many }, (_, at) => [`key${at}`, 'value']));
  const told = [];
  let turns = 0;
  const onProgress = ({ phase, done, total }) => {
    // Slow enough for several turns.
    for (const began = process.hrtime.bigint(); process.hrtime.bigint() - began < 50_000n; );
    assert.equal(total, many);
    told.push([phase, done]);
  };
  const turn = () => {
    turns += 1;
    next = setImmediate(turn);
  };
  let next = setImmediate(turn);
  await source.copyTo(target, { onProgress });
  clearImmediate(next);
  const counted = (phase) => Array.from({ length: many }, (_, at) => [phase, at + 1]);
  assert.deepEqual(told, [...counted('planning'), ...counted('copying')]);
  assert.ok(turns >= 2, `${turns} turns`);
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  assert.equal(told.length, 2 * many, 'told after the promise was settled');
});

testForms('progress is told in the asynchronous context of the copy', async (_, ask) => {
  const [source, target] = [memory(), memory()];
  source.setSync('A', '1');
  const storage = new AsyncLocalStorage();
  const seen = [];
  const onProgress = () => seen.push(storage.getStore());
  await storage.run('mine', () => ask(source, 'copyTo', target, { onProgress }));
  assert.deepEqual(seen, ['mine', 'mine']);
});

test('a copy is followed where a test has put its own clock in place of the real one', async (context) => {
  context.mock.timers.enable({ apis: ['setImmediate', 'setTimeout', 'setInterval'] });
  const [source, target] = [memory(), memory()];
  source.setSync('A', '1');
  const told = [];
  await source.copyTo(target, { onProgress: ({ phase }) => told.push(phase) });
  assert.deepEqual(told, ['planning', 'copying']);
});

for (const phase of ['planning', 'deleting']) {
  testForms(`what progress throws ends the copy: ${phase}`, { skip }, async (_, ask) => {
    // What is no error goes on as it is, too; and what looks like an error of the library.
    for (const thrown of [new RangeError('enough'), undefined, { code: 'locked', message: 'mine' }]) {
      const [source, target] = [hangingAfter(phase), memory()];
      const told = [];
      const onProgress = (progress) => {
        told.push(progress.phase);
        if (progress.phase === phase) throw thrown;
      };
      let caught = 'nothing';
      try {
        await ask(source, 'copyTo', target, { deleteSource: true, allowLoss: true, onProgress });
      } catch (error) {
        caught = error;
      }
      assert.equal(caught, thrown);
      assert.equal(told.filter((one) => one === phase).length, 1, 'progress was told again');
      assert.deepEqual([names(source).length, names(target).length], phase === 'planning' ? [3, 0] : [2, 3]);
    }
  });
}

test('what progress throws comes out of a copy that has come to its end before it is told', async () => {
  const [source, target] = [memory(), memory()];
  for (const name of ['A', 'B']) source.setSync(name, name);
  const told = [];
  const onProgress = ({ done }) => {
    told.push(done);
    throw new RangeError('enough');
  };
  await assert.rejects(source.copyTo(target, { onProgress }), RangeError);
  assert.deepEqual(told, [1]);
});

testForms('progress may ask managers, and copy', async (_, ask) => {
  const [source, target, third] = [memory(), memory(), memory()];
  source.setSync('A', '1');
  const there = [];
  const inner = [];
  const onProgress = ({ key }) => {
    there.push(target.existsSync(key));
    source.copyToSync(third, { onProgress: ({ phase }) => inner.push(phase) });
  };
  await ask(source, 'copyTo', target, { onProgress });
  // A copy that JavaScript does not wait for may be further than what is told.
  assert.deepEqual([there.length, there.at(-1)], [2, true]);
  assert.deepEqual(inner, ['planning', 'copying', 'planning', 'copying']);
});

testForms('a copy that is followed asks functions for secret settings', async (context, ask) => {
  const folder = folderOf(context);
  let asked = 0;
  const key = () => {
    asked += 1;
    return Buffer.alloc(32, 'k');
  };
  const target = openSync({
    backend: 'encrypted',
    settings: { 'encrypted.path': path.join(folder, 'secrets.strongroom') },
    secrets: { 'encrypted.key': key },
    environment: false,
  });
  target.lockSync();
  const former = asked;
  const source = memory();
  source.setSync('A', '1');
  const told = [];
  await ask(source, 'copyTo', target, { onProgress: ({ phase }) => told.push(phase) });
  assert.ok(asked > former, 'the copy did not need the key');
  assert.deepEqual(told, ['planning', 'copying']);
  assert.equal(target.getValueSync('A'), '1');
  target.closeSync();
});

test('a worker that ends in the middle of a copy that it follows ends', async () => {
  const program = `
    const { parentPort } = require('node:worker_threads');
    const { openSync } = require(${JSON.stringify(require.resolve('strongroom'))});
    const settings = { 'fault.script': 'get*1:pass; get*9:hang', cache: 'off' };
    const source = openSync({ backend: 'fault', settings, environment: false });
    for (const name of ['A', 'B']) source.setSync(name, name);
    const target = openSync({ backend: 'memory', environment: false });
    source.copyTo(target, { timeoutMs: 3_600_000, onProgress: () => parentPort.postMessage('told') });
  `;
  const worker = new Worker(program, { eval: true });
  await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  assert.equal(await worker.terminate(), 1);
});
