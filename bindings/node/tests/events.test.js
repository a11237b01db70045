'use strict';
// The library's events, on the channel `strongroom`.

const assert = require('node:assert/strict');
const diagnostics = require('node:diagnostics_channel');
const { test } = require('node:test');

const { open, openSync } = require('strongroom');
const { alone, skip } = require('./robust/alone.js');

/** What is told from now on, until the test ends. */
function heard(context, also = () => undefined) {
  const events = [];
  const hear = (event) => {
    events.push(event);
    also(event);
  };
  diagnostics.subscribe('strongroom', hear);
  context.after(() => diagnostics.unsubscribe('strongroom', hear));
  return events;
}

const lines = (events, beginning) => events.map(({ message }) => message).filter((line) => line.startsWith(beginning));

test('a call that waits has told its events when it answers', (context) => {
  const events = heard(context);
  const secrets = openSync('memory', { environment: false });
  assert(lines(events, 'chosen ').length === 1);
  secrets.setSync('org/acme/api_key', 'canary-of-a-value');
  const event = events.at(-1);
  assert.deepEqual(Object.keys(event), ['level', 'target', 'message']);
  assert.equal(event.level, 'debug');
  assert.match(event.target, /^strongroom(::|$)/);
  assert.match(event.message, /^operation=set backend=memory key=org\/acme\/api_key outcome=ok micros=\d+$/);
  assert.throws(() => secrets.getSync('not a key'), { code: 'invalid_key' });
  assert.throws(() => secrets.setSync('key', 'canary-of-a-value', { timeoutMs: 0 }), { code: 'timeout' });
  assert(!JSON.stringify(events).includes('canary'));
});

test('a call that gives a promise has told its events when it is settled, in their order', async (context) => {
  const events = heard(context);
  const secrets = await open('memory', { environment: false });
  assert.equal(lines(events, 'chosen ').length, 1);
  await secrets.set('key', 'value');
  assert.equal(lines(events, 'operation=set').length, 1);
  await Promise.all(Array.from({ length: 50 }, (_, number) => secrets.set(`key_${number}`, 'value')));
  const keys = lines(events, 'operation=set')
    .slice(1)
    .map((line) => /key=global\/(\S+)/.exec(line)[1]);
  assert.deepEqual(
    keys,
    Array.from({ length: 50 }, (_, number) => `key_${number}`),
  );
});

test('a name that looks like a line stays one', (context) => {
  const events = heard(context);
  openSync('memory', { environment: false }).getSync('absent', { requestId: 'x\nforged' });
  assert(events.some(({ message }) => message.includes('request_id=x\\nforged')));
});

test('who subscribes late is told from then on, who leaves is told nothing more', (context) => {
  const secrets = openSync('memory', { environment: false });
  secrets.setSync('before', 'value');
  const events = [];
  const hear = (event) => events.push(event);
  diagnostics.subscribe('strongroom', hear);
  context.after(() => diagnostics.unsubscribe('strongroom', hear));
  secrets.setSync('key', 'value');
  assert.equal(events.length, 1);
  diagnostics.unsubscribe('strongroom', hear);
  secrets.setSync('after', 'value');
  diagnostics.subscribe('strongroom', hear);
  secrets.setSync('again', 'value');
  assert.deepEqual(
    lines(events, 'operation=set').map((line) => /key=global\/(\S+)/.exec(line)[1]),
    ['key', 'again'],
  );
});

test('a subscriber may use the library, and causes no events without end', async (context) => {
  const tokens = openSync('memory', { environment: false });
  tokens.setSync('token', 't0p');
  const sent = [];
  const events = heard(context, () => {
    tokens.getSync('absent');
    sent.push(tokens.getValueSync('token'));
  });
  openSync('memory', { environment: false }).getSync('other');
  assert(events.length > 0);
  assert.deepEqual(
    sent,
    events.map(() => 't0p'),
  );
  await open('memory', { environment: false });
  assert.deepEqual(lines(events, 'operation=get').length, 1);
});

