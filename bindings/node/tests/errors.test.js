'use strict';
// Every kind of failure reaches JavaScript by both forms of a verb, says all that is known, and tells no value.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');

const strongroom = require('strongroom');
const { AbortError, Secret, StrongroomError } = strongroom;

const { load } = require('./vectors/documents.js');
const { FACES } = require('./vectors/faces.js');
const { CANARY, KEY, closed, failure, opened, shown, temporary } = require('./failures.js');

const KINDS = load('errors.json').kinds;
const TOKENS = KINDS.map((kind) => kind.token);
/** How a verb is called whose error a backend answers. */
const CALLS = { get: [KEY], set: [KEY, CANARY], delete: [KEY] };
/** Everything that an error says besides its text. */
const FIELDS = ['code', 'backend', 'operation', 'key', 'setting', 'retryable', 'retryAfterMs', 'foreignCode', 'help'];

test('the types name exactly the kinds that there are', () => {
  assert.equal(TOKENS.length, 32);
  assert.equal(load('errors.json').count, TOKENS.length);
  const types = fs.readFileSync(path.join(__dirname, '..', 'lib', 'errors.d.ts'), 'utf8');
  const [, union] = /export type ErrorCode =([^;]+);/.exec(types);
  const named = [...union.matchAll(/'([a-z_]+)'/g)].map(([, token]) => token);
  assert.deepEqual(named.sort(), [...TOKENS].sort());
});

