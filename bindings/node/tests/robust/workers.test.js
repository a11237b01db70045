'use strict';
// Worker threads: each has managers of its own, ends when it is told to, and takes nobody else with it.

const { test } = require('node:test');
const assert = require('node:assert/strict');

const { alone, skip } = require('./alone.js');

/** Runs a program that writes `done` where it came to its end. */
async function passes(program, how) {
  assert.deepEqual(await alone(`${program}\n`, how), { stdout: 'done', stderr: '' });
}

const DONE = "process.stdout.write('done')";

test('several workers and the main thread use managers of their own at the same time', { skip }, async () => {
  await passes(`
const { once } = require('node:events');
const use = \`
const { workerData } = require('node:worker_threads');
async function use(name, folder) {
  const store = openStore(folder);
  const memory = openMemory();
  for (let round = 0; round < 10; round += 1) {
    await Promise.all([store.set(name + '_' + round, name + round), memory.set('key', name + round)]);
    assert.equal(memory.getValueSync('key'), name + round);
    assert.equal(await store.getValue(name + '_' + round), name + round);
    await assert.rejects(memory.set('not a key', ''), { code: 'invalid_key' });
  }
  await store.close();
}
\`;
const workers = [1, 2, 3, 4].map((at) => work(
  use + "use('worker' + workerData.at, workerData.folder)", { at, folder: process.argv[2] },
));
(async () => {
  const ends = workers.map((worker) => once(worker, 'exit'));
  const here = new Function('require', use + "; return use('main', process.argv[2]);")(require);
  for (const [code] of await Promise.all(ends)) assert.equal(code, 0);
  await here;
  const store = openStore(process.argv[2]);
  for (const name of ['main', 'worker1', 'worker4']) assert.equal(store.getValueSync(name + '_9'), name + '9');
  ${DONE};
})();
`);
});

test('a worker may be the first to load the library, and the last', { skip }, async () => {
  await passes(`
const { once } = require('node:events');
const use = "openFault('get:latency(1ms)').get('key').then(() => openStore(process.argv[2]).set('key', 'value'))";
(async () => {
  // The second one finds what the first has left.
  for (let round = 0; round < 3; round += 1) {
    const [code] = await once(work(use), 'exit');
    assert.equal(code, 0);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.equal(openStore(process.argv[2]).getValueSync('key'), 'value');
  assert.equal(await openFault('get:latency(1ms)').get('key'), null);
  ${DONE};
})();
`);
});

test('terminate() ends a worker in the middle of a call that waits', { skip }, async () => {
  await passes(`
(async () => {
  const worker = work("openFault('get:hang').getSync('key'); process.exit(9)");
  await until('waiting', 1);
  assert.equal(await worker.terminate(), 1);
  await untilTrue(() => count('inFlight') === 0);
  ${DONE};
})();
`);
});

test('terminate() cancels the calls by promise, and the main thread goes on with its own', { skip }, async () => {
  await passes(`
(async () => {
  const secrets = openFault('get*1:hang;get:latency(1ms)');
  const own = secrets.get('key');
  await until('waiting', 1);
  const worker = work("const secrets = openFault('*:hang'); for (let at = 0; at < 50; at += 1) secrets.get('key');");
  await until('waiting', 51);
  await worker.terminate();
  await untilTrue(() => count('waiting') === 1);
  wake();
  assert.equal(await own, null);
  assert.equal(await secrets.get('key'), null);
  ${DONE};
})();
`);
});

test('a worker that is terminated in the middle of a write does not harm the store', { skip }, async () => {
  await passes(`
const { once } = require('node:events');
(async () => {
  for (let round = 0; round < 5; round += 1) {
    const worker = work(\`
      const { parentPort } = require('node:worker_threads');
      const secrets = openStore(process.argv[2]);
      (async () => {
        for (let at = 0; ; at += 1) {
          const written = [0, 1, 2, 3].map((other) => secrets.set('key' + other, 'value' + at));
          parentPort.postMessage(at);
          await Promise.all(written);
          secrets.setSync('sync', 'value' + at);
        }
      })();
    \`);
    while ((await once(worker, 'message'))[0] < 1 + 3 * round);
    await worker.terminate();
    const secrets = openStore(process.argv[2], { cache: 'off' });
    assert.match(secrets.getValueSync('key0'), /^value\\d+$/);
    await secrets.set('after', 'value' + round);
    assert.equal(await secrets.getValue('after'), 'value' + round);
    await secrets.close();
  }
  ${DONE};
})();
`);
});

