'use strict';
// Functions that are asked for secret settings, where their threads end, hang or are not there for them.

const { test } = require('node:test');
const assert = require('node:assert/strict');

const { alone, skip } = require('./alone.js');

const DONE = "process.stdout.write('done')";

async function passes(program, how) {
  assert.deepEqual(await alone(program, how), { stdout: 'done', stderr: '' });
}

/** An opening of the store in the program's folder, whose key a function gives. */
const ASKS = `
const path = require('node:path');
const asks = (key) => ({
  backend: 'encrypted',
  settings: { 'encrypted.path': path.join(process.argv[2], 'secrets.strongroom') },
  secrets: { 'encrypted.key': key },
  environment: false,
});
`;

test('a worker is terminated while a function of its own is asked and never answers', { skip }, async () => {
  await passes(`
const { once } = require('node:events');
(async () => {
  const programs = {
    'a promise': "strongroom.open(asks(() => { asked(); return new Promise(() => {}); }))",
    'a function that does not end': "strongroom.open(asks(() => { asked(); for (;;); }))",
    'while the thread waits': "strongroom.openSync(asks(() => { asked(); for (;;); }))",
  };
  for (const [what, program] of Object.entries(programs)) {
    for (let round = 0; round < 5; round += 1) {
      const worker = work(
        ${JSON.stringify(ASKS)} + "const asked = () => require('node:worker_threads').parentPort.postMessage('asked');" + program,
      );
      await once(worker, 'message');
      await worker.terminate();
    }
  }
  const secrets = openStore(process.argv[2]);
  await secrets.set('key', 'value');
  assert.equal(await secrets.getValue('key'), 'value');
  ${DONE};
})();
`);
});

test('a manager of an ended worker asks nobody, and those of others go on', { skip }, async () => {
  await passes(`
${ASKS}
const { once } = require('node:events');
(async () => {
  const secrets = await strongroom.open(asks(async () => STORE_KEY));
  await secrets.set('key', 'value');
  for (let round = 0; round < 10; round += 1) {
    const worker = work(${JSON.stringify(ASKS)} + \`
      const { parentPort } = require('node:worker_threads');
      (async () => {
        const secrets = await strongroom.open(asks(async () => STORE_KEY));
        parentPort.postMessage('opened');
        for (;;) {
          await secrets.lock();
          await secrets.getValue('key');
        }
      })();
    \`);
    await once(worker, 'message');
    await secrets.lock();
    const [value] = await Promise.all([secrets.getValue('key'), worker.terminate()]);
    assert.equal(value, 'value');
  }
  secrets.closeSync();
  ${DONE};
})();
`);
});

test('the process ends by itself and by process.exit() beside questions that nobody answers', { skip }, async () => {
  const asked = `${ASKS} const never = () => new Promise(() => {});`;
  // The call's deadline ends it, and then nothing is left to stay for.
  await passes(`${asked}
strongroom.open({ ...asks(never), timeoutMs: 300 }).catch((error) => {
  assert.equal(error.code, 'timeout');
  ${DONE};
});
`);
  await passes(`${asked}
strongroom.open(asks(() => {
  setImmediate(() => process.exit());
  ${DONE};
  return never();
}));
`);
  await passes(`${asked}
strongroom.open(asks(() => {
  ${DONE};
  process.exit();
}));
`);
});
