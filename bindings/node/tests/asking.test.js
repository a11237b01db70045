'use strict';
// Functions that give secret settings.

const assert = require('node:assert/strict');
const path = require('node:path');
const { test } = require('node:test');
const util = require('node:util');

const { Secret, StrongroomError, open, openSync } = require('strongroom');
const { folderOf } = require('./folder.js');
const { alone } = require('./robust/alone.js');

const STORE_KEY = 'k'.repeat(32);
const CANARY = 'c4nary-77e0-never-shown';

/** Both forms, as functions that give promises. */
const FORMS = { open, openSync: async (...stated) => openSync(...stated) };

function both(name, run) {
  for (const [form, opening] of Object.entries(FORMS)) test(`${form}: ${name}`, (context) => run(opening, context));
}

/** What opens the encrypted store of a folder with a function. */
function store(folder, provide, more) {
  return {
    backend: 'encrypted',
    settings: { 'encrypted.path': path.join(folder, 'secrets.strongroom') },
    secrets: { 'encrypted.key': provide },
    environment: false,
    ...more,
  };
}

/** The programs of processes of their own begin with it. */
const STORE = `
const path = require('node:path');
const KEY = 'k'.repeat(32);
const store = (folder, provide, more) => ({
  backend: 'encrypted',
  settings: { 'encrypted.path': path.join(folder, 'secrets.strongroom'), deadline: '2m' },
  secrets: { 'encrypted.key': provide },
  environment: false,
  ...more,
});
`;

// --- who is asked

both('a function is asked by name, and only when it is needed', async (opening, context) => {
  const asked = [];
  const provide = function provide(...given) {
    asked.push([this, ...given]);
    return STORE_KEY;
  };
  const secrets = await opening(store(folderOf(context), provide));
  const once = [[undefined, 'encrypted.key']];
  assert.deepEqual(asked, once);
  await secrets.set('key', 'value');
  secrets.setSync('other', 'value');
  assert.deepEqual(asked, once);
  await opening('memory', { secrets: { 'encrypted.key': provide }, environment: false });
  assert.deepEqual(asked, once);
  await secrets.lock();
  assert.equal(await secrets.getValue('key'), 'value');
  assert.deepEqual(asked, [...once, ...once]);
  secrets.lockSync();
  assert.equal(secrets.getValueSync('key'), 'value');
  assert.deepEqual(asked, [...once, ...once, ...once]);
});

test('a function may take its time where the call gives a promise', async (context) => {
  let release;
  const provide = async () => {
    await new Promise((resolve) => (release = resolve));
    return new Secret(STORE_KEY);
  };
  const opening = open(store(folderOf(context), provide));
  while (release === undefined) await new Promise(setImmediate);
  release();
  const secrets = await opening;
  release = undefined;
  await secrets.lock();
  const write = secrets.set('key', 'value');
  while (release === undefined) await new Promise(setImmediate);
  release();
  assert.equal((await write).created, true);
});

test('anything with a then is a promise', async (context) => {
  const provide = () => ({ then: (resolve) => resolve(STORE_KEY) });
  assert.equal(await (await open(store(folderOf(context), provide))).exists('key'), false);
});

test('views ask the function of their manager', async (context) => {
  const asked = [];
  const provide = (setting) => {
    asked.push(setting);
    return STORE_KEY;
  };
  const view = openSync(store(folderOf(context), provide))
    .scoped('org/acme')
    .withOptions({ actor: 'deploy' });
  view.lockSync();
  view.setSync('key', 'value');
  await view.lock();
  assert.equal(await view.getValue('org/acme/key'), 'value');
  assert.deepEqual(asked, ['encrypted.key', 'encrypted.key', 'encrypted.key']);
});

