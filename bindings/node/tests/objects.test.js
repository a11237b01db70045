'use strict';
// What is taken for options, labels and entries, and what is refused: of anything else nothing would be read.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const vm = require('node:vm');

const { Secret, SecretManager, fernet, generate, inspect, keyOf, keyVariable, settingsTable } = require('strongroom');
const { inBothForms, inMemory } = require('./forms.js');

const WRONG_TYPE = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };

/** Objects that say nothing by their properties, by the words that messages have for them. */
function otherObjects() {
  return [
    ['an array', []],
    ['a Map', new Map([['ifAbsent', true]])],
    ['a Set', new Set()],
    ['a WeakMap', new WeakMap()],
    ['a Date', new Date()],
    ['a RegExp', /x/],
    ['a String', new String('')],
    ['a Number', new Number(5)],
    ['a Boolean', new Boolean(true)],
    ['an Error', new Error('x')],
    ['a Uint8Array', new Uint8Array(2)],
    ['an ArrayBuffer', new ArrayBuffer(2)],
    ['a promise (is an `await` missing?)', Promise.resolve({ ifAbsent: true })],
    ['a promise (is an `await` missing?)', { then: () => undefined }],
    ['a Generator', (function* () {})()],
    ['an AsyncGenerator', (async function* () {})()],
    ['an iterable', { [Symbol.iterator]: () => [].values() }],
    ['an async iterable', { [Symbol.asyncIterator]: () => undefined }],
    ['an AbortSignal', new AbortController().signal],
    ['an AbortController', new AbortController()],
    ['a URL', new URL('file:///x')],
    ['a Secret', new Secret('x', { provider: 'p' })],
    ['a Map', vm.runInNewContext('new Map()')],
    ['a RegExp', vm.runInNewContext('/x/')],
  ];
}

const startsWith = (text) => (error) => {
  assert.deepEqual([error.name, error.code], [WRONG_TYPE.name, WRONG_TYPE.code], error.message);
  assert.ok(error.message.startsWith(text), `${error.message}, where ${text} is wanted`);
  return true;
};

inBothForms('options are an object with names, and what else they are is named', async (secrets, call) => {
  await call(secrets, 'set', 'token', 't0p');
  for (const [kind, options] of [...otherObjects(), ['a SecretManager', secrets]]) {
    const refused = startsWith(`options is an object, not ${kind}`);
    await assert.rejects(call(secrets, 'set', 'token', 'new', options), refused);
    await assert.rejects(call(secrets, 'get', 'token', options), refused);
    await assert.rejects(call(secrets, 'export', 'json', options), refused);
    await assert.rejects(call(secrets, 'copyPlan', secrets, options), refused);
    assert.throws(() => secrets.withOptions(options), refused);
    assert.throws(() => new Secret('x', options), refused);
    assert.throws(() => inspect('memory', options), refused);
    assert.throws(() => keyOf('x', options), refused);
    const key = fernet.generateKey();
    assert.throws(() => fernet.decrypt(key, fernet.encrypt(key, 'x'), options), refused);
  }
  assert.equal(await call(secrets, 'getValue', 'token'), 't0p');
});

inBothForms('a signal in place of options says where it belongs', async (secrets, call) => {
  const controller = new AbortController();
  controller.abort();
  const signal = { ...WRONG_TYPE, message: 'options is an object, not an AbortSignal; pass { signal }' };
  await assert.rejects(call(secrets, 'get', 'token', controller.signal), signal);
  await assert.rejects(call(secrets, 'delete', 'token', AbortSignal.abort()), signal);
  await assert.rejects(call(secrets, 'get', 'token', controller), {
    ...WRONG_TYPE,
    message: /signal: controller\.signal/,
  });
});

inBothForms('labels are an object with names', async (secrets, call) => {
  for (const [kind, labels] of otherObjects()) {
    const refused = startsWith(`labels is an object of strings, not ${kind}`);
    await assert.rejects(call(secrets, 'set', 'token', 'x', { labels }), refused);
    await assert.rejects(call(secrets, 'updateMetadata', 'token', { labels }), refused);
    assert.throws(() => new Secret('x', { labels }), refused);
  }
  assert.equal(await call(secrets, 'exists', 'token'), false);
});

inBothForms('instances of classes and what has no prototype are options, labels and entries', async (secrets, call) => {
  class Named {
    a = 'x';
  }
  for (const named of [new Named(), Object.assign(Object.create(null), { a: 'x' }), new Proxy({ a: 'x' }, {})]) {
    await call(secrets, 'setMany', named);
    assert.equal(await call(secrets, 'getValue', 'a'), 'x');
    await call(secrets, 'set', 'token', 'x', { labels: named });
    assert.deepEqual({ ...(await call(secrets, 'describe', 'token')).labels }, { a: 'x' });
  }
});

test('what someone gave all objects makes none of them something else', (test) => {
  const secrets = inMemory(test);
  const polluted = { then: () => undefined, [Symbol.toStringTag]: 'Map', [Symbol.asyncIterator]: () => undefined };
  Object.assign(Object.prototype, polluted);
  try {
    secrets.setSync('token', 'x', { labels: { a: 'x' } });
    secrets.setManySync({ b: 'y' });
    assert.throws(() => secrets.setSync('token', 'y', { labels: new Date() }), WRONG_TYPE);
  } finally {
    for (const name of Reflect.ownKeys(polluted)) delete Object.prototype[name];
  }
  assert.deepEqual(secrets.describeSync('token').labels, { a: 'x' });
  assert.equal(secrets.getValueSync('b'), 'y');
});