test('a subscriber that throws fails no call', async () => {
  const said = await alone(`
const diagnostics = require('node:diagnostics_channel');
let thrown = 0;
process.on('uncaughtException', (error) => {
  assert.equal(error.message, 'the subscriber is broken');
  thrown += 1;
});
process.on('exit', () => console.log(thrown));
diagnostics.subscribe('strongroom', ({ message }) => {
  if (message.startsWith('operation=set')) throw new Error('the subscriber is broken');
});
(async () => {
  const secrets = await strongroom.open('memory', { environment: false });
  assert.equal((await secrets.set('a', 'b')).created, true);
  assert.equal(secrets.setSync('c', 'd').created, true);
})();
`);
  assert.deepEqual(said, { stdout: '2\n', stderr: '' });
});

test('what happens while nobody waits is told by the event loop', { skip }, async () => {
  await alone(`
const diagnostics = require('node:diagnostics_channel');
(async () => {
  const secrets = openFault('get:hang');
  let told;
  const left = new Promise((resolve) => (told = resolve));
  diagnostics.subscribe('strongroom', ({ message }) => message.includes('outcome=left') && told());
  const controller = new AbortController();
  const call = secrets.get('key', { signal: controller.signal });
  await until('waiting', 1);
  controller.abort();
  await assert.rejects(call, { name: 'AbortError' });
  // An event alone keeps nothing alive.
  const alive = setInterval(() => undefined, 1000);
  await left;
  clearInterval(alive);
})();
`);
});

test('more than can wait is counted', { skip }, async () => {
  await alone(`
const diagnostics = require('node:diagnostics_channel');
(async () => {
  const secrets = openFault('get:hang');
  const controller = new AbortController();
  const events = [];
  diagnostics.subscribe('strongroom', (event) => events.push(event));
  const calls = Array.from({ length: 3000 }, (_, at) => secrets.get('key' + at, { signal: controller.signal }));
  const ends = Promise.allSettled(calls);
  await until('waiting', 3000);
  controller.abort();
  // The event loop stands still until the threads of the core have ended all of them.
  while (count('cancelled') < 3000);
  await ends;
  const enough = () => events.some(({ message }) => message.includes('events were not told'));
  while (!enough()) await new Promise(setImmediate);
  const { level, target, message } = events.find(({ message }) => message.includes('events were not told'));
  assert.deepEqual([level, target], ['warn', 'strongroom']);
  const left = events.filter(({ message }) => message.includes('outcome=left')).length;
  assert(left >= 1000 && left <= 1024);
  assert.equal(left + Number.parseInt(message, 10), 3000);
})();
`);
});

test('each thread that subscribes hears of the whole process, and its end disturbs no other', async () => {
  await alone(`
const diagnostics = require('node:diagnostics_channel');
const { once } = require('node:events');
const { Worker } = require('node:worker_threads');
(async () => {
  const own = [];
  diagnostics.subscribe('strongroom', ({ message }) => own.push(message));
  const worker = new Worker(\`
    const { parentPort, workerData } = require('node:worker_threads');
    const diagnostics = require('node:diagnostics_channel');
    diagnostics.subscribe('strongroom', ({ message }) => parentPort.postMessage(message));
    const secrets = require(workerData).openSync('memory', { environment: false });
    parentPort.once('message', () => secrets.setSync('of_the_worker', 'value'));
  \`, { eval: true, workerData: PACKAGE });
  await once(worker, 'message');
  const secrets = strongroom.openSync('memory', { environment: false });
  secrets.setSync('of_this_thread', 'value');
  const others = [];
  worker.on('message', (message) => others.push(message));
  while (!others.some((message) => message.includes('of_this_thread'))) await once(worker, 'message');
  worker.postMessage('set');
  while (!own.some((message) => message.includes('of_the_worker'))) await new Promise(setImmediate);
  await worker.terminate();
  secrets.setSync('after', 'value');
  assert(own.at(-1).includes('key=global/after'));
})();
`);
});

test('a program that does not listen is told nothing', async () => {
  const said = await alone(`
const secrets = strongroom.openSync('memory');
secrets.setSync('a', 'b');
secrets.get('a').then(() => secrets.close());
`);
  assert.deepEqual(said, { stdout: '', stderr: '' });
});

test('a program that ends while events are told ends well', async () => {
  await alone(`
require('node:diagnostics_channel').subscribe('strongroom', () => undefined);
(async () => {
  const secrets = await strongroom.open({ settings: { deadline: '2m' } });
  await Promise.all(Array.from({ length: 20 }, (_, number) => secrets.set('key' + number, 'value')));
  secrets.set('last', 'value');
  process.exit();
})();
`);
});
