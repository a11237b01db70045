'use strict';
// The end of the process: it comes by itself once the program's own work is done, whatever of ours is open, with the
// program's code, and says nothing.

const { test } = require('node:test');
const assert = require('node:assert/strict');

const { alone, skip } = require('./alone.js');

const ENDS = {
  'an open manager': `
openStore(process.argv[2]).setSync('key', 'value');
`,
  'a manager that a promise opened': `
strongroom.open({ backend: 'memory', environment: false }).then((secrets) => secrets.set('key', 'value'));
`,
  'values from the runtime': `
const secrets = openFault('get:latency(1ms)');
secrets.get('key').then((found) => assert.equal(found, null));
`,
  'aborted calls': `
const secrets = openFault('*:hang');
const controller = new AbortController();
const calls = Array.from({ length: 20 }, () => secrets.get('key', { signal: controller.signal }));
until('waiting', 20).then(() => controller.abort());
Promise.allSettled(calls).then((ends) => assert(ends.every(({ reason }) => reason.name === 'AbortError')));
`,
  'a deadline that has passed': `
const secrets = openFault('get:hang');
assert.rejects(secrets.get('key', { timeoutMs: 50 }), { code: 'timeout' });
`,
  'a pending call, until its deadline': `
const secrets = openFault('get:hang');
secrets.get('key', { timeoutMs: 300 }).catch((error) => process.stdout.write(error.code));
`,
  'a pending call whose answer nobody awaits': `
const secrets = openFault('get:latency(200ms)');
void secrets.get('key');
`,
  'a call that hung and was woken': `
const secrets = openFault('get:hang');
secrets.get('key').then((found) => assert.equal(found, null));
until('waiting', 1).then(wake);
`,
  'an interval that is no reason to stay': `
setInterval(() => {}, 1000).unref();
const secrets = openFault('get:latency(1ms)');
secrets.get('key').then(() => {});
`,
  'calls that follow each other': `
(async () => {
  const secrets = openFault('get:latency(1ms)');
  for (let round = 0; round < 20; round += 1) await secrets.get('key');
  await Promise.all(Array.from({ length: 20 }, () => secrets.get('key')));
})();
`,
  'process.exit() in the middle of calls': `
const secrets = openFault('*:hang');
for (let call = 0; call < 100; call += 1) secrets.get('key').catch(() => {});
until('waiting', 100).then(() => process.exit());
`,
  'process.exit() while calls end just now': `
const secrets = openFault('get:hang');
for (let call = 0; call < 200; call += 1) void secrets.get('key');
until('waiting', 200).then(() => {
  wake();
  process.exit();
});
`,
  'process.exit() in the middle of writes of the encrypted store': `
const secrets = openStore(process.argv[2]);
for (let call = 0; call < 50; call += 1) secrets.set('key' + call, 'value').catch(() => {});
setImmediate(() => process.exit());
`,
  'a subscription whose changes nobody awaits': `
const secrets = openMemory();
secrets.subscribe().then(() => secrets.subscribeSync());
`,
  'a wait for a change that is no reason to stay': `
const secrets = openMemory();
secrets.subscribe().then(async (changes) => {
  for await (const change of changes.unref()) assert.fail(change.key);
});
`,
  'a wait for a change that is no reason to stay any more': `
const changes = openMemory().subscribeSync();
changes.next().then(() => assert.fail());
setTimeout(() => changes.unref(), 20);
`,
  'the end of a wait for a change that is no reason to stay': `
const secrets = openMemory();
const aborting = new AbortController();
secrets.subscribe({ signal: aborting.signal }).then((changes) => {
  changes.unref().next().catch(({ name }) => process.stdout.write(name));
  aborting.abort();
});
const changes = secrets.subscribeSync().unref();
changes.next().then(({ done }) => assert(done)).then(() => process.on('exit', () => process.stdout.write(' done')));
changes.close();
`,
  'a wait for a change, until it comes': `
const secrets = openMemory();
const changes = secrets.subscribeSync().unref();
changes.next().then(({ value }) => process.stdout.write(value.key));
changes.ref();
setTimeout(() => secrets.setSync('key', 'value'), 100).unref();
`,
  'a loop over changes, until the manager is closed': `
const secrets = openMemory();
(async () => {
  for await (const { kind } of await secrets.subscribe()) process.stdout.write(kind);
})();
setTimeout(() => secrets.setSync('key', 'value'), 20).unref();
setTimeout(() => secrets.closeSync(), 100).unref();
`,
  'process.exit() while 100 subscriptions wait': `
const secrets = openMemory();
for (let at = 0; at < 100; at += 1) secrets.subscribe().then((changes) => changes.next());
setTimeout(() => process.exit(), 20);
`,
  'a handler of exit that uses a manager': `
const secrets = openStore(process.argv[2]);
process.on('exit', () => {
  secrets.setSync('key', 'at the end');
  process.stdout.write(secrets.getValueSync('key'));
  // Nobody hears of them any more.
  for (const call of [secrets.set('key', 'later'), openFault('*:latency(1ms)').get('key')]) {
    call.then(() => process.stdout.write('never'));
  }
});
`,
  'a handler of beforeExit that awaits': `
const secrets = openFault('get:latency(5ms)');
process.once('beforeExit', async () => {
  await secrets.get('key');
  process.stdout.write('awaited');
});
`,
  'a worker that hangs in a call, and process.exit()': `
work("openFault('get:hang').getSync('key')");
until('waiting', 1).then(() => process.exit());
`,
  'a worker with pending calls, and process.exit()': `
work("const secrets = openFault('get:hang'); for (let at = 0; at < 50; at += 1) secrets.get('key').catch(() => {})");
until('waiting', 50).then(() => process.exit());
`,
};

