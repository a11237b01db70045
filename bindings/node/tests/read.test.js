'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { Secret, StrongroomError } = require('strongroom');
const { inBothForms, inMemory } = require('./forms.js');

const HOUR = 3_600_000;

inBothForms('a value is read as it was set', async (secrets, call) => {
  await call(secrets, 'set', 'org/acme/api_key', 'sk-123');
  assert.equal(await call(secrets, 'getValue', 'org/acme/api_key'), 'sk-123');
  const secret = await call(secrets, 'get', 'org/acme/api_key');
  assert.ok(secret instanceof Secret);
  assert.equal(secret.reveal(), 'sk-123');
});

inBothForms('what there is not is null', async (secrets, call) => {
  assert.equal(await call(secrets, 'get', 'token'), null);
  assert.equal(await call(secrets, 'getValue', 'token'), null);
  assert.equal(await call(secrets, 'getInto', 'token', Buffer.alloc(4)), null);
  assert.equal(await call(secrets, 'describe', 'token'), null);
  assert.equal(await call(secrets, 'getVersion', 'token', '1'), null);
  assert.equal(await call(secrets, 'exists', 'token'), false);
  await assert.rejects(call(secrets, 'versions', 'token'), { code: 'not_found', key: 'global/token' });
});

inBothForms('all that was stated about a secret is read with it', async (secrets, call) => {
  const expiresAt = new Date(Date.now() + HOUR);
  const before = Date.now();
  await call(secrets, 'set', 'token', 't0p', {
    provider: 'github',
    scopeOfUse: 'repo',
    labels: { team: 'web' },
    expiresAt,
  });
  const secret = await call(secrets, 'get', 'token');
  const known = await call(secrets, 'describe', 'token');
  for (const said of [secret, known]) {
    assert.equal(said.provider, 'github');
    assert.equal(said.scopeOfUse, 'repo');
    assert.deepEqual(said.labels, { team: 'web' });
    assert.deepEqual(said.expiresAt, expiresAt);
    assert.ok(said.createdAt instanceof Date && Math.abs(said.createdAt - before) < HOUR);
    assert.ok(said.updatedAt instanceof Date);
    assert.equal(said.version, '1');
    assert.equal(said.number, 1);
    assert.equal(said.expired, false);
  }
  assert.ok(!('reveal' in known) && !JSON.stringify(known).includes('t0p'));
});

inBothForms('what is not stated is null', async (secrets, call) => {
  await call(secrets, 'set', 'token', 't0p', { provider: null, labels: undefined });
  const known = await call(secrets, 'describe', 'token');
  assert.deepEqual([known.provider, known.scopeOfUse, known.expiresAt, known.labels], [null, null, null, {}]);
});

inBothForms('an expired secret is an error, unless it is asked for', async (secrets, call) => {
  const expiresAt = new Date(Date.now() - HOUR);
  await call(secrets, 'set', 'token', 'old', { expiresAt });
  const expired = { code: 'expired', key: 'global/token', backend: 'memory' };
  await assert.rejects(call(secrets, 'get', 'token'), expired);
  await assert.rejects(call(secrets, 'getValue', 'token'), expired);
  await assert.rejects(call(secrets, 'getInto', 'token', Buffer.alloc(8)), expired);
  const secret = await call(secrets, 'get', 'token', { includeExpired: true });
  assert.deepEqual([secret.reveal(), secret.expired], ['old', true]);
  assert.equal((await call(secrets, 'describe', 'token')).expired, true);
  assert.equal(await call(secrets, 'exists', 'token'), true);
});

inBothForms('a former version is read by its word, its number or a bigint', async (secrets, call) => {
  const { version, number } = await call(secrets, 'set', 'token', 'old');
  await call(secrets, 'set', 'token', 'new');
  for (const wanted of [version, number, BigInt(number)]) {
    assert.equal((await call(secrets, 'getVersion', 'token', wanted)).reveal(), 'old');
    assert.equal((await call(secrets, 'get', 'token', { version: wanted })).reveal(), 'old');
  }
  assert.equal(await call(secrets, 'getVersion', 'token', 2n ** 64n - 1n), null);
});

inBothForms('a version that a number cannot tell is refused', async (secrets, call) => {
  for (const wanted of [2 ** 53, -1, 1.5, NaN, Infinity, -1n, 2n ** 64n]) {
    const refused = { code: 'invalid_argument', setting: 'version' };
    await assert.rejects(call(secrets, 'getVersion', 'token', wanted), refused);
  }
});

inBothForms('versions are listed, the newest first', async (secrets, call) => {
  await call(secrets, 'set', 'token', 'old', { expiresAt: new Date(Date.now() + HOUR) });
  await call(secrets, 'set', 'token', 'new');
  const [newest, oldest, ...more] = await call(secrets, 'versions', 'token');
  assert.deepEqual(more, []);
  assert.deepEqual([newest.number, newest.current, newest.expiresAt], [2, true, null]);
  assert.deepEqual([oldest.version, oldest.current], ['1', false]);
  assert.ok(oldest.createdAt instanceof Date && oldest.expiresAt > oldest.createdAt);
});

