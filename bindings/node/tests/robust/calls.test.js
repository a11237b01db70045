'use strict';
// Many calls at once: they need no threads, block nobody, and end in time.

const { test } = require('node:test');
const assert = require('node:assert/strict');

const { alone, skip } = require('./alone.js');

/**
 * The names of the library's threads, but for those of openings, which end with them. Node.js starts and ends its own as
 * it likes.
 */
const THREADS = `
const fs = require('node:fs');
const name = (task) => {
  try {
    return fs.readFileSync('/proc/self/task/' + task + '/comm', 'utf8').trim();
  } catch {
    return 'has ended meanwhile';
  }
};
const threads = () => fs.readdirSync('/proc/self/task').map(name).filter((each) => /^sr-(?!open)/.test(each));
`;
const linux = process.platform === 'linux' ? skip : 'only Linux lists the threads of a process in /proc';

test('500 calls at once are all answered, each with its own value', { skip }, async () => {
  await alone(`
(async () => {
  const store = openStore(process.argv[2], { cache: 'off' });
  for (const secrets of [store, openFault('*:yield(3)'), openFault('*:latency(1ms)')]) {
    const keys = Array.from({ length: 500 }, (_, at) => 'key' + at);
    for (let at = 0; at < 500; at += 100) {
      await Promise.all(keys.slice(at, at + 100).map((key) => secrets.set(key, 'value of ' + key)));
    }
    const found = await Promise.all(keys.map((key) => secrets.getValue(key)));
    assert.deepEqual(found, keys.map((key) => 'value of ' + key));
    const again = keys.slice(0, 100).map((key) => secrets.set(key, 'value', { ifAbsent: true }));
    const ends = await Promise.allSettled(again);
    assert.deepEqual([...new Set(ends.map(({ reason }) => reason.code))], ['conflict']);
    await secrets.close();
  }
})();
`);
});

for (const size of ['1', '4']) {
  test(`files are read while 500 calls hang, with UV_THREADPOOL_SIZE=${size}`, { skip }, async () => {
    await alone(
      `
const fs = require('node:fs/promises');
const dns = require('node:dns/promises');
(async () => {
  const secrets = openFault('*:hang');
  const blocked = openFault('*:block');
  const calls = Array.from({ length: 500 }, () => secrets.get('key'));
  calls.push(blocked.get('key'));
  await until('waiting', 501);
  const read = await Promise.all(Array.from({ length: 20 }, () => fs.readFile(__filename, 'utf8')));
  assert(read.every((text) => text.includes('UV_THREADPOOL_SIZE') || text.includes('readFile')));
  assert.equal((await dns.lookup('127.0.0.1')).family, 4);
  assert.equal(count('waiting'), 501);
  wake();
  assert((await Promise.all(calls)).every((found) => found === null));
})();
`,
      { env: { UV_THREADPOOL_SIZE: size } },
    );
  });
}

test('500 calls that hang need no threads', { skip: linux }, async () => {
  await alone(`
${THREADS}
(async () => {
  const secrets = openFault('*:hang');
  const first = secrets.get('key');
  // Each names itself once it has begun.
  await untilTrue(() => threads().length === 2);
  const calls = Array.from({ length: 500 }, (_, at) => secrets.get('key' + at));
  await until('waiting', 501);
  assert.deepEqual(threads(), ['sr-runtime', 'sr-runtime']);
  wake();
  await Promise.all([first, ...calls]);
})();
`);
});

test('what is at hand needs no runtime', { skip: linux }, async () => {
  await alone(`
${THREADS}
(async () => {
  const secrets = openMemory();
  await secrets.set('key', 'value');
  assert.equal(await secrets.getValue('key'), 'value');
  assert.equal(secrets.getValueSync('key'), 'value');
  openFault('').getSync('key');
  assert.equal(native.testingRuntimeIsBuilt(), false);
  assert.deepEqual(threads(), []);
})();
`);
});

test('the event loop turns while 100 writes of the encrypted store are under way', { skip }, async () => {
  await alone(`
(async () => {
  const secrets = openStore(process.argv[2]);
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  const writes = Array.from({ length: 100 }, (_, at) => secrets.set('key' + at, 'value'));
  // Nothing was answered within the calls themselves, which would have kept this thread for all of it.
  assert.equal(await Promise.race([...writes, Promise.resolve('first')]), 'first');
  await Promise.all(writes);
  isOver = true;
  assert(turns > 20, turns + ' turns');
})();
`);
});

test('a deadline ends a call that hangs, by both forms, and by the setting', { skip }, async () => {
  await alone(`
(async () => {
  for (const script of ['*:hang', '*:block']) {
    const secrets = openFault(script);
    const timeout = { code: 'timeout', operation: 'get' };
    for (const timeoutMs of [0, 1, 100]) {
      await assert.rejects(secrets.get('key', { timeoutMs }), timeout);
      await freed();
      assert.throws(() => secrets.getSync('key', { timeoutMs }), timeout);
      await freed();
    }
    await assert.rejects(secrets.set('key', 'value', { timeoutMs: 100 }), { code: 'outcome_unknown' });
    await freed();
    assert.throws(() => secrets.setSync('key', 'value', { timeoutMs: 100 }), { code: 'outcome_unknown' });
    await freed();
  }

  // The next call is refused while an earlier one still blocks the backend.
  async function freed() {
    wake();
    await untilTrue(() => count('waiting') === 0);
  }
  const short = openFault('*:hang', { deadline: '100ms' });
  await assert.rejects(short.get('key'), { code: 'timeout' });
  assert.throws(() => short.getSync('key'), { code: 'timeout' });
  // Those of one call are not those of another.
  const ends = await Promise.allSettled([1, 50, 100, 5].map((timeoutMs) => short.get('key', { timeoutMs })));
  assert(ends.every(({ reason }) => reason.code === 'timeout'));
})();
`);
});

