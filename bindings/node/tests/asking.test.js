'use strict';
// Functions that give secret settings.

const assert = require('node:assert/strict');
const { AsyncLocalStorage } = require('node:async_hooks');
const path = require('node:path');
const { test } = require('node:test');
const util = require('node:util');

const { Secret, StrongroomError, open, openSync } = require('strongroom');
const { STORE_KEY, both, store } = require('./asked-store.js');
const { folderOf } = require('./folder.js');

const CANARY = 'c4nary-77e0-never-shown';

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

both('the class of an exception is told', async (opening, context) => {
  class StolenCard extends Error {}
  const unnameable = Object.assign(new Error(CANARY), { constructor: { name: CANARY } });
  class Nameless extends Error {}
  Object.defineProperty(Nameless, 'name', { value: `${CANARY} ` });
  for (const [thrown, told] of [
    [new TypeError(CANARY), 'threw (TypeError)'],
    [new StolenCard(CANARY), 'threw (StolenCard)'],
    [unnameable, 'threw (Error)'],
    [new Nameless(CANARY), 'threw'],
    [CANARY, 'threw'],
  ]) {
    const provide = () => {
      throw thrown;
    };
    const message = `unavailable: the function that was asked for a secret setting ${told} (setting:`;
    await assert.rejects(opening(store(folderOf(context), provide)), (error) => error.message.startsWith(message));
  }
});

both('an answer that throws when it is read', async (opening, context) => {
  const buffer = new ArrayBuffer(0);
  Object.defineProperty(buffer, 'resizable', {
    get: () => {
      throw new Error(CANARY);
    },
  });
  // What is left to nobody ends the test.
  await silent(opening(store(folderOf(context), () => new Uint8Array(buffer))), 'unavailable');
});

test('an answer that throws when it is read, by a promise', async (context) => {
  const buffer = new ArrayBuffer(0);
  Object.defineProperty(buffer, 'resizable', {
    get: () => {
      throw new Error(CANARY);
    },
  });
  await silent(open(store(folderOf(context), async () => new Uint8Array(buffer))), 'unavailable');
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

test('a function is refused the manager that asks it wherever a call takes it, and after an await', async (context) => {
  const folder = folderOf(context);
  const other = openSync('memory', { environment: false });
  other.setSync('key', 'value');
  const seen = [];
  const refused = async (call) => {
    try {
      await call();
    } catch (error) {
      seen.push(error.code);
    }
  };
  let provide = () => STORE_KEY;
  const secrets = openSync(store(folder, () => provide(), { timeoutMs: 60_000 }));
  const asking = async (call, of) => {
    secrets.lockSync();
    provide = of;
    assert.equal(await call(), null);
    provide = () => STORE_KEY;
    assert.deepEqual(seen.splice(0), ['reentrant_call']);
  };
  const long = { timeoutMs: 60_000 };
  for (const get of [() => secrets.getSync('none', long), () => secrets.get('none', long)]) {
    for (const use of [
      () => other.copyToSync(secrets, long),
      () => other.copyPlanSync(secrets, long),
      () => secrets.copyToSync(other, long),
      () => secrets.scoped('org/acme').getSync('key', long),
    ]) {
      await asking(get, () => {
        try {
          use();
        } catch (error) {
          seen.push(error.code);
        }
        return STORE_KEY;
      });
    }
  }
  const get = () => secrets.get('none', long);
  for (const use of [
    () => secrets.get('key', long),
    () => secrets.getSync('key', long),
    () => secrets.lock(long),
    () => other.copyTo(secrets, long),
    () => other.copyPlan(secrets, long),
  ]) {
    await asking(get, async () => {
      await new Promise(setImmediate);
      await refused(use);
      return STORE_KEY;
    });
  }
});

test('what outlives the function that began it may use the manager', async (context) => {
  let begun;
  let secrets;
  const provide = async () => {
    await null;
    begun = (async () => {
      while (secrets === undefined) await new Promise(setImmediate);
      return await secrets.exists('key');
    })();
    return STORE_KEY;
  };
  secrets = await open(store(folderOf(context), provide));
  assert.equal(await begun, false);
});

test('a function runs in the asynchronous context of the opening', async (context) => {
  const folder = folderOf(context);
  const local = new AsyncLocalStorage();
  const seen = [];
  const provide = async () => {
    seen.push(local.getStore());
    await new Promise(setImmediate);
    seen.push(local.getStore());
    return STORE_KEY;
  };
  const secrets = await local.run('opening', () => open(store(folder, provide)));
  await secrets.lock();
  await local.run('call', () => secrets.get('key'));
  assert.deepEqual(seen, ['opening', 'opening', 'opening', 'opening']);
  assert.equal(local.getStore(), undefined);
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
