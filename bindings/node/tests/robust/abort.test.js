'use strict';
// Calls that a signal ends.

const { getEventListeners } = require('node:events');
const { test } = require('node:test');
const assert = require('node:assert/strict');

const strongroom = require('strongroom');

const { alone, skip } = require('./alone.js');

const LISTENERS = "const listeners = (signal) => require('node:events').getEventListeners(signal, 'abort').length;";

test('one signal ends 500 calls that hang', { skip }, async () => {
  const said = await alone(`
${LISTENERS}
process.on('warning', (warning) => console.log(warning.name));
(async () => {
  const secrets = openFault('*:hang');
  const { signal } = Object.assign(globalThis, { controller: new AbortController() }).controller;
  const calls = Array.from({ length: 500 }, (_, at) => secrets.get('key' + at, { signal }));
  const ends = Promise.allSettled(calls);
  await until('waiting', 500);
  const why = new Error('enough');
  controller.abort(why);
  for (const { reason } of await ends) {
    assert(reason instanceof strongroom.AbortError && reason instanceof strongroom.StrongroomError);
    assert.equal(reason.name, 'AbortError');
    assert.equal(reason.code, 'cancelled');
    assert.equal(reason.cause, why);
  }
  await until('cancelled', 500);
  assert.equal(count('cancelled'), 500);
  assert.equal(count('inFlight'), 0);
  assert.equal(listeners(signal), 0);
})();
`);
  assert.deepEqual(said, { stdout: '', stderr: '' });
});

test('a signal before, during and after a call', { skip }, async () => {
  await alone(`
${LISTENERS}
(async () => {
  const secrets = openFault('get:hang');
  // Before: the backend is not asked.
  const aborted = AbortSignal.abort();
  const begun = count('started');
  const said = { name: 'AbortError', code: 'cancelled', cause: aborted.reason };
  await assert.rejects(secrets.get('key', { signal: aborted }), said);
  await assert.rejects(secrets.set('key', 'value', { signal: aborted }), { name: 'AbortError', code: 'cancelled' });
  assert.equal(count('started'), begun);
  assert.equal(listeners(aborted), 0);
  // During, within the same turn.
  const early = new AbortController();
  const call = secrets.get('key', { signal: early.signal });
  early.abort();
  await assert.rejects(call, { name: 'AbortError', code: 'cancelled' });
  // During.
  const during = new AbortController();
  const hanging = secrets.get('key', { signal: during.signal });
  await until('waiting', 1);
  assert.equal(listeners(during.signal), 1);
  during.abort('a reason that is no error');
  await assert.rejects(hanging, { name: 'AbortError', cause: 'a reason that is no error' });
  assert.equal(listeners(during.signal), 0);
  // After.
  const after = new AbortController();
  await secrets.set('key', 'value', { signal: after.signal });
  assert.equal(listeners(after.signal), 0);
  after.abort();
  const other = openMemory();
  await other.set('key', 'value');
  assert.equal(await other.getValue('key'), 'value');
  // Neither what fails nor what is refused leaves a listener.
  const kept = new AbortController().signal;
  await assert.rejects(secrets.get('not a key', { signal: kept }), { code: 'invalid_key' });
  await assert.rejects(secrets.get('key', { signal: kept, timeoutMs: 1 }), { code: 'timeout' });
  await assert.rejects(secrets.get('key', { signal: kept, nonsense: 1 }), TypeError);
  await assert.rejects(secrets.get(7, { signal: kept }), TypeError);
  assert.equal(listeners(kept), 0);
  // A deadline of the program's own.
  await assert.rejects(secrets.get('key', { signal: AbortSignal.timeout(20) }), (error) => (
    error.name === 'AbortError' && error.cause.name === 'TimeoutError'
  ));
  const any = AbortSignal.any([kept, AbortSignal.timeout(20)]);
  await assert.rejects(secrets.get('key', { signal: any }), { name: 'AbortError' });
})();
`);
});