test('several managers and their calls do not disturb each other', { skip }, async () => {
  await alone(`
(async () => {
  const hanging = openFault('*:hang');
  const calls = Array.from({ length: 10 }, () => hanging.get('key'));
  const store = openStore(process.argv[2]);
  const again = openStore(process.argv[2]);
  const memory = openMemory();
  await Promise.all([store.set('key', 'of the store'), memory.set('key', 'of memory')]);
  assert.equal(await again.getValue('key'), 'of the store');
  await store.close();
  await assert.rejects(store.getValue('key'), { code: 'closed' });
  assert.equal(await again.getValue('key'), 'of the store');
  assert.equal(memory.getValueSync('key'), 'of memory');
  // A manager that is closed in the middle of its calls.
  const closing = openFault('get:hang');
  const given = closing.get('key', { timeoutMs: 60_000 });
  await until('waiting', 11);
  await closing.close();
  wake();
  await given.catch((error) => assert.equal(error.code, 'closed'));
  await Promise.all(calls);
})();
`);
});

test('what a program keeps in AsyncLocalStorage is kept across calls', { skip }, async () => {
  await alone(`
const { AsyncLocalStorage } = require('node:async_hooks');
(async () => {
  const secrets = openFault('*:latency(1ms)');
  const storage = new AsyncLocalStorage();
  const controller = new AbortController();
  await Promise.all(Array.from({ length: 20 }, (_, at) => storage.run(at, async () => {
    await secrets.get('key');
    assert.equal(storage.getStore(), at);
    await secrets.set('key' + at, 'value', { signal: controller.signal });
    assert.equal(storage.getStore(), at);
    await secrets.get('not a key').catch(() => assert.equal(storage.getStore(), at));
    await secrets.getValue('key' + at).then(() => assert.equal(storage.getStore(), at));
  })));
})();
`);
});

const PANICS = `
async function panics(where) {
  const said = { code: 'internal' };
  assert.throws(() => native.testingPanic(), said);
  for (const when of ['at once', 'later', 'in the answer']) {
    assert.throws(() => native.testingPanicInCall(true, when), said);
    await assert.rejects(async () => native.testingPanicInCall(false, when), said);
    await Promise.all(Array.from({ length: 20 }, () => (
      assert.rejects(async () => native.testingPanicInCall(false, when), said)
    )));
  }
  // All goes on.
  assert.equal(await openFault('get:latency(1ms)').get('key'), null);
}
`;

test('a panic is an error of its call, whose text is told nowhere', { skip }, async () => {
  const said = await alone(`
${PANICS}
(async () => {
  await panics();
  const [code] = await require('node:events').once(work(${JSON.stringify(`${PANICS} panics();`)}), 'exit');
  assert.equal(code, 0);
  try {
    native.testingPanic();
  } catch (error) {
    assert(!JSON.stringify(error).includes('canary'), error.message);
  }
})();
`);
  assert.deepEqual(said, { stdout: '', stderr: '' });
});

test('an error that the engine cannot hold is no success', { skip }, async () => {
  await alone(`
(async () => {
  const said = { code: 'internal', message: /cannot hold/ };
  assert.throws(() => native.testingFailAtLength(true), said);
  await assert.rejects(async () => native.testingFailAtLength(false), said);
})();
`);
});

test('what a setter throws that someone gave all objects comes out of its call alone', { skip }, async () => {
  const said = await alone(`
(async () => {
  const secrets = openFault('*:yield(1)');
  let isOn = true;
  Object.defineProperty(Object.prototype, 'created', {
    configurable: true,
    set(value) {
      if (isOn) throw new RangeError('of a setter');
      Object.defineProperty(this, 'created', { value, enumerable: true });
    },
  });
  const calls = [secrets.set('a', 'value'), secrets.getValue('b'), secrets.set('c', 'value'), secrets.getValue('d')];
  const ends = await Promise.allSettled(calls);
  assert.deepEqual(ends.map(({ reason }) => reason?.name), ['RangeError', undefined, 'RangeError', undefined]);
  assert.throws(() => secrets.setSync('e', 'value'), RangeError);
  isOn = false;
  assert.equal((await secrets.set('f', 'value')).created, true);
})();
`);
  assert.deepEqual(said, { stdout: '', stderr: '' });
});

test('a call that begins while answers are made, and calls that begin calls', { skip }, async () => {
  await alone(`
(async () => {
  const secrets = openFault('*:yield(2)');
  await secrets.set('key', 'value');
  const inner = [];
  Object.defineProperty(Object.prototype, 'created', {
    configurable: true,
    set(value) {
      inner.push(secrets.getValue('key'), secrets.getValueSync('key'));
      Object.defineProperty(this, 'created', { value, enumerable: true });
    },
  });
  await Promise.all(Array.from({ length: 50 }, (_, at) => secrets.set('key' + at, 'value')));
  delete Object.prototype.created;
  assert.equal(inner.length, 100);
  assert((await Promise.all(inner)).every((found) => found === 'value'));
  const deep = async (left) => (left === 0 ? secrets.getValue('key') : deep(left - 1).then(() => deep(left - 1)));
  assert.equal(await deep(6), 'value');
})();
`);
});
