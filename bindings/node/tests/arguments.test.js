'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const vm = require('node:vm');

const { Secret, SecretManager, generate } = require('strongroom');
const native = require('../lib/native.js');
const { inBothForms, inMemory } = require('./forms.js');

/** Half of a character: a string of JavaScript's that is no text. */
const HALF = 'a\ud83db';
const WRONG_TYPE = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };

inBothForms('text that is no valid Unicode is refused wherever it stands', async (secrets, call) => {
  await call(secrets, 'set', 'token', 't0p');
  const key = [
    ['get', HALF],
    ['getValue', HALF],
    ['getInto', HALF, new Uint8Array(9)],
    ['set', HALF, 'x'],
    ['getMany', [HALF]],
    ['setMany', { [HALF]: 'x' }],
    ['setMany', new Map([[HALF, 'x']])],
    ['list', { after: HALF }],
    ['delete', HALF],
  ];
  for (const call_ of key) await assert.rejects(call(secrets, ...call_), { code: 'invalid_key' });
  const value = [
    ['set', 'token', HALF],
    ['updateValue', 'token', HALF],
    ['rotate', 'token', HALF],
    ['setMany', { a: HALF }],
  ];
  for (const call_ of value) await assert.rejects(call(secrets, ...call_), { code: 'invalid_value', message: /bytes/ });
  const other = [
    ['set', 'token', 'x', { provider: HALF }],
    ['set', 'token', 'x', { scopeOfUse: HALF }],
    ['set', 'token', 'x', { labels: { [HALF]: 'x' } }],
    ['set', 'token', 'x', { labels: { x: HALF } }],
    ['set', 'token', 'x', { ifVersion: HALF }],
    ['setApiKey', 'token', 'x', HALF],
    ['getVersion', 'token', HALF],
    ['getWithFallback', 'token', [HALF]],
    ['list', { prefix: HALF }],
    ['get', 'token', { scope: HALF }],
    ['get', 'token', { actor: HALF }],
    ['get', 'token', { requestId: HALF }],
    ['getOrGenerate', 'token', { kind: HALF, bytes: 4 }],
  ];
  for (const call_ of other) await assert.rejects(call(secrets, ...call_), { code: 'invalid_argument' });
  await assert.rejects(call(secrets, 'get', 'token', { [HALF]: 1 }), WRONG_TYPE);
  assert.equal(await call(secrets, 'getValue', 'token'), 't0p');
  assert.equal((await call(secrets, 'list')).entries.length, 1);
});

