'use strict';
// The event loop turns while calls are under way whose every step is at hand: in a store that needs no waiting.

const { test } = require('node:test');

const { alone } = require('./alone.js');

/** A store of many secrets of which none is cached, and a counter of the event loop's turns. */
const MANY = `
const MANY = 500;
const names = Array.from({ length: MANY }, (_, at) => 'key' + at);
const entries = Object.fromEntries(names.map((name) => [name, 'value of ' + name]));

function filled() {
  const store = openStore(process.argv[2], { cache: 'off' });
  store.setManySync(entries);
  return store;
}

/** What a promise gives, and how often the event loop turned meanwhile. */
async function turnsDuring(promise) {
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  const answer = await promise;
  isOver = true;
  return [turns, answer];
}

const VERBS = {
  getMany: (store, options) => store.getMany(names, options),
  setMany: (store, options) => store.setMany(entries, options),
  list: (store, options) => store.list({ limit: MANY, ...options }),
  export: (store, options) => store.export('json', options),
  import: (store, options) => store.import(JSON.stringify(entries), 'json', { ifExists: 'replace', ...options }),
  verify: (store, options) => store.verify(options),
  copyPlan: (store, options) => store.copyPlan(openMemory(), options),
  copyTo: (store, options) => store.copyTo(openMemory(), options),
  followed: (store, options) => store.copyTo(openMemory(), { onProgress() {}, ...options }),
};
`;

test('the event loop turns while a verb of many secrets runs', async () => {
  await alone(`
${MANY}
(async () => {
  const store = filled();
  for (const [name, call] of Object.entries(VERBS)) {
    const [turns] = await turnsDuring(call(store));
    assert(turns >= 1, name + ': ' + turns + ' turns');
  }
})();
`);
});

test('a verb of many secrets is aborted while it runs', async () => {
  await alone(`
${MANY}
(async () => {
  const store = filled();
  for (const name of ['getMany', 'export', 'copyPlan', 'copyTo', 'followed']) {
    const controller = new AbortController();
    const { signal } = controller;
    setImmediate(() => controller.abort());
    await assert.rejects(VERBS[name](store, { signal }), { name: 'AbortError' }, name);
  }
})();
`);
});

/** Whether the event loop turns before a loop of awaited calls ends, and after how many of them. */
const AWAITED = `
async function callsBeforeTurn(call) {
  let isTurned = false;
  setImmediate(() => (isTurned = true));
  let calls = 0;
  while (!isTurned && calls < 20_000) {
    await call();
    calls += 1;
  }
  return calls;
}
`;

test('a loop that awaits calls of single secrets lets the event loop turn', async () => {
  await alone(`
${AWAITED}
(async () => {
  const store = openStore(process.argv[2], { cache: 'off' });
  store.setSync('key', 'value');
  for (const call of [() => store.getValue('key'), () => store.exists('key'), () => store.get('none')]) {
    // More than once: each turn has an end.
    for (let turn = 0; turn < 3; turn += 1) {
      const calls = await callsBeforeTurn(call);
      assert(calls < 20_000, 'no turn');
    }
  }
})();
`);
});

test('a loop that awaits calls is aborted, also where a test has put its own clock in place of the real one', async () => {
  await alone(`
const { mock } = require('node:test');
(async () => {
  const store = openStore(process.argv[2], { cache: 'off' });
  store.setSync('key', 'value');
  const controller = new AbortController();
  const { signal } = controller;
  setImmediate(() => controller.abort());
  mock.timers.enable({ apis: ['setImmediate', 'setTimeout', 'setInterval'] });
  const calls = async () => {
    for (let at = 0; at < 20_000; at += 1) await store.getValue('key', { signal });
  };
  await assert.rejects(calls(), { name: 'AbortError' });
})();
`);
});

test('large secrets are collected while a loop awaits nothing but them', async () => {
  await alone(`
(async () => {
  const store = openStore(process.argv[2], { cache: 'off' });
  store.setSync('key', 'x'.repeat(1 << 20));
  for (let at = 0; at < 600; at += 1) await store.get('key');
  const { rss } = process.memoryUsage();
  assert(rss < 450 << 20, 'rss is ' + rss);
})();
`);
});