inBothForms('entries are a Map, an iterable of pairs or an object with names', async (secrets, call) => {
  const pairs = [['a', 'x']];
  for (const entries of [new Map(pairs), pairs, new Set(pairs), pairs.values(), { a: 'x' }]) {
    const { outcomes } = await call(secrets, 'setMany', entries);
    assert.deepEqual([...outcomes.keys()], ['a']);
  }
  const kinds = [
    ['a promise (is an `await` missing?)', Promise.resolve({ a: 'x' })],
    ['an AsyncGenerator', (async function* () {})()],
    ['an async iterable', { [Symbol.asyncIterator]: () => undefined }],
    ['a Date', new Date()],
    ['a WeakMap', new WeakMap()],
    ['a RegExp', /x/],
    ['a string', 'ab'],
    ['undefined', undefined],
    ['a Secret', new Secret('x')],
  ];
  for (const [kind, entries] of kinds) {
    const refused = startsWith(`entries is an object, a Map or an iterable of pairs, not ${kind}`);
    await assert.rejects(call(secrets, 'setMany', entries), refused);
  }
  const pair = startsWith('entries is an iterable of pairs, not a promise');
  await assert.rejects(call(secrets, 'setMany', [Promise.resolve(['a', 'x'])]), pair);
});

inBothForms('an entry without a value is named', async (secrets, call) => {
  for (const [kind, value] of [
    ['undefined', undefined],
    ['null', null],
    ['a promise', Promise.resolve('x')],
  ]) {
    const named = startsWith(`the value of 'b' is a string, a Uint8Array or a Secret, not ${kind}`);
    await assert.rejects(call(secrets, 'setMany', { a: 'x', b: value }), named);
    // What is no key may be a value that stands in its place.
    const counted = startsWith(`the value of entry 2 is a string, a Uint8Array or a Secret, not ${kind}`);
    await assert.rejects(call(secrets, 'setMany', { a: 'x', 's3cret value!': value }), counted);
  }
  assert.equal(await call(secrets, 'exists', 'a'), false);
});

inBothForms('null in the last place is as good as nothing', async (secrets, call) => {
  await call(secrets, 'set', 'token', 'old', null);
  await call(secrets, 'set', 'token', 't0p', null);
  assert.equal(await call(secrets, 'getValue', 'token', null), 't0p');
  assert.equal((await call(secrets, 'get', 'token', null)).reveal(), 't0p');
  assert.equal(await call(secrets, 'getInto', 'token', Buffer.alloc(9), null), 3);
  assert.equal((await call(secrets, 'export', null)).exported.length, 1);
  assert.equal((await call(secrets, 'export', 'json', null)).exported.length, 1);
  assert.deepEqual((await call(secrets, 'import', 'a=b', null)).created, ['global/a']);
  await call(secrets, 'setApiKey', 'key', 'x', null, null);
  await call(secrets, 'rollback', 'token', { back: 1 }, null);
  assert.equal(await call(secrets, 'getValue', 'token'), 'old');
  await call(secrets, 'rollback', 'token', 2, null);
  assert.equal((await call(secrets, 'list', null)).entries.length, 3);
  assert.equal((await call(secrets, 'health', null)).state, 'ok');
  assert.equal(secrets.withOptions(null).scope, null);
  assert.deepEqual([keyVariable('a', null), keyVariable('a', 'X_', null), keyOf('a', null)].length, 3);
  assert.deepEqual(settingsTable(null), settingsTable());
});

inBothForms('a verb that lost its manager says what it wants', async (secrets, call) => {
  const refused = { ...WRONG_TYPE, message: /^this is a SecretManager, not / };
  const verbs = ['get', 'getValue', 'getInto', 'getMany', 'set', 'setMany', 'rollback', 'close', 'copyTo', 'export'];
  for (const verb of verbs) {
    const lost = { [verb]: secrets[verb], [`${verb}Sync`]: secrets[`${verb}Sync`] };
    await assert.rejects(call(lost, verb, ['a'], ['b']), { ...refused, message: /not an object$/ }, verb);
  }
  const { getValue, getValueSync } = secrets;
  await assert.rejects(getValue('token'), { ...refused, message: /not undefined$/ });
  assert.throws(() => getValueSync('token'), { ...refused, message: /not undefined$/ });
  await assert.rejects(call(new Proxy(secrets, {}), 'getValue', 'token'), { ...refused, message: /proxy/ });
  assert.throws(() => SecretManager.prototype.scoped.call(5, 'x'), { ...refused, message: /not a number$/ });
});

inBothForms('what excludes each other is told alike', async (secrets, call) => {
  await call(secrets, 'set', 'token', 't0p');
  const refused = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE', message: /exclude each other/ };
  await assert.rejects(call(secrets, 'rollback', 'token', 1, { back: 1 }), refused);
  const both = { expiresAt: new Date(), clearExpiry: true };
  await assert.rejects(call(secrets, 'updateMetadata', 'token', both), refused);
  assert.throws(() => inspect('memory', { backend: 'memory' }), refused);
});

test('of a Fernet function the argument at fault is named', (test) => {
  const key = fernet.generateKey();
  assert.throws(() => fernet.encrypt({}, 'a'), startsWith('keys is a string'));
  assert.throws(() => fernet.encrypt([key, 5], 'a'), startsWith('keys is a string'));
  assert.throws(() => fernet.encrypt(key, {}), startsWith('a value is'));
  for (const verb of ['decrypt', 'rotate', 'timestamp']) {
    assert.throws(() => fernet[verb](key, {}), startsWith('token is a string'));
    assert.throws(() => fernet[verb](5, 'x'), startsWith('keys is a string'));
  }
  const secrets = inMemory(test);
  assert.throws(() => secrets.exportSync('fernet', { fernetKeys: 5 }), startsWith('fernetKeys is a string'));
  assert.throws(() => generate([]), startsWith('spec is an object'));
});