inBothForms('an option that there is not is a TypeError', async (secrets, call) => {
  const calls = [
    ['get', 'token', { verson: 1 }],
    ['getValue', 'token', { version: 1 }],
    ['set', 'token', 'x', { ifabsent: true }],
    ['list', { limits: 1 }],
    ['close', { timeout: 5 }],
    ['health', { 0: 'x' }],
    ['delete', 'token', { forced: undefined }],
  ];
  for (const call_ of calls) {
    await assert.rejects(call(secrets, ...call_), { ...WRONG_TYPE, message: /^there is no option '/ });
  }
  // Of a long name the beginning is quoted.
  const long = { ...WRONG_TYPE, message: `there is no option '${'a'.repeat(64)}…'` };
  await assert.rejects(call(secrets, 'get', 'token', { ['a'.repeat(65)]: 1 }), long);
  await call(secrets, 'get', 'token', { [Symbol('mine')]: 1 });
});

inBothForms('options are an object', async (secrets, call) => {
  for (const options of [5, 'text', true, [], () => 1, 1n]) {
    const refused = { ...WRONG_TYPE, message: /^options is an object, not a/ };
    await assert.rejects(call(secrets, 'get', 'token', options), refused);
  }
  for (const options of [undefined, null, {}, Object.create(null)]) {
    assert.equal(await call(secrets, 'get', 'token', options), null);
  }
});

inBothForms('options of wrong types and values are refused', async (secrets, call) => {
  const types = {
    timeoutMs: ['5', 5n, true, {}],
    scope: [5, {}],
    prompt: [true],
    actor: [5],
    reason: [{}],
    requestId: [5],
    includeExpired: [1, 'true', {}],
    version: [true, {}, []],
  };
  for (const [name, values] of Object.entries(types)) {
    for (const value of values) {
      const refused = { ...WRONG_TYPE, message: new RegExp(`^${name} is `) };
      await assert.rejects(call(secrets, 'get', 'token', { [name]: value }), refused);
    }
  }
  for (const [name, value] of Object.entries({ timeoutMs: -1, prompt: 'always' })) {
    await assert.rejects(call(secrets, 'get', 'token', { [name]: value }), { code: 'invalid_argument', setting: name });
  }
  await assert.rejects(call(secrets, 'get', 'token', { timeoutMs: NaN }), { setting: 'timeoutMs' });
  assert.equal(await call(secrets, 'get', 'token', { timeoutMs: Infinity }), null);
});

inBothForms('a key is a string, and nothing is asked to become one', async (secrets, call) => {
  const fail = () => assert.fail('was asked');
  const convertible = { toString: fail, [Symbol.toPrimitive]: fail };
  for (const key of [undefined, null, 5, ['token'], new String('token'), convertible, Symbol('token')]) {
    for (const verb of ['get', 'getValue', 'exists', 'delete']) {
      await assert.rejects(call(secrets, verb, key), { ...WRONG_TYPE, message: /^a key is a string/ });
    }
  }
});

inBothForms('options may come from classes, proxies and other realms', async (secrets, call) => {
  class Options {
    #scope = 'org/acme';

    get scope() {
      return this.#scope;
    }
  }
  class More extends Options {
    timeoutMs = 60_000;
  }
  await call(secrets, 'set', 'org/acme/token', 't0p');
  const kinds = [
    new Options(),
    new More(),
    Object.assign(Object.create(null), { scope: 'org/acme' }),
    Object.create({ scope: 'org/acme' }),
    Object.freeze({ scope: 'org/acme' }),
    new Proxy({ scope: 'org/acme' }, {}),
    new Proxy({}, { get: (_, name) => (name === 'scope' ? 'org/acme' : undefined) }),
    vm.runInNewContext("({ scope: 'org/acme' })"),
  ];
  for (const options of kinds) assert.equal(await call(secrets, 'getValue', 'token', options), 't0p');
});

inBothForms('what someone gave all objects is no option', async (secrets, call) => {
  await call(secrets, 'set', 'token', 't0p', { labels: { own: 'x' } });
  const polluted = {
    scope: 'org/acme',
    ifAbsent: true,
    includeExpired: 'nonsense',
    provider: 5,
    signal: AbortSignal.abort(),
    back: 7,
    unknown: 1,
  };
  Object.assign(Object.prototype, polluted);
  try {
    assert.equal(await call(secrets, 'getValue', 'token', {}), 't0p');
    assert.equal((await call(secrets, 'get', 'token', { timeoutMs: 60_000 })).reveal(), 't0p');
    await call(secrets, 'set', 'token', 'new', { labels: { more: 'y' } });
    assert.equal(await call(secrets, 'getValue', 'token', { scope: 'global' }), 'new');
    assert.deepEqual(Object.keys((await call(secrets, 'get', 'token')).labels), ['more']);
    await call(secrets, 'rollback', 'token', 1, {});
  } finally {
    for (const name of Object.keys(polluted)) delete Object.prototype[name];
  }
  assert.equal(await call(secrets, 'getValue', 'token'), 't0p');
});

inBothForms('what the program’s own code throws goes on as it is', async (secrets, call) => {
  const plain = { code: 'cancelled', message: 'no error of ours' };
  for (const thrown of [new RangeError('mine'), 'text', plain, null, undefined, Symbol('mine')]) {
    const throws = () => {
      throw thrown;
    };
    const getter = (name) => Object.defineProperty({}, name, { get: throws, enumerable: true });
    const calls = [
      ['get', 'token', getter('scope')],
      ['set', 'token', 'x', getter('labels')],
      ['set', 'token', 'x', { labels: getter('a') }],
      ['set', 'token', 'x', { expiresAt: null, ...{ labels: new Proxy({}, { ownKeys: throws }) } }],
      ['get', 'token', new Proxy({}, { ownKeys: throws })],
      ['get', 'token', new Proxy({}, { get: throws })],
      ['getOrGenerate', 'token', getter('kind')],
      ['getMany', { [Symbol.iterator]: throws }],
      ['setMany', getter('a')],
    ];
    for (const call_ of calls) {
      const outcome = await call(secrets, ...call_).then(
        () => assert.fail('was answered'),
        (error) => ({ error }),
      );
      assert.equal(outcome.error, thrown, call_[0]);
    }
  }
  assert.equal(await call(secrets, 'exists', 'token'), false);
});

test('a verb that waits refuses a signal', (test) => {
  const secrets = inMemory(test);
  const { signal } = new AbortController();
  assert.throws(() => secrets.getSync('token', { signal }), { ...WRONG_TYPE, message: /timeoutMs/ });
  assert.equal(secrets.getSync('token', { signal: undefined }), null);
});

test('what is no signal is refused, and an option is read once', async (test) => {
  const secrets = inMemory(test);
  for (const signal of [5, 'x', {}, new AbortController(), true]) {
    await assert.rejects(secrets.get('token', { signal }), { ...WRONG_TYPE, message: /^signal is an AbortSignal/ });
  }
  const reads = [];
  const options = new Proxy(
    { signal: new AbortController().signal, timeoutMs: 60_000, scope: 'global' },
    {
      get(target, name) {
        reads.push(name);
        return target[name];
      },
    },
  );
  assert.equal(await secrets.get('token', options), null);
  assert.deepEqual(reads.filter((name) => ['signal', 'timeoutMs', 'scope'].includes(name)).sort(), [
    'scope',
    'signal',
    'timeoutMs',
  ]);
});

test('a verb that gives a promise never throws, whatever it is given', async (test) => {
  const secrets = inMemory(test);
  const verbs = Object.getOwnPropertyNames(SecretManager.prototype).filter(
    (name) => typeof secrets[`${name}Sync`] === 'function' && name !== 'entries',
  );
  assert.ok(verbs.length > 20);
  for (const verb of verbs) {
    for (const call of [() => secrets[verb](Symbol('x'), Symbol('y'), 5, 5, 5), () => secrets[verb].call({}, 'a')]) {
      await assert.rejects(call(), TypeError, verb);
    }
  }
});

test('an error has the stack of whoever awaits it, and shows no more than is known', async (test) => {
  const secrets = inMemory(test);
  async function whoAwaits() {
    await secrets.delete('token');
  }
  const error = await whoAwaits().catch((thrown) => thrown);
  assert.match(error.stack, /whoAwaits/);
  const shown = { code: 'not_found', backend: 'memory', operation: 'delete', key: 'global/token', retryable: false };
  assert.deepEqual({ ...error }, error.help === null ? shown : { ...shown, help: error.help });
  assert.deepEqual([error.setting, error.retryAfterMs, error.foreignCode], [null, null, null]);
  assert.throws(
    () => generate({ kind: 'hex', bytes: 0 }),
    (thrown) => thrown.stack.includes('arguments.test.js'),
  );
});

test('handles of native code are called what they are', (test) => {
  const secrets = inMemory(test);
  const handle = native.token();
  const manager = native.open(true, {}, { settings: { backend: 'memory' }, environment: false }, {});
  const value = 'a string, a Uint8Array or a Secret';
  for (const [refused, call] of [
    [`a value is ${value}, not a handle of native code`, () => secrets.setSync('token', handle)],
    [`a value is ${value}, not a handle of native code`, () => new Secret(handle)],
    ['options is an object, not a handle of native code', () => secrets.getSync('token', handle)],
    ['target is a SecretManager, not a Secret', () => native.copyJournal(manager, native.secret('value'))],
    ['this is a Secret, not a SecretManager', () => native.secretText(manager)],
  ]) {
    assert.throws(call, (error) => error.message === refused, refused);
  }
});

test('no message says that an object is no object', (test) => {
  const secrets = inMemory(test);
  let looks = 0;
  const changing = new Proxy(
    {},
    { get: (_, name) => (name === Symbol.toStringTag && looks++ === 0 ? 'Map' : undefined) },
  );
  for (const options of [{ [Symbol.toStringTag]: 'object' }, changing]) {
    const message = 'options is an object, not an object that is only like one, such as a proxy';
    assert.throws(() => secrets.getSync('token', options), { ...WRONG_TYPE, message });
  }
});

test('wiping lets nobody else’s code throw', () => {
  const buffer = new ArrayBuffer(0);
  const get = () => assert.fail('goes on');
  Object.defineProperty(buffer, 'resizable', { get });
  native.wipeBytes(new Uint8Array(buffer));
  const bytes = new Uint8Array(4).fill(1);
  native.wipeBytes(bytes);
  assert.deepEqual(bytes, new Uint8Array(4));
});
