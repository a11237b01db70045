'use strict';
// What of a value can be found in the process's memory, by another process that searches all of it.
//
// The scan finds a value where it must be (in a secret, or in bytes that the program keeps), and nothing of it once it
// was wiped, dropped or closed. What was given out as a string is JavaScript's: nobody wipes it, and after it was
// collected the scan may find it or not. The canary travels masked, and the program that is searched makes plain copies
// of its own only where it says so.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const readline = require('node:readline');

const { alone } = require('./alone.js');

const MASK = 0xa5;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/**
 * Makes the canary byte by byte in bytes that it wipes, gives it to the library, and stops where it is searched. Not in
 * a short array of V8's heap, such as `Buffer.alloc(48)`: out of it V8 copies what native code is to see, and leaves
 * there what nobody can wipe.
 */
const SUBJECT = `
const readline = require('node:readline');
const answers = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const MASKED = Buffer.from(process.env.MASKED, 'hex');

async function lend(use) {
  const bytes = Buffer.from(new ArrayBuffer(MASKED.length));
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = MASKED[at] ^ ${MASK};
  try {
    return await use(bytes);
  } finally {
    bytes.fill(0);
  }
}

async function stage(name) {
  for (let turn = 0; turn < 3; turn += 1) {
    global.gc();
    await new Promise(setImmediate);
  }
  console.log('stage ' + name);
  await answers.next();
}
`;

const LINUX = process.platform === 'linux' ? false : 'the scan reads /proc';

/** As the collector likes. */
const ANY = [0, 1, 2, 3, 4, 5, 6, 7, 8];

/**
 * By name: the program, and how often the value is found at each of its stages. A copy in the cache may lie in memory
 * that nobody else can read.
 */
const SUBJECTS = {
  'a secret that is made and wiped': [
    `
let secret = await lend((value) => new strongroom.Secret(value));
await stage('held');
secret.wipe();
await stage('wiped');
secret = await lend((value) => new strongroom.Secret(value));
secret = null;
await stage('collected');
`,
    { held: [1], wiped: [0], collected: [0] },
  ],
  'bytes that the program wipes': [
    `
const secret = await lend((value) => new strongroom.Secret(value));
const bytes = secret.bytes();
await stage('both kept');
bytes.fill(0);
const target = new Uint8Array(100);
secret.copyInto(target);
await stage('copied');
target.fill(0);
secret.wipe();
await stage('wiped');
`,
    { 'both kept': [2], copied: [2], wiped: [0] },
  ],
  'a value that is exposed': [
    `
const secret = await lend((value) => new strongroom.Secret(value));
let seen;
await secret.expose(async (bytes) => {
  seen = bytes;
  await stage('exposed');
});
await stage('given back');
secret.expose((bytes) => { seen = bytes; });
assert.equal(seen[0], 0);
try {
  secret.expose(() => { throw new Error('of the program'); });
} catch {}
secret.wipe();
await stage('wiped');
`,
    { exposed: [2], 'given back': [1], wiped: [0] },
  ],
  'writing and reading by promises': [
    `
const secrets = openStore(process.argv[2]);
await lend((value) => secrets.set('key', value, { labels: { a: 'b' } }));
await secrets.lock();
await stage('written');
let secret = await secrets.get('key');
await stage('read');
secret.wipe();
await secrets.lock();
await stage('locked');
const target = Buffer.alloc(100);
await secrets.getInto('key', target);
target.fill(0);
await secrets.close();
await stage('closed');
`,
    { written: [0], read: [1, 2], locked: [0], closed: [0] },
  ],
  'writing and reading while the thread waits': [
    `
const secrets = openStore(process.argv[2]);
await lend((value) => secrets.setSync('key', value));
await lend((value) => secrets.setSync('key', new strongroom.Secret(value)));
const found = [secrets.getSync('key'), secrets.getSync('key')];
await stage('read');
for (const secret of found) secret.wipe();
secrets.closeSync();
await stage('closed');
`,
    { read: [1, 2, 3, 4], closed: [0] },
  ],
  'calls that are aborted, and errors': [
    `
const secrets = openMemory();
const hanging = openFault('set:hang');
const failed = [];
await lend(async (value) => {
  const controller = new AbortController();
  const calls = [
    secrets.set('not a key', value),
    secrets.set('key', value, { ifVersion: '999999' }),
    secrets.set('key', value, { nonsense: true }),
    secrets.set('key', value, { signal: AbortSignal.abort() }),
    hanging.set('key', value, { signal: controller.signal }),
  ];
  await until('waiting', 1);
  controller.abort();
  for (const { reason } of await Promise.allSettled(calls)) failed.push(reason);
});
assert.equal(failed.length, 5);
assert(failed.every((error) => error instanceof Error));
await hanging.close();
await stage('failed');
`,
    { failed: [0] },
  ],
  'a worker that was terminated': [
    `
const { once } = require('node:events');
const worker = work(\`
  const { parentPort } = require('node:worker_threads');
  const MASKED = Buffer.from(process.env.MASKED, 'hex');
  const bytes = Buffer.from(new ArrayBuffer(MASKED.length));
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = MASKED[at] ^ ${MASK};
  globalThis.secret = new strongroom.Secret(bytes);
  globalThis.memory = openMemory();
  memory.set('key', bytes).then(() => {
    bytes.fill(0);
    parentPort.postMessage('held');
  });
  setInterval(() => {}, 1000);
\`);
await once(worker, 'message');
await stage('held');
await worker.terminate();
await stage('terminated');
`,
    { held: [2, 3], terminated: [0] },
  ],
  'bytes that nobody wipes': [
    `
const secret = await lend((value) => new strongroom.Secret(value));
let kept = secret.bytes();
secret.wipe();
await stage('kept');
assert(kept.length > 0);
kept = null;
await stage('collected');
`,
    { kept: [1], collected: ANY },
  ],
  'a string, which nobody can wipe': [
    `
const secret = await lend((value) => new strongroom.Secret(value));
let kept = secret.reveal();
secret.wipe();
await stage('kept');
assert(kept.length > 0);
kept = null;
await stage('collected');
`,
    // A string may be moved by the collector, and leave a copy where it was.
    { kept: [1, 2, 3, 4, 5], collected: ANY },
  ],
};