for (const face of FACES) {
  describe(`errors by ${face.language}`, () => {
    const managers = [];
    const fault = async (script, settings = {}) => {
      const manager = opened('fault', { 'fault.script': script, ...settings });
      managers.push(manager);
      return manager;
    };
    after(() => managers.forEach(closed));

    for (const { token, retryable } of KINDS) {
      for (const [operation, given] of Object.entries(CALLS)) {
        test(`${operation} fails with ${token} and says all that is known`, async () => {
          const manager = await fault(`${operation}:fail(${token})`);
          const error = await failure(() => face.ask(manager, operation, ...given));
          assert.ok(error instanceof StrongroomError && error instanceof Error);
          assert.equal(error.constructor, StrongroomError);
          assert.equal(error.name, 'StrongroomError');
          assert.ok(error.message.startsWith(`${token}: `), error.message);
          const { help, ...said } = Object.fromEntries(FIELDS.map((field) => [field, error[field]]));
          assert.deepEqual(said, {
            code: token,
            backend: 'fault',
            operation,
            key: KEY,
            setting: null,
            retryable,
            retryAfterMs: null,
            foreignCode: null,
          });
          assert.equal(typeof help, 'string');
          assert.ok(help.length > 0);
          assert.equal('cause' in error, false, 'no cause is made up');
          assert.ok(!shown(error).includes(CANARY));
        });
      }

      test(`${token} shows no value that the program handed over`, async () => {
        const manager = await fault(`set*1:pass; *:fail(${token})`);
        const stated = { labels: { label: CANARY }, provider: 'provider' };
        await face.ask(manager, 'set', KEY, CANARY, stated);
        const secret = new Secret(CANARY, stated);
        for (const call of [
          () => face.ask(manager, 'set', KEY, CANARY, stated),
          () => face.ask(manager, 'set', KEY, secret),
          () => face.ask(manager, 'set', KEY, Buffer.from(CANARY)),
          () => face.ask(manager, 'updateValue', KEY, CANARY),
          () => face.ask(manager, 'get', KEY),
          () => face.ask(manager, 'getValue', KEY),
        ]) {
          const error = await failure(call);
          assert.ok(error instanceof StrongroomError, String(error));
          assert.equal(error.code, token);
          assert.ok(!shown(error).includes(CANARY));
        }
      });
    }

    test('the stack leads to the function that called, also of a call that was pending', async () => {
      async function whoWaitsForTheSecret(manager, ...given) {
        return await face.ask(manager, ...given);
      }
      const expired = await fault('get:latency(1ms); delete:latency(1ms)');
      await face.ask(expired, 'set', KEY, CANARY, { expiresAt: new Date(Date.now() - 60_000) });
      const failing = await fault('*:fail(locked)');
      for (const [manager, ...given] of [
        [failing, 'get', KEY],
        [failing, 'getValue', KEY],
        [failing, 'set', KEY, CANARY],
        [failing, 'delete', KEY],
        [failing, 'get', 'not a key'],
        [expired, 'get', KEY],
        [expired, 'getValue', KEY],
        [expired, 'delete', 'org/acme/missing'],
      ]) {
        const error = await failure(() => whoWaitsForTheSecret(manager, ...given));
        assert.ok(error.stack.startsWith(`StrongroomError: ${error.message}`), error.stack);
        assert.ok(error.stack.includes('whoWaitsForTheSecret'), `${given[0]}: ${error.stack}`);
      }
    });

    test('a backend tells how long to wait', async () => {
      const manager = await fault('set:throttled(250ms)');
      const error = await failure(() => face.ask(manager, 'set', KEY, CANARY));
      assert.deepEqual([error.code, error.retryable, error.retryAfterMs], ['rate_limited', true, 250]);
    });

    test('errors among answers are errors, too', async () => {
      const health = await face.ask(await fault('health:unavailable'), 'health');
      assert.equal(health.state, 'unavailable');
      assert.ok(health.error instanceof StrongroomError);
      assert.deepEqual([health.error.code, health.error.retryable], ['unavailable', true]);
      const manager = opened('memory');
      await face.ask(manager, 'set', 'old', CANARY, { expiresAt: new Date(Date.now() - 60_000) });
      const { failures } = await face.ask(manager, 'getMany', ['old', 'missing']);
      const [failed] = [...failures.values()];
      assert.equal(failures.size, 1);
      assert.ok(failed instanceof StrongroomError);
      assert.deepEqual([failed.code, failed.key], ['expired', 'global/old']);
      assert.ok(!shown(failures).includes(CANARY));
      manager.closeSync();
    });

    test('what happens without a script has its kind, too', async () => {
      const ask =
        (manager, ...given) =>
        () =>
          face.ask(manager, ...given);
      const secrets = opened('memory');
      secrets.setSync('old', CANARY, { expiresAt: new Date(Date.now() - 60_000) });
      secrets.setSync('there', CANARY);
      secrets.setSync('bytes', Buffer.concat([Buffer.from(CANARY), Buffer.from([0xff])]));
      const ended = opened('memory');
      ended.closeSync();
      const hanging = await fault('get:hang; set:hang');
      const readOnly = await fault('', { 'fault.lacks': 'write,versions' });
      const happenings = {
        not_found: ask(secrets, 'delete', 'missing'),
        expired: ask(secrets, 'get', 'old'),
        timeout: ask(hanging, 'get', KEY, { timeoutMs: 50 }),
        outcome_unknown: ask(hanging, 'set', KEY, CANARY, { timeoutMs: 50 }),
        closed: ask(ended, 'get', KEY),
        conflict: ask(secrets, 'set', 'there', CANARY, { ifAbsent: true }),
        read_only: ask(readOnly, 'set', KEY, CANARY),
        unsupported: ask(readOnly, 'get', KEY, { version: '1' }),
        invalid_key: ask(secrets, 'get', 'not a key'),
        invalid_value: ask(secrets, 'getValue', 'bytes'),
        invalid_argument: ask(secrets, 'get', 'there', { timeoutMs: -1 }),
        too_large: ask(secrets, 'set', 'large', CANARY.repeat(100_000)),
        buffer_too_small: ask(secrets, 'getInto', 'there', new Uint8Array(1)),
        invalid_config: () => face.open('nowhere', { environment: false }),
      };
      for (const [token, happening] of Object.entries(happenings)) {
        const error = await failure(happening);
        assert.ok(error instanceof StrongroomError, `${token}: ${error}`);
        assert.equal(error.code, token, error.message);
        assert.ok(!shown(error).includes(CANARY), token);
      }
      secrets.closeSync();
    });

    test('what a store on disk answers has its kind, too', async () => {
      const folder = temporary();
      const file = (name) => path.join(folder, name);
      const opening =
        (store, secrets, settings = {}) =>
        () =>
          face.open('encrypted', {
            settings: { 'encrypted.path': file(store), cache: 'off', ...settings },
            secrets,
            environment: false,
          });
      const key = { 'encrypted.key': new Uint8Array(32).fill(107) };
      const manager = await opening('secrets.strongroom', key)();
      await face.ask(manager, 'set', KEY, CANARY);
      await face.ask(manager, 'close');
      const future = fs.readFileSync(file('secrets.strongroom'));
      // SQLite's user version, which is the version of the store's format.
      future.writeUInt32BE(99, 60);
      fs.writeFileSync(file('future.strongroom'), future, { mode: 0o600 });
      fs.writeFileSync(file('damaged.strongroom'), Buffer.alloc(8192, 'no store'), { mode: 0o600 });
      fs.writeFileSync(file('open.key'), Buffer.alloc(32, 107));
      fs.chmodSync(file('open.key'), 0o644);
      const keyFile = (name) => ({ 'encrypted.key_file': file(name) });
      const happenings = {
        wrong_key: opening('secrets.strongroom', { 'encrypted.key': new Uint8Array(32).fill(108) }),
        key_missing: opening('secrets.strongroom', {}, keyFile('nowhere.key')),
        insecure_path: opening('secrets.strongroom', {}, keyFile('open.key')),
        integrity: opening('damaged.strongroom', key),
        unsupported_format: opening('future.strongroom', key),
      };
      for (const [token, happening] of Object.entries(happenings)) {
        const error = await failure(happening);
        assert.ok(error instanceof StrongroomError, `${token}: ${error}`);
        assert.deepEqual([error.code, error.backend, error.operation], [token, 'encrypted', 'open'], error.message);
        const isOfKeyFile = ['key_missing', 'insecure_path'].includes(token);
        assert.equal(error.setting, isOfKeyFile ? 'encrypted.key_file' : null);
        assert.ok(!shown(error).includes(CANARY), token);
      }
    });

    test('no refusal of an argument shows a value', async () => {
      const secrets = opened('memory');
      const refusals = [
        ['set', KEY, `${CANARY}\ud800`],
        ['set', KEY, CANARY.repeat(100_000)],
        ['set', KEY, CANARY, { provider: CANARY.repeat(1000) }],
        ['set', KEY, CANARY, { labels: { label: CANARY.repeat(10_000) } }],
        ['set', KEY, CANARY, { expiresAt: new Date(NaN) }],
        ['set', KEY, CANARY, { ifAbsent: true, ifVersion: '1' }],
        ['set', 'not a key', CANARY],
      ];
      for (const given of refusals) {
        const error = await failure(() => face.ask(secrets, ...given));
        assert.ok(error instanceof StrongroomError, `${given[0]} ${error}`);
        assert.ok(!shown(error).includes(CANARY));
      }
      secrets.closeSync();
    });

    test('a value of a wrong type is a TypeError that does not show it', async () => {
      const secrets = opened('memory');
      const wrong = [
        ['set', KEY, [CANARY]],
        ['set', KEY, { [CANARY]: CANARY }],
        ['set', KEY, () => CANARY],
        ['set', KEY, Symbol(CANARY)],
        ['set', KEY, 5],
        ['set', KEY, null],
        ['set', KEY],
        ['set', KEY, CANARY, { labels: [CANARY] }],
        ['set', KEY, CANARY, { labels: { label: [CANARY] } }],
        ['set', KEY, CANARY, CANARY],
        ['setMany', CANARY],
        ['setMany', [CANARY]],
        ['setMany', [[KEY, CANARY, CANARY]]],
        ['setMany', [[KEY, [CANARY]]]],
        ['get', 5],
        ['get'],
      ];
      for (const given of wrong) {
        const error = await failure(() => face.ask(secrets, ...given));
        assert.ok(error instanceof TypeError, `${given.slice(0, 2)}: ${error}`);
        assert.equal(error.code, 'ERR_INVALID_ARG_TYPE');
        assert.ok(!shown(error).includes(CANARY), `${given[0]}: ${error.message}`);
      }
      assert.deepEqual(secrets.listSync().entries, []);
      secrets.closeSync();
    });
  });
}