test('a call that waits answers what calls with promises ask meanwhile', async (context) => {
  const folder = folderOf(context);
  const [first, second] = ['first', 'second'].map((name) =>
    store(folder, () => STORE_KEY, {
      settings: { 'encrypted.path': path.join(folder, name) },
    }),
  );
  const opening = open(first);
  const secrets = openSync(second);
  secrets.lockSync();
  const write = (await opening).set('key', 'value');
  secrets.setSync('key', 'value');
  assert.equal((await write).created, true);
});

test('a function may use another manager', async (context) => {
  const folder = folderOf(context);
  const keys = await open('memory', { environment: false });
  await keys.set('store', STORE_KEY);
  for (const provide of [() => keys.getValueSync('store'), () => keys.getValue('store'), () => keys.get('store')]) {
    const secrets = await open(store(folder, provide));
    assert.equal(await secrets.exists('key'), false);
    await secrets.close();
  }
  // A store that another store has the key of, each asked while the thread waits.
  const outer = openSync(store(folder, () => STORE_KEY));
  outer.setSync('store', STORE_KEY);
  outer.lockSync();
  const inner = openSync(
    store(folder, () => outer.getValueSync('store'), {
      settings: { 'encrypted.path': path.join(folder, 'inner') },
    }),
  );
  assert.equal(inner.existsSync('key'), false);
});

// --- what it answers

for (const code of ['locked', 'cancelled', 'key_missing', 'permission_denied', 'policy_denied', 'internal']) {
  both(`an error of a function keeps its code: ${code}`, async (opening, context) => {
    const provide = () => {
      throw new StrongroomError({ code, message: CANARY });
    };
    await silent(opening(store(folderOf(context), provide)), code);
  });
}

both('any other exception of a function is unavailable', async (opening, context) => {
  const folder = folderOf(context);
  const unlookable = new Proxy(
    {},
    {
      get: () => {
        throw new Error(CANARY);
      },
      getPrototypeOf: () => {
        throw new Error(CANARY);
      },
    },
  );
  const strange = Object.assign(new StrongroomError({ message: CANARY }), { code: CANARY });
  for (const thrown of [
    new Error(CANARY),
    new TypeError(CANARY),
    CANARY,
    undefined,
    null,
    Symbol(CANARY),
    { code: 'locked' },
    unlookable,
    strange,
  ]) {
    await silent(
      opening(
        store(folder, () => {
          throw thrown;
        }),
      ),
      'unavailable',
    );
  }
  await silent(opening(store(folder, () => unlookable)), 'unavailable');
});

test('what a promise of a function is rejected with is as silent', async (context) => {
  const folder = folderOf(context);
  for (const [thrown, code] of [
    [new Error(CANARY), 'unavailable'],
    [undefined, 'unavailable'],
    [new StrongroomError({ code: 'locked', message: CANARY }), 'locked'],
  ]) {
    await silent(
      open(
        store(folder, async () => {
          throw thrown;
        }),
      ),
      code,
    );
    await silent(open(store(folder, () => Promise.reject(thrown))), code);
  }
});

/** Whether an opening whose function fails is an error of this code that tells nothing of the function's own. */
async function silent(opening, code) {
  await assert.rejects(opening, (error) => {
    assert(error instanceof StrongroomError);
    assert.deepEqual([error.code, error.setting, error.cause], [code, 'encrypted.key', undefined]);
    assert(!util.inspect(error, { showHidden: true, depth: 9 }).includes(CANARY));
    return true;
  });
}

both('a function that gives no value', async (opening, context) => {
  const folder = folderOf(context);
  for (const answer of [undefined, null, 5, [STORE_KEY], {}, () => STORE_KEY]) {
    await assert.rejects(opening(store(folder, () => answer)), { code: 'invalid_config', setting: 'encrypted.key' });
  }
  await assert.rejects(
    opening(store(folder, () => CANARY)),
    (error) => error.code === 'invalid_config' && !util.inspect(error).includes(CANARY),
  );
  await assert.rejects(
    opening(store(folder, () => `${CANARY}\ud800`)),
    (error) =>
      error.code === 'invalid_value' && error.setting === 'encrypted.key' && !util.inspect(error).includes(CANARY),
  );
});

