'use strict';

const assert = require('node:assert/strict');
const { Console } = require('node:console');
const { test } = require('node:test');
const { Readable, Writable } = require('node:stream');
const util = require('node:util');
const v8 = require('node:v8');

const { Secret } = require('strongroom');
const { inMemory } = require('./forms.js');

const CANARY = 'canary-of-a-secret';
const HOUR = 3_600_000;
const BYTES = Buffer.from(CANARY);
/** Ways to write the canary. */
const TRACES = [CANARY, BYTES.toString('base64'), BYTES.toString('hex'), [...BYTES].join()];

function assertMasked(text, what) {
  const squeezed = String(text).replace(/\s/g, '');
  for (const trace of TRACES) assert.ok(!squeezed.includes(trace), `${what} shows the value`);
}

test('no way to show a secret shows its value', () => {
  const secret = new Secret(CANARY, { provider: 'p' });
  class Sub extends Secret {}
  const sub = new Sub(CANARY);
  const held = { deep: { deeper: { deepest: { list: [secret, sub], map: new Map([[secret, secret]]) } } } };
  const options = [
    {},
    { depth: null, showHidden: true },
    { depth: -1 },
    { compact: false, colors: true, depth: Infinity },
    { customInspect: false, showHidden: true, getters: true, depth: null, showProxy: true },
  ];
  for (const one of options) {
    for (const shown of [secret, sub, held, Object.assign(new Error('x'), { secret }), new Proxy(secret, {})]) {
      assertMasked(util.inspect(shown, one), util.inspect(one));
    }
  }
  assert.equal(util.inspect(secret), 'Secret(***)');
  assert.equal(util.inspect([secret], { showHidden: false }), '[ Secret(***) ]');
  assert.equal(`${secret}`, 'Secret(***)');
  assert.equal(String(sub), 'Secret(***)');
  assert.equal(secret + '', 'Secret(***)');
  assert.equal([secret].join(), 'Secret(***)');
  assert.equal(JSON.stringify({ secret }), '{"secret":"Secret(***)"}');
  for (const format of ['%s', '%o', '%O', '%j', '%d', '%i']) assertMasked(util.format(format, secret), format);
  assert.deepEqual(Object.getOwnPropertyNames(secret), []);
  for (const name of Object.getOwnPropertySymbols(secret)) assertMasked(String(secret[name]), 'a property');
  assertMasked(util.inspect(structuredClone(held), { depth: null, showHidden: true }), 'a clone');
  assertMasked(v8.serialize(secret).toString('latin1'), 'v8.serialize');
});

test('no method of the console shows a value', () => {
  let written = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written += chunk;
      done();
    },
  });
  const console = new Console(stream, stream);
  const secret = new Secret(CANARY);
  for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'table', 'group']) {
    console[method](secret);
    console[method]([secret, { secret }]);
  }
  console.dir({ secret }, { showHidden: true, depth: null });
  console.assert(false, secret);
  assert.ok(written.includes('Secret(***)'));
  assertMasked(written, 'the console');
});

test('a secret has the metadata that it was made with', () => {
  const expiresAt = new Date(Date.now() + HOUR);
  const secret = new Secret('value', { provider: 'aws', scopeOfUse: 'db', labels: { a: '1' }, expiresAt });
  assert.deepEqual([secret.provider, secret.scopeOfUse, secret.labels], ['aws', 'db', { a: '1' }]);
  assert.deepEqual(secret.expiresAt, expiresAt);
  assert.deepEqual([secret.createdAt, secret.updatedAt, secret.version, secret.number], [null, null, null, null]);
  assert.equal(secret.expired, false);
  assert.equal(new Secret('value', { expiresAt: new Date(0) }).expired, true);
  const copy = new Secret(secret, { provider: 'gcp' });
  assert.deepEqual([copy.reveal(), copy.provider, copy.labels], ['value', 'gcp', { a: '1' }]);
  secret.wipe();
  assert.equal(copy.reveal(), 'value');
});

test('what is made of a secret’s metadata is the caller’s own', () => {
  const secret = new Secret('value', { labels: { a: '1' }, expiresAt: new Date(1000) });
  secret.labels.a = 'changed';
  secret.expiresAt.setTime(5);
  assert.deepEqual([secret.labels, secret.expiresAt], [{ a: '1' }, new Date(1000)]);
  for (const name of ['provider', 'labels', 'expired', 'version']) {
    assert.throws(() => {
      secret[name] = 'x';
    }, TypeError);
  }
});