/** What of the process's memory can be read and written. */
function mappings(pid) {
  const lines = fs.readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
  const found = lines.map((line) => /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line)).filter((match) => match !== null);
  return found.map(([, start, end]) => [parseInt(start, 16), parseInt(end, 16)]);
}

const CHUNK = 8 << 20;

/** How often the bytes are in the process's memory. */
function hits(pid, needles) {
  const counts = needles.map(() => 0);
  const overlap = Math.max(...needles.map((needle) => needle.length)) - 1;
  const chunk = Buffer.alloc(CHUNK + overlap);
  const memory = fs.openSync(`/proc/${pid}/mem`, 'r');
  try {
    for (const [start, end] of mappings(pid)) {
      for (let from = start; from < end; from += CHUNK) {
        let length;
        try {
          length = fs.readSync(memory, chunk, 0, Math.min(chunk.length, end - from), from);
        } catch {
          // Memory that keeps others out, such as memfd_secret's.
          break;
        }
        const seen = chunk.subarray(0, length);
        for (const [which, needle] of needles.entries()) {
          // What begins in the overlap is found in the next chunk.
          for (let at = seen.indexOf(needle); at >= 0 && at < CHUNK; at = seen.indexOf(needle, at + 1)) {
            counts[which] += 1;
          }
        }
      }
    }
  } finally {
    fs.closeSync(memory);
  }
  return counts;
}

for (const [what, [program, wanted]] of Object.entries(SUBJECTS)) {
  test(`what the scan finds of ${what}`, { skip: LINUX }, async () => {
    const canary = Buffer.from(Array.from({ length: 48 }, () => LETTERS.charCodeAt(crypto.randomInt(LETTERS.length))));
    const masked = Buffer.from(canary.map((byte) => byte ^ MASK)).toString('hex');
    // A freed block loses its first bytes to the allocator's notes, so the end of it is looked for, too.
    const needles = [canary, canary.subarray(-16)];
    const found = {};
    await alone(`${SUBJECT}(async () => {${program}process.stdin.destroy();})();`, {
      flags: ['--expose-gc'],
      env: { MASKED: masked },
      meanwhile: async (child) => {
        for await (const line of readline.createInterface({ input: child.stdout })) {
          found[line.replace('stage ', '')] = hits(child.pid, needles);
          child.stdin.write('go on\n');
        }
      },
    });
    assert.deepEqual(Object.keys(found), Object.keys(wanted));
    for (const [stage, counts] of Object.entries(wanted)) {
      for (const count of found[stage]) assert(counts.includes(count), `${stage}: ${JSON.stringify(found)}`);
    }
  });
}