for (const [what, program] of Object.entries({
  'calls that hang': "const secrets = openFault('*:hang'); for (let at = 0; at < 20; at += 1) secrets.get('key');",
  'a call that waits': "openFault('get:hang').getSync('key');",
  'calls that end all the time': `
    const secrets = openFault('get:latency(1ms)');
    const again = () => secrets.get('key').then(again);
    for (let at = 0; at < 20; at += 1) again();
  `,
  'the first load': 'require(PACKAGE);',
})) {
  test(`50 rounds of starting and terminating a worker with ${what}`, { skip }, async () => {
    await passes(`
const { once } = require('node:events');
(async () => {
  for (let round = 0; round < 50; round += 1) {
    const worker = work(${JSON.stringify(program)});
    // Ends it at whatever point it has come to.
    if (round % 3 === 0) await once(worker, 'online');
    else if (${program.includes('openFault')} && round % 3 === 1) await untilTrue(() => count('inFlight') > 0);
    await worker.terminate();
  }
  assert.equal(await openFault('get:latency(1ms)').get('key'), null);
  ${DONE};
})();
`);
  });
}

test('a worker that ends while a call is pending', { skip }, async () => {
  await passes(`
const { once } = require('node:events');
(async () => {
  const secrets = openFault('');
  const ends = {
    'process.exit(3)': "until('waiting', 10).then(() => process.exit(3));",
    'an exception': "until('waiting', 10).then(() => { throw new Error('of the worker'); });",
  };
  for (const [what, end] of Object.entries(ends)) {
    const calls = "const secrets = openFault('get:hang'); for (let at = 0; at < 10; at += 1) secrets.get('key');";
    const worker = work(calls + end);
    const errors = [];
    worker.on('error', ({ message }) => errors.push(message));
    const code = await new Promise((resolve) => worker.on('exit', resolve));
    assert.deepEqual(errors, what === 'an exception' ? ['of the worker'] : []);
    assert.equal(code, what === 'an exception' ? 1 : 3);
    await untilTrue(() => count('waiting') === 0);
    assert.equal(await secrets.get('key'), null);
  }
  ${DONE};
})();
`);
});

test('a worker stays until its pending calls have ended', { skip }, async () => {
  await passes(`
const { once } = require('node:events');
(async () => {
  const worker = work(\`
    const { parentPort } = require('node:worker_threads');
    openFault('get:hang').get('key').then((found) => parentPort.postMessage(found));
  \`);
  await until('waiting', 1);
  const answer = once(worker, 'message');
  wake();
  assert.deepEqual(await answer, [null]);
  ${DONE};
})();
`);
});

test('secrets and managers do not cross to another thread, and nothing of a value does', { skip }, async () => {
  await passes(`
const { MessageChannel } = require('node:worker_threads');
const { once } = require('node:events');
const v8 = require('node:v8');
(async () => {
  const CANARY = 'canary-of-a-crossing';
  const secrets = openMemory();
  await secrets.set('key', CANARY);
  for (const thing of [await secrets.get('key'), new strongroom.Secret(CANARY), secrets]) {
    for (const clone of [structuredClone(thing), await posted(thing)]) {
      assert(!(clone instanceof strongroom.Secret) && !(clone instanceof strongroom.SecretManager));
      assert(!JSON.stringify(clone).includes(CANARY));
    }
    assert(!v8.serialize(thing).includes(CANARY));
  }
  // What is no longer a secret is refused, not taken for one.
  await assert.rejects(secrets.set('key', structuredClone(await secrets.get('key'))), TypeError);
  ${DONE};

  async function posted(thing) {
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(thing);
    const [clone] = await once(port2, 'message');
    port1.close();
    return clone;
  }
})();
`);
});

test('verbs that are called on what is no manager or secret of ours', { skip }, async () => {
  await passes(`
(async () => {
  const { Secret, SecretManager } = strongroom;
  const bare = [Object.create(SecretManager.prototype), Object.create(Secret.prototype)];
  const others = [{}, null, undefined, ...bare, Symbol('s')];
  for (const other of others) {
    assert.throws(() => SecretManager.prototype.getValueSync.call(other, 'key'), TypeError);
    await assert.rejects(async () => SecretManager.prototype.set.call(other, 'key', 'value'), TypeError);
    assert.throws(() => Secret.prototype.reveal.call(other), TypeError);
  }
  assert.throws(() => new SecretManager({}), TypeError);
  // Handles of one kind are not taken for another's, nor those of others.
  const token = native.token();
  for (const wrong of [token, native.secret('value'), {}, 7]) {
    assert.throws(() => native.getValue(true, wrong, 'key'), TypeError);
  }
  assert.throws(() => native.secretText(token), TypeError);
  ${DONE};
})();
`);
});

test('workers that wait for a change end when they are told to', { skip }, async () => {
  await passes(`
const { once } = require('node:events');
const waits = [
  'changes.next().finally(() => process.stdout.write("told"))',
  '(async () => { for await (const change of changes) process.stdout.write("told"); })()',
  'for (let at = 0; at < 100; at += 1) secrets.subscribeSync({ everyMs: 1 }).next()',
  'changes.nextSync()',
  'changes.nextSync(600_000)',
];
(async () => {
  for (const wait of waits) {
    const worker = work(
      "const secrets = openMemory(); const changes = secrets.subscribeSync();" +
      "require('node:worker_threads').parentPort.postMessage('waits');" + wait,
    );
    await once(worker, 'message');
    // It waits now, or does so at once.
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(await worker.terminate(), 1);
  }
  ${DONE};
})();
`);
});