inBothForms('a value is copied to where it is wanted, cached or not', async (secrets, call) => {
  await call(secrets, 'set', 'token', 't0p');
  for (const options of [undefined, { timeoutMs: 60_000 }]) {
    const all = new Uint8Array(10).fill(0xff);
    const part = new Uint8Array(all.buffer, 2, 4);
    assert.equal(await call(secrets, 'getInto', 'token', part, options), 3);
    assert.deepEqual([...all], [0xff, 0xff, 0x74, 0x30, 0x70, 0xff, 0xff, 0xff, 0xff, 0xff]);
  }
});

inBothForms('of a value that does not fit nothing is copied', async (secrets, call) => {
  await call(secrets, 'set', 'token', 't0p');
  for (const options of [undefined, { timeoutMs: 60_000 }]) {
    const target = Buffer.from('ab');
    const copied = call(secrets, 'getInto', 'token', target, options);
    await assert.rejects(copied, { code: 'buffer_too_small', message: /3 bytes and the array 2/ });
    assert.equal(target.toString(), 'ab');
  }
});

inBothForms('a target is any view of bytes', async (secrets, call) => {
  await call(secrets, 'set', 'token', 't0p');
  const targets = [
    new Uint8Array(4),
    new Int8Array(4),
    new Uint8ClampedArray(4),
    new DataView(new ArrayBuffer(4)),
    new ArrayBuffer(4),
    new Uint8Array(new SharedArrayBuffer(4)),
  ];
  for (const target of targets) {
    assert.equal(await call(secrets, 'getInto', 'token', target), 3);
    const [first] = target instanceof ArrayBuffer ? new Uint8Array(target) : new Uint8Array(target.buffer);
    assert.equal(first, 0x74);
  }
  for (const target of [new Uint16Array(4), 'text', [0, 0, 0], null, undefined, new Secret('x')]) {
    for (const options of [undefined, { timeoutMs: 60_000 }]) {
      await assert.rejects(call(secrets, 'getInto', 'token', target, options), {
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_TYPE',
      });
    }
  }
});

test('a target that is detached while the value is fetched gets nothing, and the caller hears of it', async (test) => {
  const secrets = inMemory(test, { settings: { cache: 'off' } });
  await secrets.set('token', 't0p');
  const target = new Uint8Array(8);
  const copied = secrets.getInto('token', target, {
    get timeoutMs() {
      structuredClone(target.buffer, { transfer: [target.buffer] });
      return 60_000;
    },
  });
  await assert.rejects(copied, { name: 'TypeError', message: /detached/ });
});

inBothForms('several secrets are read at once, under the keys as they were given', async (secrets, call) => {
  await call(secrets, 'set', 'db_user', 'app');
  await call(secrets, 'set', 'db_password', 's3cret', { expiresAt: new Date(Date.now() - HOUR) });
  const keys = ['db_user', 'global/db_user', 'db_password', 'other'];
  for (const given of [keys, new Set(keys), keys.values()]) {
    const { secrets: found, failures } = await call(secrets, 'getMany', given);
    assert.ok(found instanceof Map && failures instanceof Map);
    assert.deepEqual([...found.keys()], ['db_user', 'global/db_user']);
    assert.equal(found.get('db_user').reveal(), 'app');
    assert.equal(found.get('db_user'), found.get('global/db_user'));
    assert.deepEqual([...failures.keys()], ['db_password']);
    assert.ok(failures.get('db_password') instanceof StrongroomError);
    assert.equal(failures.get('db_password').code, 'expired');
  }
  assert.equal((await call(secrets, 'getMany', [])).secrets.size, 0);
});

inBothForms('what concerns the whole batch is an error', async (secrets, call) => {
  await assert.rejects(call(secrets, 'getMany', ['good', 'b/a/d/key/']), { code: 'invalid_key' });
  await assert.rejects(call(secrets, 'getMany', ['good', 5]), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  for (const keys of ['good', 5, null, undefined, {}]) {
    await assert.rejects(call(secrets, 'getMany', keys), {
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_TYPE',
      message: /^keys is an iterable of strings/,
    });
  }
});

inBothForms('the first scope that has a secret answers', async (secrets, call) => {
  await call(secrets, 'set', 'org/acme/api_key', 'narrow');
  await call(secrets, 'set', 'api_key', 'wide');
  const read = async (...scopes) => (await call(secrets, 'getWithFallback', 'api_key', scopes))?.reveal();
  assert.equal(await read('user/kim', 'org/acme', 'global'), 'narrow');
  assert.equal(await read('user/kim', 'global'), 'wide');
  assert.equal(await read('user/kim'), undefined);
  assert.equal(await call(secrets, 'getWithFallback', 'api_key', new Set(['user/kim'])), null);
  const expiresAt = new Date(Date.now() - HOUR);
  await call(secrets, 'set', 'org/acme/api_key', 'narrow', { expiresAt });
  await assert.rejects(read('org/acme', 'global'), { code: 'expired', key: 'org/acme/api_key' });
  await assert.rejects(call(secrets, 'getWithFallback', 'api_key', 'global'), { name: 'TypeError' });
  await assert.rejects(call(secrets, 'getWithFallback', 'api_key', ['nonsense']), StrongroomError);
});