test('what makes no secret is refused', () => {
  for (const value of [undefined, null, 5, {}, [], new Uint32Array(1)]) {
    assert.throws(() => new Secret(value), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  }
  assert.throws(() => new Secret('\ud800'), { code: 'invalid_value' });
  assert.throws(() => new Secret('x', { providers: 'x' }), { name: 'TypeError', message: /no option 'providers'/ });
  assert.throws(() => new Secret('x', { timeoutMs: 5 }), { name: 'TypeError' });
  assert.throws(() => new Secret('x', { provider: 5 }), { name: 'TypeError' });
});

test('bytes lie in memory of their own', () => {
  for (const length of [0, 1, 63, 64, 65, 5000]) {
    const secret = new Secret(Buffer.alloc(length, 7));
    const [bytes, more] = [secret.bytes(), secret.bytes()];
    assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype);
    assert.deepEqual([bytes.length, bytes.byteOffset, bytes.buffer.byteLength], [length, 0, length]);
    bytes.fill(0);
    assert.ok(more.every((byte) => byte === 7));
    assert.notEqual(bytes.buffer, more.buffer);
  }
});

test('a value that is no text is given as bytes only', () => {
  const secret = new Secret(new Uint8Array([0xff, 0xfe]));
  assert.throws(
    () => secret.reveal(),
    (error) => {
      assertMasked(util.inspect(error), 'an error');
      return error.code === 'invalid_value' && /bytes/.test(error.help);
    },
  );
  assert.deepEqual([...secret.bytes()], [0xff, 0xfe]);
});

test('a value is copied whole or not at all', () => {
  const secret = new Secret('abc');
  const target = Buffer.from('01234');
  assert.equal(secret.copyInto(target.subarray(1)), 3);
  assert.equal(target.toString(), '0abc4');
  assert.throws(() => secret.copyInto(target.subarray(0, 2)), { code: 'buffer_too_small' });
  assert.equal(target.toString(), '0abc4');
  assert.equal(new Secret('').copyInto(new Uint8Array(0)), 0);
  assert.throws(() => secret.copyInto('text'), { name: 'TypeError' });
});

test('an exposed value is wiped when the function has ended', async () => {
  const secret = new Secret('abc');
  let lent;
  assert.equal(
    secret.expose((bytes) => (lent = bytes).length),
    3,
  );
  assert.deepEqual([...lent], [0, 0, 0]);
  assert.throws(
    () =>
      secret.expose((bytes) => {
        lent = bytes;
        throw new RangeError('mine');
      }),
    RangeError,
  );
  assert.deepEqual([...lent], [0, 0, 0]);
  const promised = secret.expose(async (bytes) => {
    lent = bytes;
    await null;
    return Buffer.from(bytes).toString();
  });
  assert.deepEqual([...lent], [...Buffer.from('abc')]);
  assert.equal(await promised, 'abc');
  assert.deepEqual([...lent], [0, 0, 0]);
  await assert.rejects(
    secret.expose(async (bytes) => {
      lent = bytes;
      throw new RangeError('mine');
    }),
    RangeError,
  );
  assert.deepEqual([...lent], [0, 0, 0]);
  assert.throws(() => secret.expose('no function'), TypeError);
  assert.equal(secret.reveal(), 'abc');
});

test('an exposed value is wiped although its view tells lies', () => {
  const secret = new Secret('abc');
  let lent;
  secret.expose((bytes) => {
    lent = bytes;
    Object.defineProperty(bytes, 'fill', { value: () => undefined });
    Object.defineProperty(bytes, 'length', { value: 0 });
  });
  assert.deepEqual([lent[0], lent[1], lent[2]], [0, 0, 0]);
  secret.expose((bytes) => structuredClone(bytes.buffer, { transfer: [bytes.buffer] }));
});

test('a wiped secret gives no value any more, and keeps its metadata', async (test) => {
  const secrets = inMemory(test);
  const secret = new Secret('abc', { provider: 'aws' });
  secret.wipe();
  secret.wipe();
  for (const use of ['reveal', 'bytes']) assert.throws(() => secret[use](), { code: 'closed' });
  assert.throws(() => secret.copyInto(new Uint8Array(9)), { code: 'closed' });
  assert.throws(() => secret.expose(() => assert.fail('was called')), { code: 'closed' });
  assert.throws(() => new Secret(secret), { code: 'closed' });
  await assert.rejects(secrets.set('token', secret), { code: 'closed' });
  assert.equal(secret.provider, 'aws');
  assert.equal(util.inspect(secret), 'Secret(***)');
});

