'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { Secret, openSync } = require('strongroom');
const { inBothForms, inMemory, skip } = require('./forms.js');

const HOUR = 3_600_000;

inBothForms('a write tells what it did', async (secrets, call) => {
  assert.deepEqual(await call(secrets, 'set', 'token', 'old'), { created: true, version: '1', number: 1 });
  assert.deepEqual(await call(secrets, 'set', 'token', 'new'), { created: false, version: '2', number: 2 });
  assert.equal(await call(secrets, 'getValue', 'token'), 'new');
});

inBothForms('values are kept to the byte', async (secrets, call) => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const behind = new Uint8Array([9, 9, 1, 2, 3, 9]);
  const shared = new Uint8Array(new SharedArrayBuffer(6), 1, 3);
  shared.set([1, 2, 3]);
  const growing = new ArrayBuffer(2, { maxByteLength: 16 });
  growing.resize(3);
  new Uint8Array(growing).set([1, 2, 3]);
  const values = [
    [all, all],
    [behind.subarray(2, 5), [1, 2, 3]],
    [Buffer.from(behind.buffer, 2, 3), [1, 2, 3]],
    [new DataView(behind.buffer, 2, 3), [1, 2, 3]],
    [new Int8Array(behind.buffer, 2, 3), [1, 2, 3]],
    [behind.buffer, behind],
    [shared, [1, 2, 3]],
    [growing, [1, 2, 3]],
    [new Uint8Array(growing), [1, 2, 3]],
    [new Uint8Array(0), []],
    ['', []],
    ['ä€😀\0', Buffer.from('ä€😀\0')],
    [new Secret('secret'), Buffer.from('secret')],
  ];
  for (const [given, bytes] of values) {
    await call(secrets, 'set', 'token', given);
    assert.deepEqual([...(await call(secrets, 'get', 'token')).bytes()], [...bytes]);
  }
});

