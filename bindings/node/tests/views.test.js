'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const util = require('node:util');

const { AbortError, SecretManager, openSync } = require('strongroom');
const { inBothForms, inMemory, skip } = require('./forms.js');

inBothForms('in a view bare names are names of its scope', async (secrets, call) => {
  const view = secrets.scoped('org/acme');
  assert.ok(view instanceof SecretManager);
  assert.deepEqual([view.scope, secrets.scope], ['org/acme', null]);
  await call(view, 'set', 'api_key', 'narrow');
  await call(secrets, 'set', 'api_key', 'wide');
  assert.equal(await call(view, 'getValue', 'api_key'), 'narrow');
  assert.equal(await call(view, 'getValue', 'global/api_key'), 'wide');
  assert.equal(await call(secrets, 'getValue', 'org/acme/api_key'), 'narrow');
  assert.equal(await call(secrets, 'getValue', 'api_key', { scope: 'org/acme' }), 'narrow');
  assert.equal((await call(view, 'list')).entries.length, 1);
  assert.equal((await call(view, 'get', 'api_key')).reveal(), 'narrow');
  const target = Buffer.alloc(6);
  assert.equal(await call(view, 'getInto', 'api_key', target), 6);
  assert.equal(target.toString(), 'narrow');
});

test('what is no scope is refused', (test) => {
  const secrets = inMemory(test);
  assert.throws(
    () => secrets.scoped('no scope/'),
    (error) => error.code.startsWith('invalid_'),
  );
  for (const scope of [undefined, null, 5, ['org/acme']]) {
    assert.throws(() => secrets.scoped(scope), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  }
});

inBothForms('a view carries options, and a call’s own win', async (secrets, call) => {
  await call(secrets, 'set', 'token', 't0p');
  const hasty = secrets.withOptions({ timeoutMs: 0, actor: 'deploy', scope: 'global' });
  await assert.rejects(call(hasty, 'exists', 'token'), { code: 'timeout' });
  assert.equal(await call(hasty, 'exists', 'token', { timeoutMs: 60_000 }), true);
  assert.equal(await call(hasty.withOptions({ timeoutMs: 60_000 }), 'exists', 'token'), true);
  assert.equal(await call(secrets.withOptions(), 'exists', 'token'), true);
});

test('options that a view cannot carry are refused', (test) => {
  const secrets = inMemory(test);
  assert.throws(() => secrets.withOptions({ version: 1 }), { name: 'TypeError', message: /no option 'version'/ });
  for (const options of [5, 'x', [], () => 1]) assert.throws(() => secrets.withOptions(options), { name: 'TypeError' });
  for (const signal of [5, {}, 'x', new AbortController()]) {
    assert.throws(() => secrets.withOptions({ signal }), { name: 'TypeError', message: /^signal is an AbortSignal/ });
  }
  assert.throws(() => secrets.withOptions({ prompt: 'always' }), { code: 'invalid_argument', setting: 'prompt' });
});

test('the signal of a view ends all its calls, those of views of it too, and no others', async (test) => {
  const secrets = inMemory(test);
  await secrets.set('org/acme/token', 't0p');
  const abort = new AbortController();
  const view = secrets.withOptions({ signal: abort.signal });
  const inner = view.scoped('org/acme').withOptions({ actor: 'deploy' });
  assert.equal(await inner.getValue('token'), 't0p');
  assert.equal(inner.getValueSync('token'), 't0p');
  const reason = new Error('enough');
  abort.abort(reason);
  for (const one of [view, inner]) {
    const ended = (error) => error instanceof AbortError && error.cause === reason && error.code === 'cancelled';
    await assert.rejects(one.getValue('org/acme/token'), ended);
    await assert.rejects(one.get('org/acme/token'), ended);
    await assert.rejects(one.getInto('org/acme/token', Buffer.alloc(9)), ended);
    await assert.rejects(one.set('org/acme/token', 'new'), ended);
    assert.throws(() => one.getValueSync('org/acme/token'), ended);
    assert.throws(() => one.getSync('org/acme/token'), ended);
    assert.throws(() => one.getIntoSync('org/acme/token', Buffer.alloc(9)), ended);
    assert.throws(() => one.setSync('org/acme/token', 'new'), ended);
  }
  assert.equal(await secrets.getValue('org/acme/token'), 't0p');
});

test('the signal of a view ends calls that are under way, besides the signal of the call', { skip }, async () => {
  for (const who of ['view', 'call']) {
    const secrets = openSync('fault', { environment: false, settings: { 'fault.script': 'get:hang' } });
    const aborts = { view: new AbortController(), call: new AbortController() };
    const view = secrets.withOptions({ signal: aborts.view.signal });
    const reading = view.get('token', { signal: aborts.call.signal });
    setImmediate(() => aborts[who].abort(who));
    await assert.rejects(reading, { name: 'AbortError', cause: who });
    await secrets.close({ timeoutMs: 0 }).catch(() => undefined);
  }
});

test('a manager tells what it is', (test) => {
  const secrets = inMemory(test, { app: 'example', settings: { deadline: '5s' } });
  assert.deepEqual([secrets.app, secrets.isPersistent, secrets.scope], ['example', false, null]);
  const { backend } = secrets;
  assert.deepEqual([backend.name, backend.persistence, backend.chosenBy], ['memory', 'process', 'the program']);
  assert.deepEqual([backend.readOnly, backend.versions, backend.cas, backend.atomicBatch], [false, true, true, true]);
  assert.ok(Number.isSafeInteger(backend.maxValue) && Number.isSafeInteger(backend.maxKey));
  const { deadline, backend: chosen } = secrets.settings;
  assert.deepEqual(deadline, { value: '5s', origin: 'the program', secret: false });
  assert.equal(chosen.value, 'memory');
  for (const [name, setting] of Object.entries(secrets.settings)) {
    if (setting.secret) assert.equal(setting.value, null, name);
  }
});

test('a manager that is shown shows its application, its backend and its scope', (test) => {
  const secrets = inMemory(test, { app: 'example' });
  secrets.setSync('token', 'canary-of-a-manager');
  secrets.getSync('token');
  assert.equal(util.inspect(secrets), "SecretManager { app: 'example', backend: 'memory', scope: null }");
  assert.equal(
    util.inspect({ deep: secrets.scoped('org/acme') }),
    "{\n  deep: SecretManager { app: 'example', backend: 'memory', scope: 'org/acme' }\n}",
  );
  for (const options of [{ showHidden: true }, { customInspect: false, showHidden: true, getters: true }]) {
    assert.ok(!util.inspect(secrets, options).includes('canary'));
  }
  assert.equal(JSON.stringify(secrets), '{}');
});

inBothForms('the backend as a whole is asked', async (secrets, call) => {
  await call(secrets, 'set', 'token', 't0p');
  assert.deepEqual(await call(secrets, 'health'), { state: 'ok', reason: null, error: null });
  const report = await call(secrets, 'verify');
  assert.deepEqual([report.secrets, report.versions], [1, 1]);
  assert.equal(await call(secrets, 'lock'), undefined);
  assert.equal(await call(secrets, 'getValue', 'token'), 't0p');
});

inBothForms('a closed manager answers nothing, and neither do its views', async (secrets, call) => {
  await call(secrets, 'set', 'token', 't0p');
  const view = secrets.scoped('org/acme');
  assert.equal(await call(secrets, 'getValue', 'token'), 't0p');
  assert.equal(await call(secrets, 'close'), undefined);
  await call(secrets, 'close');
  for (const one of [secrets, view]) {
    for (const verb of ['get', 'getValue', 'exists', 'describe', 'versions']) {
      await assert.rejects(call(one, verb, 'global/token'), { code: 'closed', backend: 'memory' });
    }
    await assert.rejects(call(one, 'getInto', 'global/token', Buffer.alloc(9)), { code: 'closed' });
    await assert.rejects(call(one, 'set', 'token', 'new'), { code: 'closed' });
  }
  assert.equal(secrets.app, 'strongroom');
});

test('a manager closes itself where its block ends', async () => {
  const [first, second] = [0, 1].map(() => openSync('memory', { environment: false }));
  first[Symbol.dispose]();
  assert.equal(await second[Symbol.asyncDispose](), undefined);
  for (const secrets of [first, second]) await assert.rejects(secrets.get('token'), { code: 'closed' });
});

test('managers are made by opening alone', (test) => {
  const secrets = inMemory(test);
  assert.throws(() => new SecretManager(), { name: 'TypeError', message: /open\(\)/ });
  assert.throws(() => new SecretManager(secrets), TypeError);
  class Sub extends SecretManager {}
  assert.throws(() => new Sub(Symbol('handle'), {}), TypeError);
});

inBothForms('a page of a view begins after a name of the view', async (secrets, call) => {
  const view = secrets.scoped('org/acme');
  await call(view, 'setMany', { a: '1', b: '2', c: '3' });
  const names = async (manager, options) => (await call(manager, 'list', options)).entries.map(({ name }) => name);
  assert.deepEqual(await names(view, { after: 'a' }), ['org/acme/b', 'org/acme/c']);
  assert.deepEqual(await names(view, { after: 'org/acme/b' }), ['org/acme/c']);
  assert.deepEqual(await names(secrets, { after: 'b', scope: 'org/acme' }), ['org/acme/c']);
  await assert.rejects(call(view, 'list', { after: 'no key!' }), { code: 'invalid_key' });
});

test('a view whose signal has fired can still be closed', async () => {
  const closings = {
    close: (view) => view.close(),
    closeSync: (view) => view.closeSync(),
    using: (view) => view[Symbol.dispose](),
    'await using': (view) => view[Symbol.asyncDispose](),
  };
  for (const [what, close] of Object.entries(closings)) {
    const secrets = openSync('memory', { environment: false });
    const view = secrets.withOptions({ signal: AbortSignal.abort() });
    assert.throws(() => view.lockSync(), { name: 'AbortError' });
    await close(view);
    await assert.rejects(secrets.get('token'), { code: 'closed' }, what);
  }
});

test('a signal that views of views share is listened to once, and asked once', async (test) => {
  const secrets = inMemory(test);
  let asked = 0;
  const signal = {
    get aborted() {
      asked += 1;
      return false;
    },
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  };
  let view = secrets;
  for (let depth = 0; depth < 2000; depth += 1) view = view.withOptions({ signal });
  asked = 0;
  view.existsSync('token');
  assert.equal(asked, 1);
  await view.exists('token', { signal });
  assert.ok(asked < 6, `${asked}`);
});
