'use strict';
// Every verb hands on what its backend fails with, in both forms, with the stack of whoever called it.

const assert = require('node:assert/strict');
const { after, describe, test } = require('node:test');

const { SecretManager, StrongroomError } = require('strongroom');

const { FACES } = require('./vectors/faces.js');
const { CANARY, KEY, closed, failure, opened, shown } = require('./failures.js');

const target = opened('memory');
after(() => target.closeSync());

/** Verbs that fail with what the backend fails with: what they ask it first, and what they are called with. */
const FAILING = {
  get: ['get', KEY],
  getValue: ['get', KEY],
  getInto: ['get', KEY, new Uint8Array(8)],
  getVersion: ['get', KEY, '1'],
  getWithFallback: ['get', 'api_key', ['org/acme', 'global']],
  exists: ['describe', KEY],
  describe: ['describe', KEY],
  getMany: ['get_many', [KEY]],
  list: ['list'],
  versions: ['versions', KEY],
  resolve: ['get', `secret://${KEY}`],
  set: ['set', KEY, CANARY],
  setMany: ['set_many', [[KEY, CANARY]]],
  setApiKey: ['describe', KEY, CANARY, 'openai'],
  updateValue: ['describe', KEY, CANARY],
  updateMetadata: ['update_metadata', KEY, { provider: 'openai' }],
  getOrGenerate: ['get', KEY, { kind: 'hex', bytes: 16 }],
  rotate: ['describe', KEY, CANARY],
  delete: ['delete', KEY],
  rollback: ['rollback', KEY, '1'],
  restore: ['restore', KEY],
  refresh: ['refresh'],
  verify: ['verify'],
  export: ['list', 'json'],
  import: ['describe', `{"api_key": "${CANARY}"}`, 'json'],
  copyPlan: ['list', target],
  copyTo: ['list', target],
};

/** Verbs that answer with the failure, what they are called with, and where the failure stands in the answer. */
const ANSWERING = {
  explain: [[KEY], (answer) => answer.error],
  health: [[], (answer) => answer.error],
};

/** Verbs that need nothing of the backend, so that they work over one that fails. */
const WORKING = { lock: [], close: [] };
/** What gives something that goes on: `changes.test.js` looks at it. */
const GOING_ON = new Set(['entries', 'subscribe']);

test('every verb that there is in both forms is looked at', () => {
  const names = Object.getOwnPropertyNames(SecretManager.prototype);
  const verbs = names.filter((name) => names.includes(`${name}Sync`) && !GOING_ON.has(name));
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
      assert.deepEqual(
        { code, backend, retryable, retryAfterMs },
        {
          code: 'rate_limited',
          backend: 'fault',
          retryable: true,
          retryAfterMs: 250,
        },
      );
      assert.ok(!shown(error).includes(CANARY));
    }

    async function whoCalls(manager, verb, given) {
      return await face.ask(manager, verb, ...given);
    }

    for (const [verb, [operation, ...given]] of Object.entries(FAILING)) {
      test(`${verb} fails with it`, async () => {
        const error = await failure(() => whoCalls(failing, verb, given));
        checkFailure(error, verb);
        assert.equal(error.operation, operation);
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
        ...Object.entries(FAILING).map(([verb, [, ...given]]) => [verb, given]),
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
