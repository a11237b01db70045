'use strict';
// Every verb hands on what its backend fails with, in both forms, with the stack of whoever called it.

const assert = require('node:assert/strict');
const { after, describe, test } = require('node:test');

const { SecretManager, StrongroomError } = require('strongroom');

const { FACES } = require('./vectors/faces.js');
const { CANARY, KEY, closed, failure, opened, shown } = require('./failures.js');

const target = opened('memory');
after(() => target.closeSync());

/** Verbs that fail with what the backend fails with, and what they are called with. */
const FAILING = {
  get: [KEY],
  getValue: [KEY],
  getInto: [KEY, new Uint8Array(8)],
  getVersion: [KEY, '1'],
  getWithFallback: ['api_key', ['org/acme', 'global']],
  exists: [KEY],
  describe: [KEY],
  getMany: [[KEY]],
  list: [],
  versions: [KEY],
  set: [KEY, CANARY],
  setMany: [[[KEY, CANARY]]],
  setApiKey: [KEY, CANARY, 'openai'],
  updateValue: [KEY, CANARY],
  updateMetadata: [KEY, { provider: 'openai' }],
  getOrGenerate: [KEY, { kind: 'hex', bytes: 16 }],
  rotate: [KEY, CANARY],
  delete: [KEY],
  rollback: [KEY, '1'],
  verify: [],
  export: ['json'],
  import: [`{"api_key": "${CANARY}"}`, 'json'],
  copyPlan: [target],
  copyTo: [target],
};

/** Verbs that answer with the failure, what they are called with, and where the failure stands in the answer. */
const ANSWERING = {
  explain: [[KEY], (answer) => answer.error],
  health: [[], (answer) => answer.error],
};

/** Verbs that need nothing of the backend, so that they work over one that fails. */
const WORKING = { lock: [], close: [] };

test('every verb that there is in both forms is looked at', () => {
  const names = Object.getOwnPropertyNames(SecretManager.prototype);
  const verbs = names.filter((name) => names.includes(`${name}Sync`) && name !== 'entries');
  const known = [FAILING, ANSWERING, WORKING].flatMap((several) => Object.keys(several));
  assert.deepEqual(verbs.sort(), known.sort());
  const alone = names.filter((name) => name.endsWith('Sync') && !names.includes(name.slice(0, -'Sync'.length)));
  assert.deepEqual(alone, [], 'verbs that only wait');
});

for (const face of FACES) {
  describe(`a backend that fails, by ${face.language}`, () => {
    const failing = opened('fault', { 'fault.script': '*:throttled(250ms)' });
    after(() => closed(failing));

    function checkFailure(error, verb) {
      assert.ok(error instanceof StrongroomError, `${verb}: ${error}`);
      const { code, backend, retryable, retryAfterMs } = error;
      assert.deepEqual({ code, backend, retryable, retryAfterMs }, {
        code: 'rate_limited',
        backend: 'fault',
        retryable: true,
        retryAfterMs: 250,
      });
      assert.ok(!shown(error).includes(CANARY));
    }

    async function whoCalls(manager, verb, given) {
      return await face.ask(manager, verb, ...given);
    }

    for (const [verb, given] of Object.entries(FAILING)) {
      test(`${verb} fails with it`, async () => {
        const error = await failure(() => whoCalls(failing, verb, given));
        checkFailure(error, verb);
        assert.ok(error.stack.includes('whoCalls'), error.stack);
      });
    }

    for (const [verb, [given, failureOf]] of Object.entries(ANSWERING)) {
      test(`${verb} answers with it`, async () => {
        checkFailure(failureOf(await whoCalls(failing, verb, given)), verb);
      });
    }

    for (const [verb, given] of Object.entries(WORKING)) {
      test(`${verb} works nevertheless`, async () => {
        const manager = opened('fault', { 'fault.script': 'get:throttled(250ms)' });
        assert.equal(await whoCalls(manager, verb, given), undefined);
        closed(manager);
      });
    }

    test('every verb of a closed manager answers closed', async () => {
      const manager = opened('memory');
      manager.closeSync();
      const calls = [
        ...Object.entries(FAILING),
        ...Object.entries(ANSWERING).map(([verb, [given]]) => [verb, given]),
      ];
      for (const [verb, given] of calls.filter(([verb]) => verb !== 'health')) {
        const error = await failure(() => whoCalls(manager, verb, given));
        assert.ok(error instanceof StrongroomError, `${verb}: ${error}`);
        assert.equal(error.code, 'closed', verb);
        assert.ok(!shown(error).includes(CANARY));
      }
      assert.equal(await whoCalls(manager, 'close', []), undefined, 'closing once more is no error');
    });
  });
}