inBothForms('what is no value is a TypeError, and nothing is written', async (secrets, call) => {
  const none = [undefined, null, 5, true, {}, ['a'], new String('a'), new Uint16Array(1), Symbol('a'), () => 'a'];
  for (const value of none) {
    await assert.rejects(call(secrets, 'set', 'token', value), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  }
  assert.equal(await call(secrets, 'exists', 'token'), false);
});

inBothForms('bytes that are gone are not taken for an empty value', async (secrets, call) => {
  await call(secrets, 'set', 'token', 'old');
  const detached = new Uint8Array(4);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const shrunk = new ArrayBuffer(8, { maxByteLength: 8 });
  const views = [
    new Uint8Array(shrunk, 0, 8),
    new Uint8Array(shrunk, 4, 4),
    new Uint8Array(shrunk, 6),
    new DataView(shrunk, 2, 6),
    new DataView(shrunk, 6),
  ];
  shrunk.resize(4);
  for (const value of [detached, detached.buffer, ...views]) {
    const refused = { name: 'TypeError', message: /detached or has shrunk/ };
    await assert.rejects(call(secrets, 'set', 'token', value), refused);
    await assert.rejects(call(secrets, 'getInto', 'token', value), { name: 'TypeError' });
  }
  assert.equal(await call(secrets, 'getValue', 'token'), 'old');
});

inBothForms('the value is what it was when the verb was called', async (secrets, call) => {
  const value = Buffer.from('before');
  const written = call(secrets, 'set', 'token', value);
  value.fill('x');
  await written;
  assert.equal(await call(secrets, 'getValue', 'token'), 'before');
});

inBothForms('a secret brings its metadata, and what is stated wins', async (secrets, call) => {
  const expiresAt = new Date(Date.now() + HOUR);
  const secret = new Secret('s3cret', { provider: 'aws', scopeOfUse: 'db', labels: { a: '1' }, expiresAt });
  await call(secrets, 'set', 'token', secret);
  const kept = await call(secrets, 'describe', 'token');
  assert.deepEqual([kept.provider, kept.scopeOfUse, kept.labels, kept.expiresAt], ['aws', 'db', { a: '1' }, expiresAt]);
  await call(secrets, 'set', 'token', secret, { provider: 'gcp', labels: { b: '2' } });
  const stated = await call(secrets, 'describe', 'token');
  assert.deepEqual([stated.provider, stated.scopeOfUse, stated.labels], ['gcp', 'db', { b: '2' }]);
});

inBothForms('a write is conditional where that is asked for', async (secrets, call) => {
  const { version } = await call(secrets, 'set', 'token', 'old', { ifAbsent: true });
  await assert.rejects(call(secrets, 'set', 'token', 'new', { ifAbsent: true }), { code: 'conflict' });
  await call(secrets, 'set', 'token', 'new', { ifVersion: version });
  await assert.rejects(call(secrets, 'set', 'token', 'newer', { ifVersion: version }), { code: 'conflict' });
  await assert.rejects(call(secrets, 'updateValue', 'token', 'newer', { ifVersion: 1n }), { code: 'conflict' });
  await assert.rejects(call(secrets, 'updateMetadata', 'token', { ifVersion: 1, provider: 'x' }), { code: 'conflict' });
  assert.equal(await call(secrets, 'getValue', 'token'), 'new');
});

inBothForms('dates of any age are kept, and others refused', async (secrets, call) => {
  for (const createdAt of [new Date(0), new Date(-1), new Date('1901-02-03T04:05:06.007Z'), new Date(Date.now() - 1)]) {
    await call(secrets, 'delete', 'token', { missingOk: true });
    await call(secrets, 'set', 'token', 'value', { createdAt });
    assert.deepEqual((await call(secrets, 'describe', 'token')).createdAt, createdAt);
  }
  const expiresAt = new Date('2262-01-01T00:00:00.123Z');
  await call(secrets, 'set', 'token', 'value', { expiresAt });
  assert.deepEqual((await call(secrets, 'describe', 'token')).expiresAt, expiresAt);
  for (const wrong of [new Date(NaN), new Date(8.64e15), new Date(-8.64e15)]) {
    const refused = { code: 'invalid_argument', setting: 'expiresAt' };
    await assert.rejects(call(secrets, 'set', 'token', 'value', { expiresAt: wrong }), refused);
  }
  for (const wrong of [0, '2030-01-01', {}, Object.create(Date.prototype)]) {
    await assert.rejects(call(secrets, 'set', 'token', 'value', { expiresAt: wrong }), {
      name: 'TypeError',
      message: /^expiresAt is a Date/,
    });
  }
});

inBothForms('labels have any names, also those that mean something to JavaScript', async (secrets, call) => {
  const names = ['__proto__', 'constructor', 'toString', 'ä', '0', 'a b'];
  const labels = Object.fromEntries(names.map((name) => [name, 'x']));
  assert.ok(Object.hasOwn(labels, '__proto__'));
  await call(secrets, 'set', 'token', 'value', { labels });
  const { labels: kept } = await call(secrets, 'get', 'token');
  assert.deepEqual(Object.entries(kept).sort(), Object.entries(labels).sort());
  assert.equal(Object.getPrototypeOf(kept), Object.prototype);
  const described = await call(secrets, 'describe', 'token');
  assert.ok(Object.hasOwn(described.labels, '__proto__'));
  const heir = Object.assign(Object.create({ inherited: 'x' }), { own: 'y' });
  await call(secrets, 'set', 'token', 'value', { labels: heir });
  assert.deepEqual((await call(secrets, 'get', 'token')).labels, { own: 'y' });
});

inBothForms('what are no labels is a TypeError', async (secrets, call) => {
  for (const labels of [new Map([['a', 'b']]), ['a'], 'a', 5, { a: 5 }, { a: null }, [['a', 'b']]]) {
    const written = call(secrets, 'set', 'token', 'value', { labels });
    await assert.rejects(written, { name: 'TypeError', message: /^labels is/ });
  }
});

const ENTRIES = {
  'an object': { a: '1', b: new Secret('2', { provider: 'aws' }) },
  'an object without a prototype': Object.assign(Object.create(null), { a: '1', b: Buffer.from('2') }),
  'a Map': new Map([
    ['a', '1'],
    ['b', '2'],
  ]),
  'an array of pairs': [
    ['a', '1'],
    ['b', '2'],
  ],
};
for (const [what, entries] of Object.entries(ENTRIES)) {
  inBothForms(`several secrets are written, given as ${what}`, async (secrets, call) => {
    const { outcomes, failures } = await call(secrets, 'setMany', entries);
    assert.ok(outcomes instanceof Map && failures instanceof Map);
    assert.deepEqual([...outcomes.keys()], ['a', 'b']);
    assert.deepEqual(outcomes.get('a'), { created: true, version: '1', number: 1 });
    assert.equal(failures.size, 0);
    assert.equal(await call(secrets, 'getValue', 'b'), '2');
    const { provider } = await call(secrets, 'get', 'b');
    assert.equal(provider, what === 'an object' ? 'aws' : null);
  });
}

inBothForms('of a batch all is written or nothing', async (secrets, call) => {
  function* pairs() {
    yield ['a', '1'];
    throw new RangeError('the program’s own');
  }
  const batches = [
    [{ a: '1', 'no/key': '2' }, { code: 'invalid_key' }],
    [
      [
        ['a', '1'],
        ['global/a', '2'],
      ],
      { code: 'invalid_argument', key: 'global/a' },
    ],
    [
      { a: '1', b: 5 },
      { name: 'TypeError', message: /^the value of 'b' is/ },
    ],
    [pairs(), { name: 'RangeError' }],
    [[['a', '1', 'more']], { name: 'TypeError', message: /pairs/ }],
    [['ab'], { name: 'TypeError', message: /pairs/ }],
    ['ab', { name: 'TypeError', message: /^entries is/ }],
    [null, { name: 'TypeError' }],
    [undefined, { name: 'TypeError' }],
  ];
  for (const [entries, refused] of batches) await assert.rejects(call(secrets, 'setMany', entries), refused);
  assert.deepEqual((await call(secrets, 'list')).entries, []);
  const inherited = await call(secrets, 'setMany', Object.create({ a: '1' }));
  assert.equal(inherited.outcomes.size, 0);
});

test('a batch that is refused is an error, one that is written one by one tells each outcome', { skip }, (test) => {
  const opened = (settings) => {
    const secrets = openSync('fault', { environment: false, settings });
    test.after(() => secrets.closeSync());
    return secrets;
  };
  const refusing = opened({ 'fault.script': 'set_many*1:denied' });
  assert.throws(() => refusing.setManySync({ a: '1', b: '2' }), { code: 'permission_denied' });
  assert.equal(refusing.existsSync('a'), false);
  const single = opened({ 'fault.lacks': 'atomic_batch' });
  assert.equal(single.backend.atomicBatch, false);
  const { outcomes, failures } = single.setManySync({ a: '1', b: '2' });
  assert.deepEqual([[...outcomes.keys()], failures.size], [['a', 'b'], 0]);
});

inBothForms('an API key is a secret of its provider', async (secrets, call) => {
  await call(secrets, 'setApiKey', 'api_key', 'sk-1', 'openai');
  await call(secrets, 'updateMetadata', 'api_key', { labels: { team: 'web' } });
  await call(secrets, 'setApiKey', 'api_key', new Secret('sk-2', { provider: 'ignored' }));
  const secret = await call(secrets, 'get', 'api_key');
  assert.deepEqual([secret.reveal(), secret.provider, secret.labels], ['sk-2', 'openai', { team: 'web' }]);
  await call(secrets, 'setApiKey', 'api_key', 'sk-3', null, { scope: 'org/acme' });
  assert.equal(await call(secrets, 'getValue', 'org/acme/api_key'), 'sk-3');
  const numbered = call(secrets, 'setApiKey', 'api_key', 'sk-4', 5);
  await assert.rejects(numbered, { name: 'TypeError', message: /^provider is/ });
});

inBothForms('an update of the value keeps the metadata', async (secrets, call) => {
  const expiresAt = new Date(Date.now() + HOUR);
  await call(secrets, 'set', 'token', 'old', { provider: 'github', expiresAt });
  await call(secrets, 'updateValue', 'token', 'new');
  const secret = await call(secrets, 'get', 'token');
  assert.deepEqual([secret.reveal(), secret.provider, secret.expiresAt], ['new', 'github', expiresAt]);
  await assert.rejects(call(secrets, 'updateValue', 'other', 'new'), { code: 'not_found' });
});

inBothForms('of an expiry an update says what becomes of it', async (secrets, call) => {
  const soon = new Date(Date.now() + HOUR);
  const expiry = async () => (await call(secrets, 'describe', 'token')).expiresAt;
  await call(secrets, 'set', 'token', 'old', { expiresAt: new Date(0) });
  await assert.rejects(call(secrets, 'updateValue', 'token', 'new'), { code: 'expired' });
  await assert.rejects(call(secrets, 'updateValue', 'token', 'new', { expiresAt: undefined }), { code: 'expired' });
  for (const [options, expected] of [
    [{ expiresAt: soon }, soon],
    [{ expiresAt: null }, null],
    [{ expiresAt: soon, clearExpiry: false }, soon],
    [{ clearExpiry: true }, null],
    [{ expiresAt: null, clearExpiry: true }, null],
  ]) {
    await call(secrets, 'updateValue', 'token', 'new', options);
    assert.deepEqual(await expiry(), expected);
    await call(secrets, 'updateMetadata', 'token', { expiresAt: new Date(0) });
    await call(secrets, 'updateMetadata', 'token', options);
    assert.deepEqual(await expiry(), expected);
    await call(secrets, 'updateMetadata', 'token', { expiresAt: new Date(0) });
  }
  const both = { expiresAt: soon, clearExpiry: true };
  await assert.rejects(call(secrets, 'updateValue', 'token', 'new', both), {
    name: 'TypeError',
    code: 'ERR_INVALID_ARG_VALUE',
  });
});

inBothForms('an update of metadata keeps what is not given, and null clears', async (secrets, call) => {
  await call(secrets, 'set', 'token', 't0p', { provider: 'github', scopeOfUse: 'repo', labels: { a: '1' } });
  const known = async () => {
    const { provider, scopeOfUse, labels } = await call(secrets, 'describe', 'token');
    return [provider, scopeOfUse, labels];
  };
  assert.equal((await call(secrets, 'updateMetadata', 'token', { scopeOfUse: null })).created, false);
  assert.deepEqual(await known(), ['github', null, { a: '1' }]);
  await call(secrets, 'updateMetadata', 'token', { provider: undefined, labels: { b: '2' } });
  assert.deepEqual(await known(), ['github', null, { b: '2' }]);
  await call(secrets, 'updateMetadata', 'token', { labels: null, provider: null });
  assert.deepEqual(await known(), [null, null, {}]);
  assert.equal(await call(secrets, 'getValue', 'token'), 't0p');
  await assert.rejects(call(secrets, 'updateMetadata', 'other', { provider: 'x' }), { code: 'not_found' });
});

inBothForms('a former version becomes the current one again', async (secrets, call) => {
  const { version } = await call(secrets, 'set', 'token', 'first');
  await call(secrets, 'set', 'token', 'second');
  assert.equal((await call(secrets, 'rollback', 'token', version)).number, 3);
  assert.equal(await call(secrets, 'getValue', 'token'), 'first');
  await call(secrets, 'rollback', 'token', { back: 1 });
  assert.equal(await call(secrets, 'getValue', 'token'), 'second');
  await call(secrets, 'rollback', 'token', undefined, { back: 3 });
  assert.equal(await call(secrets, 'getValue', 'token'), 'first');
  await call(secrets, 'rollback', 'token', 2n, { timeoutMs: 60_000 });
  assert.equal(await call(secrets, 'getValue', 'token'), 'second');
  await assert.rejects(call(secrets, 'rollback', 'token', 99), { code: 'not_found' });
  await assert.rejects(call(secrets, 'rollback', 'token', { back: 0 }), { code: 'invalid_argument' });
  await assert.rejects(call(secrets, 'rollback', 'token', { back: 99 }), { code: 'not_found' });
  for (const given of [[], [{}], [version, { back: 1 }], [true]]) {
    await assert.rejects(call(secrets, 'rollback', 'token', ...given), { name: 'TypeError' });
  }
});

inBothForms('a deleted secret is gone with its history', async (secrets, call) => {
  await call(secrets, 'set', 'token', 'old');
  assert.equal(await call(secrets, 'delete', 'token'), undefined);
  assert.equal(await call(secrets, 'get', 'token'), null);
  assert.equal(await call(secrets, 'getVersion', 'token', 1), null);
  const again = call(secrets, 'delete', 'token');
  await assert.rejects(again, { code: 'not_found', key: 'global/token', operation: 'delete' });
  await call(secrets, 'delete', 'token', { missingOk: true });
});

test('a getter of the program that uses the manager meanwhile harms nothing', async (test) => {
  const secrets = inMemory(test);
  await secrets.set('token', 'value', {
    get provider() {
      secrets.setSync('token', 'of the getter');
      secrets.getSync('token').wipe();
      return 'github';
    },
  });
  const secret = await secrets.get('token');
  assert.deepEqual([secret.reveal(), secret.provider, secret.number], ['value', 'github', 2]);
});

test('a secret that a getter wipes is not written', async (test) => {
  const secrets = inMemory(test);
  const secret = new Secret('value');
  const options = {
    get provider() {
      secret.wipe();
      return 'github';
    },
  };
  await assert.rejects(secrets.set('token', secret, options), { code: 'closed' });
  assert.equal(secrets.existsSync('token'), false);
});

inBothForms('what is stated as nothing takes what a Secret carries away', async (secrets, call) => {
  const expiresAt = new Date(Date.now() + 3_600_000);
  const stated = { provider: 'p', scopeOfUse: 'u', labels: { a: 'b' }, expiresAt };
  const carrying = () => new Secret('value', stated);
  const known = async () => {
    const { provider, scopeOfUse, labels, expiresAt } = await call(secrets, 'describe', 'token');
    return { provider, scopeOfUse, labels: { ...labels }, expiresAt };
  };
  for (const labels of [{}, null]) {
    const cleared = { labels, expiresAt: null, provider: null, scopeOfUse: null };
    const none = { provider: null, scopeOfUse: null, labels: {}, expiresAt: null };
    await call(secrets, 'set', 'token', carrying(), cleared);
    assert.deepEqual(await known(), none);
    await call(secrets, 'set', 'token', new Secret(carrying(), cleared));
    assert.deepEqual(await known(), none);
  }
  for (const options of [undefined, {}, { provider: undefined, labels: undefined, expiresAt: undefined }]) {
    await call(secrets, 'set', 'token', carrying(), options);
    assert.deepEqual(await known(), stated);
  }
});