test('an aborted write that was sent has an unknown outcome, and tells what aborted it', { skip }, async () => {
  await alone(`
(async () => {
  for (const script of ['set:hang', 'set:block']) {
    const secrets = openFault(script);
    const controller = new AbortController();
    const write = secrets.set('key', 'value', { signal: controller.signal });
    await until('waiting', 1);
    const why = new Error('enough');
    controller.abort(why);
    await assert.rejects(write, (error) => (
      error instanceof strongroom.StrongroomError && !(error instanceof strongroom.AbortError)
        && error.name === 'StrongroomError' && error.code === 'outcome_unknown' && error.cause === why
    ));
    wake();
    await untilTrue(() => count('waiting') === 0);
  }
})();
`);
});

test('an abort in the middle of many writes of a store leaves each whole or not there', { skip }, async () => {
  await alone(`
(async () => {
  const secrets = openStore(process.argv[2]);
  const controller = new AbortController();
  const { signal } = controller;
  const writes = Array.from({ length: 200 }, (_, at) => secrets.set('key' + at, 'value' + at, { signal }));
  const ends = Promise.allSettled(writes);
  await writes[0];
  controller.abort();
  const codes = new Set();
  const found = [];
  for (const [at, end] of (await ends).entries()) {
    codes.add(end.reason?.code ?? 'written');
    const value = await secrets.getValue('key' + at);
    if (end.status === 'fulfilled') assert.equal(value, 'value' + at);
    else if (end.reason.code === 'cancelled') assert.equal(value, null);
    else assert(value === null || value === 'value' + at);
  }
  for (const code of codes) assert(['written', 'cancelled', 'outcome_unknown'].includes(code), code);
  assert(codes.has('cancelled'), [...codes].join());
})();
`);
});

test('a waiting verb refuses a signal, which could not reach it', { skip }, async () => {
  await alone(`
const secrets = openMemory();
assert.throws(() => secrets.getSync('key', { signal: new AbortController().signal }), TypeError);
assert.rejects(secrets.get('key', { signal: {} }), TypeError);
assert.rejects(secrets.get('key', { signal: 'abort' }), TypeError);
`);
});

test('a signal that many calls carry, one after the other, holds none of them', { skip }, async () => {
  await alone(
    `
(async () => {
  const secrets = openFault('*:yield(1)');
  const { signal } = new AbortController();
  for (let round = 0; round < 300; round += 1) await secrets.get('key', { signal });
  global.gc();
  const before = process.memoryUsage().heapUsed;
  for (let round = 0; round < 5000; round += 1) await secrets.get('key', { signal });
  global.gc();
  const grown = process.memoryUsage().heapUsed - before;
  assert(grown < 1 << 20, 'grew by ' + grown);
})();
`,
    { flags: ['--expose-gc'] },
  );
});

test('a signal that refuses to be listened to ends no later call', async () => {
  const secrets = strongroom.openSync('memory', { environment: false });
  const { signal } = new AbortController();
  const listening = signal.addEventListener;
  signal.addEventListener = () => {
    throw new RangeError('no more listeners');
  };
  await assert.rejects(secrets.get('key', { signal }), RangeError);
  signal.addEventListener = listening;
  const before = getEventListeners(signal, 'abort').length;
  const reading = secrets.get('key', { signal });
  assert.equal(getEventListeners(signal, 'abort').length, before + 1);
  await reading;
  assert.equal(getEventListeners(signal, 'abort').length, before);
  secrets.closeSync();
});

test('a signal that could not be let go of is refused before anything is written', async () => {
  const secrets = strongroom.openSync('memory', { environment: false });
  const signal = { aborted: false, addEventListener: () => undefined };
  const refused = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE', message: /^signal is an AbortSignal/ };
  await assert.rejects(secrets.set('key', 'value', { signal }), refused);
  assert.throws(() => secrets.withOptions({ signal }), refused);
  assert.equal(await secrets.exists('key'), false);
  secrets.closeSync();
});
