'use strict';
// What the programs of these tests have as globals, in each of their threads and processes. The library is loaded when
// it is first named.

const path = require('node:path');
const timers = require('node:timers/promises');
const { Worker } = require('node:worker_threads');

const PACKAGE = path.join(__dirname, '..', '..');
const STORE_KEY = Buffer.alloc(32, 'k');

/** For backends that hang: no deadline but the calls' own. */
const PATIENT = { cache: 'off', deadline: '10m' };

function lazily(name, load) {
  Object.defineProperty(globalThis, name, { configurable: true, get: load });
}

lazily('strongroom', () => require(PACKAGE));
lazily('native', () => require(path.join(PACKAGE, 'lib', 'native.js')));

Object.assign(globalThis, {
  PACKAGE,
  STORE_KEY,
  assert: require('node:assert/strict'),

  /** Opens a backend that does what a script says. */
  openFault(script, settings) {
    const stated = { 'fault.script': script, ...PATIENT, ...settings };
    return strongroom.openSync({ backend: 'fault', settings: stated, environment: false });
  },

  /** Opens an empty store of this process. */
  openMemory(library = strongroom) {
    return library.openSync({ backend: 'memory', environment: false });
  },

  /** Opens the encrypted store in a folder. */
  openStore(folder, settings, library = strongroom) {
    const stated = { 'encrypted.path': path.join(folder, 'secrets.strongroom'), deadline: '2m', ...settings };
    const secrets = { 'encrypted.key': STORE_KEY };
    return library.openSync({ backend: 'encrypted', settings: stated, secrets, environment: false });
  },

  /** A counter of all `fault` backends that are in use by managers or calls, in whatever thread. */
  count(counter) {
    return native.testingFaultCounters()[counter];
  },

  /** Resolves when a counter has reached a number. */
  async until(counter, atLeast) {
    while (count(counter) < atLeast) await timers.setTimeout(1);
  },

  /** Lets all that hangs go on. */
  wake() {
    native.testingFaultWake();
  },

  /** Resolves when something has become true that no event tells. */
  async untilTrue(is) {
    while (!is()) await timers.setTimeout(1);
  },

  /** A worker that runs a program. */
  work(program, workerData) {
    return new Worker(program, { eval: true, argv: process.argv.slice(2), workerData });
  },
});