test('a call that waits cannot wait for a promise, and says so', async (context) => {
  const folder = folderOf(context);
  const refused = { code: 'invalid_config', setting: 'encrypted.key', message: /gave a promise/ };
  for (const provide of [
    async () => STORE_KEY,
    async () => {
      throw new Error(CANARY);
    },
  ]) {
    assert.throws(() => openSync(store(folder, provide)), refused);
  }
  const secrets = await open(store(folder, async () => STORE_KEY));
  await secrets.lock();
  assert.throws(() => secrets.getSync('key'), refused);
  assert.equal(await secrets.get('key'), null);
  // Nor where a promise of another call is open, whose own function is then not refused.
  const opening = open(store(folder, async () => STORE_KEY));
  assert.throws(() => openSync(store(folder, async () => STORE_KEY)), refused);
  assert.equal(await (await opening).get('key'), null);
});

test('a function that uses the manager which asks it is refused', async (context) => {
  const folder = folderOf(context);
  const seen = [];
  let secrets;
  const provide = () => {
    if (secrets === undefined) return STORE_KEY;
    try {
      return secrets.scoped('org/acme').getValueSync('key');
    } catch (error) {
      seen.push(error.code);
      throw error;
    }
  };
  secrets = openSync(store(folder, provide));
  secrets.lockSync();
  assert.throws(() => secrets.getValueSync('key'), { code: 'reentrant_call', setting: 'encrypted.key' });
  await assert.rejects(secrets.getValue('key'), { code: 'reentrant_call', setting: 'encrypted.key' });
  assert.deepEqual(seen, ['reentrant_call', 'reentrant_call']);
});

test('calls that wait for each other through functions come to an end', async (context) => {
  const folder = folderOf(context);
  const opened = (name, provide) =>
    openSync(
      store(folder, provide, {
        settings: { 'encrypted.path': path.join(folder, name) },
      }),
    );
  const second = opened('second', () => STORE_KEY);
  const first = opened('first', () => (second.getSync('key'), STORE_KEY));
  const third = opened('third', () => STORE_KEY);
  for (let round = 0; round < 10; round += 1) {
    for (const secrets of [first, second, third]) secrets.lockSync();
    // Two questions are open, and the answer to one needs the answer to the other, while this thread waits for a third.
    const calls = [first.get('key'), second.get('key')];
    assert.equal(third.getSync('key'), null);
    assert.deepEqual(await Promise.all(calls), [null, null]);
  }
});

// --- functions that do not answer

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

test('a deadline ends a call that waits, also after it has asked', async (context) => {
  const folder = folderOf(context);
  const asked = [];
  const provide = () => new Promise((resolve) => asked.push(() => resolve(STORE_KEY)));
  const answered = async (call) => {
    while (asked.length === 0) await new Promise(setImmediate);
    for (const answer of asked.splice(0)) answer();
    return call;
  };
  const secrets = await answered(open(store(folder, provide)));
  await secrets.lock();
  // While a promise of another call is open, a promise of the function may be meant for that one.
  const other = open(store(folder, provide));
  assert.throws(() => secrets.getSync('key', { timeoutMs: 50 }), { code: 'timeout' });
  await answered(other);
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

// --- who is kept

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

test('many calls ask at once, each is answered', async (context) => {
  const folder = folderOf(context);
  let asked = 0;
  const all = await Promise.all(
    Array.from({ length: 20 }, async (_, number) => {
      const provide = async () => {
        asked += 1;
        await new Promise(setImmediate);
        return STORE_KEY;
      };
      const secrets = await open(store(folder, provide, { timeoutMs: 60_000 }));
      await secrets.set(`key_${number}`, 'value');
      return secrets;
    }),
  );
  assert.equal(asked, 20);
  assert.equal((await all[0].list()).entries.length, 20);
});