describe('calls that are aborted', () => {
  let hanging;
  before(() => {
    hanging = opened('fault', { 'fault.script': 'get:hang; set:hang; delete:fail(locked)' });
  });
  after(() => hanging.closeSync());

  async function aborted(call) {
    const controller = new AbortController();
    const reason = new Error('the user went away');
    const failed = failure(() => call(controller.signal));
    controller.abort(reason);
    return [await failed, reason];
  }

  test('a read is an AbortError, whose cause is what the program said', async () => {
    async function whoGivesUp(signal) {
      return await hanging.get(KEY, { signal });
    }
    const [error, reason] = await aborted(whoGivesUp);
    assert.ok(error instanceof AbortError && error instanceof StrongroomError);
    assert.deepEqual([error.name, error.code, error.key], ['AbortError', 'cancelled', KEY]);
    assert.equal(error.cause, reason);
    assert.ok(error.stack.includes('whoGivesUp'), error.stack);
  });

  test('a write that was sent may have happened', async () => {
    const [error, reason] = await aborted((signal) => hanging.set(KEY, CANARY, { signal }));
    assert.ok(error instanceof StrongroomError && !(error instanceof AbortError));
    assert.deepEqual([error.name, error.code], ['StrongroomError', 'outcome_unknown']);
    assert.equal(error.cause, reason);
    assert.ok(!shown(error).includes(CANARY));
  });

  test('a signal of before the call ends it before it begins', async () => {
    const error = await failure(() => hanging.set(KEY, CANARY, { signal: AbortSignal.abort() }));
    assert.ok(error instanceof AbortError, String(error));
    assert.equal(error.cause.name, 'AbortError');
  });

  test('a signal that fires by itself is an abort, too', async () => {
    const error = await failure(() => hanging.get(KEY, { signal: AbortSignal.timeout(20) }));
    assert.ok(error instanceof AbortError, String(error));
    assert.equal(error.cause.name, 'TimeoutError');
  });

  test('an error that has nothing to do with the signal is told without it', async () => {
    const controller = new AbortController();
    const failed = failure(() => hanging.delete(KEY, { signal: controller.signal }));
    controller.abort();
    const error = await failed;
    assert.equal(error.code, 'locked');
    assert.equal('cause' in error, false);
  });
});

describe('what a Secret itself refuses', () => {
  test('has its kind and shows no value', () => {
    const secret = new Secret(CANARY);
    const bytes = new Secret(Buffer.concat([Buffer.from(CANARY), Buffer.from([0xff])]));
    const wiped = new Secret(CANARY);
    wiped.wipe();
    for (const [token, happening] of [
      ['buffer_too_small', () => secret.copyInto(new Uint8Array(1))],
      ['invalid_value', () => bytes.reveal()],
      ['closed', () => wiped.reveal()],
      ['closed', () => wiped.bytes()],
      ['invalid_value', () => new Secret(`${CANARY}\ud800`)],
    ]) {
      assert.throws(happening, (error) => {
        assert.ok(error instanceof StrongroomError, String(error));
        assert.equal(error.code, token);
        assert.ok(!shown(error).includes(CANARY));
        return true;
      });
    }
  });
});