const SAYS = {
  'the end of a wait for a change that is no reason to stay': 'AbortError done',
  'a wait for a change, until it comes': 'global/key',
  'a loop over changes, until the manager is closed': 'set',
  'a pending call, until its deadline': 'timeout',
  'a handler of exit that uses a manager': 'at the end',
  'a handler of beforeExit that awaits': 'awaited',
};

for (const [what, program] of Object.entries(ENDS)) {
  test(`the process ends orderly with ${what}`, { skip }, async () => {
    assert.deepEqual(await alone(program), { stdout: SAYS[what] ?? '', stderr: '' });
  });
}

test('process.exitCode and the code of process.exit() are kept', { skip }, async () => {
  const calls = "const secrets = openFault('get:hang'); secrets.get('key').catch(() => {});";
  await alone(`${calls} until('waiting', 1).then(() => process.exit(7));`, { code: 7 });
  await alone(`openFault('get:latency(5ms)').get('key').then(() => { process.exitCode = 9; });`, { code: 9 });
});

test('an exception after a call ends the program as any other', { skip }, async () => {
  const ended = await alone(
    `
const secrets = openFault('get:latency(1ms)');
void openFault('get:hang').get('key');
secrets.get('key').then(() => { throw new RangeError('of the program'); });
`,
    { code: 1 },
  );
  assert.match(ended.stderr, /RangeError: of the program/);
});

test('an exception in one continuation does not keep other calls from ending', { skip }, async () => {
  const { stdout } = await alone(`
process.on('uncaughtException', (error) => console.log('caught', error.message));
const secrets = openFault('get*9:hang');
for (let call = 0; call < 9; call += 1) {
  secrets.get('key').then(() => {
    // Outside of any promise, where it is an uncaught exception.
    process.nextTick(() => { throw new Error(call); });
  });
}
until('waiting', 9).then(wake);
`);
  assert.deepEqual(
    stdout.trim().split('\n').sort(),
    Array.from({ length: 9 }, (_, call) => `caught ${call}`),
  );
});

test('a rejection that nobody handles shows a readable StrongroomError', { skip }, async () => {
  const ended = await alone(
    `
async function ofTheProgram() {
  await openFault('get:fail(permission_denied)').get('org/acme/api_key');
}
void ofTheProgram();
`,
    { code: 1 },
  );
  assert.match(ended.stderr, /StrongroomError/);
  assert.match(ended.stderr, /code: 'permission_denied'/);
  assert.match(ended.stderr, /ofTheProgram/);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  test(`${signal} ends the process at once during a call that waits`, { skip }, async () => {
    await alone(
      `
work("until('waiting', 1).then(() => process.kill(process.pid, '${signal}'))");
openFault('get:hang').getSync('key');
`,
      { code: null, signal },
    );
  });

  test(`${signal} ends the process during a call by promise, unless the program handles it`, { skip }, async () => {
    const call = "const secrets = openFault('get:hang'); secrets.get('key').catch(() => {});";
    const kill = `until('waiting', 1).then(() => process.kill(process.pid, '${signal}'));`;
    await alone(call + kill, { code: null, signal });
    const handles = `process.once('${signal}', () => { console.log('handled'); wake(); });`;
    const { stdout } = await alone(call + handles + kill);
    assert.equal(stdout, 'handled\n');
  });
}
