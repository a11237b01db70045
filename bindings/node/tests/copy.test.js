'use strict';

const assert = require('node:assert/strict');
const { EventEmitter, once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { AbortError, StrongroomError, openSync } = require('strongroom');

const { fault, hangingAfter, memory, names } = require('./copying.js');
const { folderOf } = require('./folder.js');
const { skip, testForms } = require('./forms.js');
const native = require('../lib/native.js');

const CANARY = 'c4n4ry-value';

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
      // What hangs once is to hang now: the copy that goes on later must not meet it.
      while (native.testingFaultCounters().waiting === 0);
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
