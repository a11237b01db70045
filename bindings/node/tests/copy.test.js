'use strict';

const assert = require('node:assert/strict');
const { AsyncLocalStorage } = require('node:async_hooks');
const { EventEmitter, once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { Worker } = require('node:worker_threads');

const { AbortError, StrongroomError, openSync } = require('strongroom');

const { folderOf } = require('./folder.js');
const { skip, testForms } = require('./forms.js');
const native = require('../lib/native.js');

const CANARY = 'c4n4ry-value';

function memory() {
  return openSync({ backend: 'memory', environment: false });
}

function fault(script, settings = {}) {
  return openSync({
    backend: 'fault',
    settings: { 'fault.script': script, cache: 'off', ...settings },
    environment: false,
  });
}

/** A manager over a file in a folder. */
function file(folder, name) {
  return openSync({ backend: 'file', settings: { 'file.path': path.join(folder, name) }, environment: false });
}

/** Two managers over files, the first with the secrets A, B and C. */
function files(context) {
  const folder = folderOf(context);
  const [source, target] = [file(folder, 'one.json'), file(folder, 'two.json')];
  for (const name of ['A', 'B', 'C']) source.setSync(name, name);
  context.after(() => [source, target].forEach((manager) => manager.closeSync()));
  return { source, target, journal: path.join(folder, 'copy.jsonl') };
}

function names(manager) {
  return manager.listSync().entries.map((entry) => entry.name);
}

/** A source of A, B and C that hangs once, after the first secret of a phase. */
function hangingAfter(phase) {
  const source = fault(`get*${{ planning: 1, deleting: 7 }[phase]}:pass; get*1:hang`);
  for (const name of ['A', 'B', 'C']) source.setSync(name, name);
  return source;
}

function outcomes(report) {
  return Object.fromEntries(report.secrets.map((secret) => [secret.key, secret.outcome]));
}

function actions(plan) {
  return Object.fromEntries(plan.secrets.map((secret) => [secret.key, secret.action]));
}

testForms('values and metadata are copied', async (_, ask) => {
  const [source, target] = [memory(), openSync({ backend: 'memory', app: 'other', environment: false })];
  source.setSync('org/acme/A', new Uint8Array(1000).fill(1), { provider: 'openai', expiresAt: new Date('2100-01-01') });
  source.setSync('B', '2', { labels: { team: 'web' } });
  assert.deepEqual(await ask(source, 'copyPlan', target), {
    secrets: [
      { key: 'global/B', action: 'create', losses: [], error: null },
      { key: 'org/acme/A', action: 'create', losses: [], error: null },
    ],
    references: [],
    refusal: null,
  });
  assert.deepEqual(names(target), [], 'a plan has written');
  assert.deepEqual(await ask(source, 'copyTo', target), {
    secrets: [
      { key: 'global/B', outcome: 'copied', losses: [], deleted: false, error: null },
      { key: 'org/acme/A', outcome: 'copied', losses: [], deleted: false, error: null },
    ],
    references: [],
    resumed: false,
    deletedBefore: [],
  });
  for (const key of ['org/acme/A', 'B']) {
    const [ours, theirs] = [source.getSync(key), target.getSync(key)];
    assert.deepEqual(ours.bytes(), theirs.bytes());
    for (const field of ['provider', 'labels', 'expiresAt', 'createdAt']) assert.deepEqual(ours[field], theirs[field]);
  }
  assert.deepEqual(outcomes(await ask(source, 'copyTo', target)), { 'global/B': 'same', 'org/acme/A': 'same' });
});

testForms('a scope, a prefix or keys are copied', async (_, ask) => {
  const [source, target] = [memory(), memory()];
  for (const key of ['TOKEN', 'org/acme/A', 'org/acme/B', 'org/other/A']) source.setSync(key, 'v');
  const view = source.scoped('org/acme');
  const planned = async (manager, options) => Object.keys(actions(await ask(manager, 'copyPlan', target, options)));
  assert.deepEqual(await planned(source, { scope: 'org/acme' }), ['org/acme/A', 'org/acme/B']);
  assert.deepEqual(await planned(view), ['org/acme/A', 'org/acme/B']);
  assert.deepEqual(await planned(source, { prefix: 'org/other' }), ['org/other/A']);
  assert.deepEqual(await planned(view, { keys: ['B'] }), ['org/acme/B']);
  assert.deepEqual(await planned(source, { keys: new Set(['TOKEN']) }), ['global/TOKEN']);
  await assert.rejects(() => planned(source, { keys: ['A'], scope: 'org/acme' }), { code: 'invalid_argument' });
});

testForms('what is there is refused, replaced or skipped', async (_, ask) => {
  const [source, target] = [memory(), memory()];
  source.setSync('A', CANARY);
  source.setSync('B', '2');
  target.setSync('A', 'old');
  const plan = await ask(source, 'copyPlan', target);
  assert.deepEqual(actions(plan), { 'global/A': 'refuse', 'global/B': 'create' });
  for (const error of [plan.refusal, plan.secrets[0].error]) {
    assert.ok(error instanceof StrongroomError);
    assert.equal(error.code, 'conflict');
  }
  await assert.rejects(
    () => ask(source, 'copyTo', target),
    (error) => error.code === 'conflict' && error.key === 'global/A' && !error.message.includes(CANARY),
  );
  assert.ok(!target.existsSync('B'), 'a copy that was refused has written');
  assert.equal((await ask(source, 'copyPlan', target, { ifExists: 'skip' })).refusal, null);
  const skipping = await ask(source, 'copyTo', target, { ifExists: 'skip' });
  assert.deepEqual(outcomes(skipping), { 'global/A': 'skipped', 'global/B': 'copied' });
  assert.equal(target.getValueSync('A'), 'old');
  const replacing = await ask(source, 'copyTo', target, { ifExists: 'replace' });
  assert.deepEqual(outcomes(replacing), { 'global/A': 'copied', 'global/B': 'same' });
  assert.equal(target.getValueSync('A'), CANARY);
});

testForms('what the target cannot hold', async (_, ask) => {
  const source = memory();
  source.setSync('A', '1', { provider: 'openai', labels: { team: 'web' } });
  const lossy = fault('', { 'fault.lacks': 'metadata' });
  await assert.rejects(() => ask(source, 'copyTo', lossy), { code: 'unsupported' });
  const [copied] = (await ask(source, 'copyTo', lossy, { allowLoss: true })).secrets;
  assert.deepEqual([copied.outcome, copied.losses], ['copied', ['provider', 'labels']]);
  source.setSync('EMPTY', '');
  const strict = fault('', { 'fault.lacks': 'metadata,empty_value' });
  const report = await ask(source, 'copyTo', strict, { allowLoss: true, skipUnfit: true });
  assert.deepEqual(outcomes(report), { 'global/A': 'copied', 'global/EMPTY': 'skipped' });
  assert.ok(report.secrets[1].error instanceof StrongroomError);
});

testForms('the source is removed once all is copied', async (context, ask) => {
  const { source, target } = files(context);
  await assert.rejects(() => ask(source, 'copyTo', target, { deleteSource: true, skipUnfit: true }), {
    code: 'invalid_argument',
  });
  await assert.rejects(() => ask(source, 'copyTo', memory(), { deleteSource: true, allowLoss: true }), {
    code: 'invalid_argument',
  });
  assert.deepEqual(names(source).length, 3, 'secrets that would last shorter were removed');
  const report = await ask(source, 'copyTo', target, { deleteSource: true, allowLoss: true });
  assert.deepEqual(
    report.secrets.map((secret) => secret.deleted),
    [true, true, true],
  );
  assert.deepEqual([names(source), names(target)], [[], ['global/A', 'global/B', 'global/C']]);
});

testForms('copies that cannot be', async (context, ask) => {
  const { source } = files(context);
  await assert.rejects(() => ask(source, 'copyTo', source), { code: 'invalid_argument', message: /same place/ });
  await assert.rejects(() => ask(source, 'copyPlan', source), { code: 'invalid_argument', message: /same place/ });
  assert.equal(
    (await ask(source, 'copyPlan', memory(), { keys: ['none'], allowLoss: true })).refusal.code,
    'not_found',
  );
  await assert.rejects(() => ask(source, 'copyTo', memory(), { keys: ['none'] }), { code: 'not_found' });
  const readOnly = openSync({ backend: 'env', environment: false });
  await assert.rejects(() => ask(source, 'copyTo', readOnly), { code: 'read_only' });
  for (const close of [0, 1]) {
    const ends = [memory(), memory()];
    ends[0].setSync('A', '1');
    ends[close].closeSync();
    await assert.rejects(() => ask(ends[0], 'copyTo', ends[1], { keys: ['A'] }), { code: 'closed' });
  }
});

test('the journal is there while the copy runs and keeps a second one out', (context) => {
  const { source, target, journal } = files(context);
  source.setSync('A', CANARY);
  const seen = [];
  const onProgress = (progress) => {
    if (progress.phase !== 'copying') return;
    seen.push(fs.readFileSync(journal, 'utf8'));
    assert.throws(() => source.copyToSync(target, { journal, allowLoss: true }), { code: 'conflict' });
  };
  source.copyToSync(target, { journal, allowLoss: true, onProgress });
  assert.equal(seen.length, 3);
  for (const text of seen) assert.ok(text.includes('global/A') && !text.includes(CANARY));
  assert.ok(!fs.existsSync(journal));
});

test('a copy that was interrupted goes on', (context) => {
  const { source, target, journal } = files(context);
  const terms = { journal, deleteSource: true, allowLoss: true };
  const onProgress = (progress) => {
    if (progress.phase === 'deleting') throw new RangeError('enough');
  };
  assert.throws(() => source.copyToSync(target, { ...terms, onProgress }), RangeError);
  assert.ok(fs.existsSync(journal));
  assert.deepEqual(names(source), ['global/B', 'global/C']);
  const report = source.copyToSync(target, terms);
  assert.equal(report.resumed, true);
  assert.deepEqual(report.deletedBefore, ['global/A']);
  assert.deepEqual(names(source), []);
  for (const name of ['A', 'B', 'C']) assert.equal(target.getValueSync(name), name);
  assert.ok(!fs.existsSync(journal));
});

for (const ending of ['a signal', 'progress']) {
  test(`a copy that ${ending} ends in the middle goes on by its journal`, { skip }, async (context) => {
    const [source, target] = [hangingAfter('deleting'), memory()];
    const journal = path.join(folderOf(context), 'copy.jsonl');
    const end = new AbortController();
    const thrown = new RangeError('enough');
    const onProgress = ({ phase }) => {
      if (phase !== 'deleting') return;
      const text = fs.readFileSync(journal, 'utf8');
      assert.ok(text.includes('global/A') && !text.includes(CANARY));
      if (ending === 'progress') throw thrown;
      end.abort(thrown);
    };
    const terms = { journal, deleteSource: true, allowLoss: true };
    const error = await source.copyTo(target, { ...terms, onProgress, signal: end.signal }).catch((caught) => caught);
    assert.equal(ending === 'progress' ? error : error.cause, thrown);
    assert.equal(error instanceof AbortError, ending === 'a signal');
    assert.deepEqual(names(source), ['global/B', 'global/C']);
    const report = await source.copyTo(target, terms);
    assert.deepEqual([report.resumed, report.deletedBefore], [true, ['global/A']]);
    assert.deepEqual([names(source), names(target).length], [[], 3]);
    assert.ok(!fs.existsSync(journal));
  });
}

test('the default journal is that of the two places', (context) => {
  const { source, target } = files(context);
  const home = folderOf(context);
  const former = { HOME: process.env.HOME, XDG_STATE_HOME: process.env.XDG_STATE_HOME };
  context.after(() => {
    for (const [name, value] of Object.entries(former)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  process.env.HOME = home;
  delete process.env.XDG_STATE_HOME;
  const journal = source.copyJournal(target);
  assert.equal(journal, source.copyJournal(target));
  assert.notEqual(journal, target.copyJournal(source));
  assert.ok(journal.startsWith(home + path.sep) && journal.endsWith('.jsonl'));
  assert.ok(!fs.existsSync(journal));
  assert.throws(() => source.copyJournal('memory'), TypeError);
});

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

test('a copy that is aborted stops', async () => {
  const source = fault('get*1:pass; get*9:hang');
  const target = memory();
  for (const name of ['A', 'B']) source.setSync(name, name);
  const end = new AbortController();
  const progress = new EventEmitter();
  const begun = once(progress, 'told');
  const onProgress = () => progress.emit('told');
  const copying = source.copyTo(target, { timeoutMs: 3_600_000, signal: end.signal, onProgress });
  await Promise.race([begun, copying]);
  end.abort();
  await assert.rejects(copying, { name: 'AbortError', code: 'cancelled' });
  assert.deepEqual(names(target), []);
});

test('a copy that nobody follows is aborted by its signal, or by one of either view', async () => {
  for (const ending of ['call', 'source', 'target']) {
    const source = fault('get*9:hang');
    source.setSync('A', '1');
    const end = new AbortController();
    const { signal } = end;
    const own = (which, manager) => (which === ending ? manager.withOptions({ signal }) : manager);
    const options = { timeoutMs: 3_600_000, ...(ending === 'call' ? { signal } : {}) };
    const copying = own('source', source).copyTo(own('target', memory()), options);
    end.abort();
    await assert.rejects(copying, AbortError, ending);
  }
});

testForms('a deadline holds for each call of a copy', async (_, ask) => {
  const options = [{ timeoutMs: 1 }, { timeoutMs: 1, onProgress: () => {} }];
  for (const stated of options) {
    const source = fault('get*9:hang');
    source.setSync('A', '1');
    await assert.rejects(() => ask(source, 'copyTo', memory(), stated), { code: 'timeout' });
  }
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

testForms('arguments of wrong types', async (_, ask) => {
  for (const verb of ['copyPlan', 'copyTo']) {
    for (const target of [undefined, null, 'memory', {}, Object.create(Object.getPrototypeOf(memory()))]) {
      await assert.rejects(() => ask(memory(), verb, target), TypeError);
    }
    for (const options of [
      5,
      { keys: 'A' },
      { keys: [5] },
      { prefix: 5 },
      { ifExists: 5 },
      { allowLoss: 1 },
      { journal: 5 },
      { onProgress: 5 },
      { surprise: true },
      { signal: 5 },
    ]) {
      await assert.rejects(() => ask(memory(), verb, memory(), options), TypeError, JSON.stringify(options));
    }
    await assert.rejects(() => ask(memory(), verb, memory(), { ifExists: 'keep' }), {
      code: 'invalid_argument',
      setting: 'ifExists',
    });
    await assert.rejects(() => ask(memory(), verb, memory(), { keys: ['no key!'] }), { code: 'invalid_key' });
  }
});
