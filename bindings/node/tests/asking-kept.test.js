'use strict';
// Who keeps the functions that give secret settings, and who is collected with them.

const { test } = require('node:test');

const { STORE } = require('./asked-store.js');
const { alone } = require('./robust/alone.js');

test('managers are collected together with functions that hold them', async () => {
  await alone(
    `${STORE}
let collected = 0;
const registry = new FinalizationRegistry(() => (collected += 1));
(async () => {
  for (const opening of [strongroom.open, strongroom.openSync]) {
    for (let round = 0; round < 10; round += 1) {
      await (async () => {
        let secrets;
        const provide = () => (void secrets, KEY);
        secrets = await opening(store(process.argv[2], provide));
        const view = secrets.scoped('org/acme');
        await view.set('key', 'value');
        for (const one of [secrets, view, provide]) registry.register(one);
      })();
    }
  }
  while (collected < 60) {
    gc();
    await new Promise(setImmediate);
  }
})();
`,
    { flags: ['--expose-gc'] },
  );
});

test('a view and a call keep the function that they need', async () => {
  await alone(
    `${STORE}
const collect = async () => {
  for (let round = 0; round < 20; round += 1) {
    gc();
    await new Promise(setImmediate);
  }
};
(async () => {
  const provide = () => async () => (await collect(), KEY);
  const view = await (async () => (await strongroom.open(store(process.argv[2], provide()))).scoped('org/acme'))();
  await collect();
  await view.set('key', 'value');
  await view.lock();
  await collect();
  assert.equal(await view.getValue('key'), 'value');
  const value = await (async () => {
    const secrets = await strongroom.open(store(process.argv[2], provide()));
    await secrets.lock();
    return secrets.getValue('org/acme/key');
  })();
  assert.equal(value, 'value');
  const created = await (async () => {
    const secrets = await strongroom.open(store(process.argv[2], provide()));
    await secrets.lock();
    return secrets.set('org/acme/other', 'value', { signal: new AbortController().signal });
  })();
  assert.equal(created.created, true);
})();
`,
    { flags: ['--expose-gc'] },
  );
});

test('a promise alone keeps the function that its call needs', async () => {
  await alone(
    `${STORE}
const { asker, keepWith } = require(path.join(PACKAGE, 'lib', 'functions.js'));
(async () => {
  strongroom.openSync(store(process.argv[2], () => KEY)).closeSync();
  const begin = async () => {
    const { settings } = store(process.argv[2]);
    const keep = [];
    const functions = { 'encrypted.key': asker(() => KEY, keep) };
    const handle = await native.open(false, functions, { settings: { ...settings, backend: 'encrypted' } });
    keepWith(handle, keep);
    await native.lock(false, handle);
    return { call: native.getValue(false, handle, 'key') };
  };
  const { call } = await begin();
  // The question comes with the event loop's next turn.
  gc();
  assert.equal(await call, null);
})();
`,
    { flags: ['--expose-gc'] },
  );
});