test('a secret that is disposed of is wiped, and what is stored is not', async (test) => {
  const secrets = inMemory(test);
  await secrets.set('token', 't0p');
  const secret = await secrets.get('token');
  secret[Symbol.dispose]();
  assert.throws(() => secret.reveal(), { code: 'closed' });
  assert.equal((await secrets.get('token')).reveal(), 't0p');
});

test('only a secret of the library is taken for one', async (test) => {
  const secrets = inMemory(test);
  class Sub extends Secret {
    reveal() {
      return 'of the subclass';
    }

    bytes() {
      return new Uint8Array(3);
    }
  }
  await secrets.set('token', new Sub('value'));
  assert.equal(await secrets.getValue('token'), 'value');
  let lent;
  new Sub('value').expose((bytes) => (lent = Buffer.from(bytes).toString()));
  assert.equal(lent, 'value');
  const fakes = [Object.create(Secret.prototype), new Proxy(new Secret('x'), {}), { reveal: () => 'x' }];
  for (const fake of fakes) await assert.rejects(secrets.set('token', fake), { name: 'TypeError' });
  for (const method of ['reveal', 'bytes', 'wipe', 'copyInto', 'expose']) {
    assert.throws(() => Secret.prototype[method].call({}), TypeError);
  }
  assert.throws(() => Secret('x'), TypeError);
  assert.deepEqual(Object.getOwnPropertyNames(Secret).sort(), ['length', 'name', 'prototype']);
});

test('a secret is compared by its value, whatever that is given as', () => {
  const secret = new Secret('pa55', { provider: 'p' });
  for (const same of ['pa55', Buffer.from('pa55'), new Secret('pa55'), secret]) assert.equal(secret.equals(same), true);
  for (const other of ['pa56', 'pa5', 'pa555', '', new Uint8Array(4), new Secret('')]) {
    assert.equal(secret.equals(other), false);
  }
  assert.equal(new Secret('').equals(''), true);
  for (const none of [undefined, null, 5, {}]) assert.throws(() => secret.equals(none), { name: 'TypeError' });
  secret.wipe();
  assert.throws(() => secret.equals('pa55'), { code: 'closed' });
  assert.throws(() => new Secret('pa55').equals(secret), { code: 'closed' });
});

test('two secrets are never deeply equal, as nothing of their values is seen', () => {
  const [secret, same] = [new Secret('a'), new Secret('a')];
  for (const other of [new Secret('b'), same]) {
    assert.equal(util.isDeepStrictEqual(secret, other), false);
    assert.throws(() => assert.deepStrictEqual({ secret }, { secret: other }), assert.AssertionError);
  }
  assert.deepStrictEqual({ secret }, { secret });
  assert.equal(JSON.stringify([secret]), '["Secret(***)"]');
});

test('what would be read after the bytes were wiped is refused', async () => {
  const refused = { name: 'TypeError', code: 'ERR_INVALID_RETURN_VALUE' };
  let lent;
  const late = {
    'the array': (bytes) => bytes,
    'its buffer': (bytes) => bytes.buffer,
    'a view of it': (bytes) => Buffer.from(bytes.buffer, 1, 1),
    'a part of it': (bytes) => bytes.subarray(1),
    'a DataView': (bytes) => new DataView(bytes.buffer),
    'a generator': function* (bytes) {
      yield bytes[0];
    },
    'an iterator': (bytes) => bytes.values(),
    'an async generator': async function* (bytes) {
      yield bytes[0];
    },
    'a stream': (bytes) => Readable.from([bytes]),
  };
  for (const [what, look] of Object.entries(late)) {
    const looked = (bytes) => {
      lent = bytes;
      return look(bytes);
    };
    assert.throws(() => new Secret('abc').expose(looked), refused, what);
    assert.deepEqual([...lent], [0, 0, 0], what);
    const looking = new Secret('abc').expose(async (bytes) => looked(bytes));
    await assert.rejects(looking, refused, what);
    assert.deepEqual([...lent], [0, 0, 0], what);
  }
  const copy = new Secret('abc').expose((bytes) => bytes.slice());
  assert.equal(Buffer.from(copy).toString(), 'abc');
  assert.deepEqual(
    new Secret('abc').expose((bytes) => [...bytes]),
    [97, 98, 99],
  );
});

test('a method that lost its secret says what it wants', () => {
  const refused = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE', message: /^this is a Secret, not / };
  const { reveal } = new Secret('abc');
  assert.throws(() => reveal(), refused);
  assert.throws(() => new Proxy(new Secret('abc'), {}).provider, { ...refused, message: /proxy/ });
});
