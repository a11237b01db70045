'use strict';
// What is collected when nobody has it any more, and how much memory there is until then.

const { test } = require('node:test');

const { alone, skip } = require('./alone.js');

const GC = { flags: ['--expose-gc'] };

const COLLECTED = `
const collected = new Map();
const registry = new FinalizationRegistry((name) => collected.set(name, (collected.get(name) ?? 0) + 1));
// What Node-API finalizes runs in a later turn of the event loop.
async function allCollected(name, number) {
  while ((collected.get(name) ?? 0) < number) {
    global.gc();
    await new Promise(setImmediate);
  }
}
`;

test('secrets and managers that nobody has are collected, and what is behind them', { skip }, async () => {
  await alone(
    `
${COLLECTED}
(async () => {
  await (async () => {
    for (let at = 0; at < 100; at += 1) {
      const secrets = openMemory();
      await secrets.set('key', 'value');
      const secret = await secrets.get('key');
      assert.equal(secrets.getValueSync('key'), 'value');
      registry.register(secrets, 'manager');
      registry.register(secret, 'secret');
      registry.register(new strongroom.Secret('value'), 'secret');
    }
  })();
  await allCollected('manager', 100);
  await allCollected('secret', 200);

  // A call keeps what it was called on, and nothing does after its end.
  const call = (() => {
    const secrets = openFault('get:hang');
    registry.register(secrets, 'manager');
    return secrets.get('key');
  })();
  await until('waiting', 1);
  global.gc();
  wake();
  assert.equal(await call, null);
  await allCollected('manager', 101);
  // With it goes the backend.
  await untilTrue(() => {
    global.gc();
    return count('started') === 0;
  });
})();
`,
    GC,
  );
});

test('a manager of the encrypted store that is collected gives its files and threads back', { skip }, async () => {
  const linux = "require('node:fs').readdirSync('/proc/self/task').length";
  await alone(
    `
const fs = require('node:fs');
const has = () => process.platform === 'linux'
  ? [fs.readdirSync('/proc/self/fd').length, ${linux}] : [0, 0];
(async () => {
  const use = async () => {
    const secrets = openStore(process.argv[2]);
    await secrets.set('key', 'value');
  };
  await use();
  await settled();
  const before = has();
  for (let round = 0; round < 20; round += 1) await use();
  await untilTrue(() => {
    global.gc();
    return has().every((number, at) => number <= before[at]);
  });

  async function settled() {
    for (let turn = 0; turn < 20; turn += 1) {
      global.gc();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
})();
`,
    GC,
  );
});

test('100,000 secrets, and thousands of calls and errors, do not make the process grow', { skip }, async () => {
  await alone(
    `
(async () => {
  const secrets = openMemory();
  await secrets.set('key', 'value'.repeat(20), { labels: { a: 'b' } });
  const slow = openFault('*:yield(1)');
  const signal = new AbortController().signal;
  const once = async () => {
    (await secrets.get('key')).reveal();
    secrets.getSync('key').bytes();
    new strongroom.Secret('value'.repeat(20)).wipe();
    await secrets.getValue('key');
    secrets.getValueSync('none');
  };
  const slowly = async () => {
    await slow.get('none', { signal });
    await secrets.get('not a key').catch(() => {});
    await secrets.set('key', 7).catch(() => {});
    await secrets.set('key', 'value', { ifVersion: '999999' }).catch(() => {});
  };
  const rounds = async (count) => {
    for (let round = 0; round < count; round += 1) {
      await once();
      if (round % 10 === 0) await slowly();
    }
    global.gc();
    await new Promise(setImmediate);
    global.gc();
  };
  await rounds(4_000);
  const before = process.memoryUsage();
  for (let round = 0; round < 9; round += 1) await rounds(4_000);
  const after = process.memoryUsage();
  for (const [of, most] of [['rss', 24 << 20], ['heapUsed', 4 << 20], ['external', 4 << 20]]) {
    const grown = after[of] - before[of];
    assert(grown < most, of + ' grew by ' + grown);
  }
})();
`,
    GC,
  );
});

test('large secrets that nobody keeps are collected before they fill the memory', { skip }, async () => {
  // Without any call for it: V8 must know what they weigh.
  await alone(`
(async () => {
  const value = Buffer.alloc(1 << 20, 'v');
  const secrets = openMemory();
  await secrets.set('key', value);
  for (let round = 0; round < 20; round += 1) {
    for (let at = 0; at < 50; at += 1) {
      assert.equal((await secrets.get('key')).version !== null, true);
      new strongroom.Secret(value);
    }
    await new Promise(setImmediate);
  }
  const { rss } = process.memoryUsage();
  assert(rss < 700 << 20, 'rss is ' + rss);
})();
`);
});

test('what is thrown away while a call is pending is collected after its end', { skip }, async () => {
  await alone(
    `
(async () => {
  const secrets = openFault('get:hang');
  const round = async () => {
    const controller = new AbortController();
    const waiting = count('waiting');
    const calls = Array.from({ length: 100 }, (_, at) => secrets.get('key' + at, { signal: controller.signal }));
    const ends = Promise.allSettled(calls);
    await until('waiting', waiting + 100);
    controller.abort();
    await ends;
  };
  for (let at = 0; at < 10; at += 1) await round();
  global.gc();
  const before = process.memoryUsage().heapUsed;
  for (let at = 0; at < 40; at += 1) await round();
  global.gc();
  await new Promise(setImmediate);
  global.gc();
  const grown = process.memoryUsage().heapUsed - before;
  assert(grown < 2 << 20, 'grew by ' + grown);
  assert.equal(count('inFlight'), 0);
})();
`,
    GC,
  );
});

test('subscriptions that nobody has are collected, whatever follows their signal', { skip }, async () => {
  await alone(
    `
${COLLECTED}
(async () => {
  const secrets = openMemory();
  const { signal } = new AbortController();
  await (async () => {
    for (let at = 0; at < 100; at += 1) {
      registry.register(await secrets.subscribe({ signal }), 'subscription');
      registry.register(secrets.subscribeSync(), 'subscription');
    }
    await secrets.set('key', 'value');
  })();
  await allCollected('subscription', 200);

  // Who waits keeps them, and they keep the manager.
  const wait = (() => {
    const store = openStore(process.argv[2]);
    registry.register(store, 'manager');
    const changes = store.subscribeSync({ everyMs: 1 });
    registry.register(changes, 'subscription');
    return changes.next();
  })();
  for (let at = 0; at < 10; at += 1) {
    global.gc();
    await new Promise(setImmediate);
  }
  openStore(process.argv[2]).setSync('key', 'value');
  const { value, done } = await wait;
  assert.equal(done, false);
  assert.ok(['set', 'unknown'].includes(value.kind));
  await allCollected('subscription', 201);
})();
`,
    GC,
  );
});
