'use strict';
// Opening: what it can be told, what wins, how it fails.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { pathToFileURL } = require('node:url');
const util = require('node:util');

const { Secret, StrongroomError, open, openSync } = require('strongroom');
const { folderOf } = require('./folder.js');
const { alone } = require('./robust/alone.js');

const STORE_KEY = 'k'.repeat(32);
const CANARY = 'c4nary-5d1e-never-shown';

/** Both forms, as functions that give promises. */
const FORMS = { open, openSync: async (...stated) => openSync(...stated) };

/** Runs a test of both forms. */
function both(name, run) {
  for (const [form, opening] of Object.entries(FORMS)) test(`${form}: ${name}`, (context) => run(opening, context));
}

/** How both forms refuse an opening, which is the same for both. */
async function refused(...stated) {
  const errors = [];
  for (const opening of Object.values(FORMS)) {
    await assert.rejects(opening(...stated), (error) => errors.push(error) > 0);
  }
  assert.equal(errors[0].message, errors[1].message);
  assert.deepEqual(Object.entries(errors[0]), Object.entries(errors[1]));
  return errors[0];
}

/** What opens the encrypted store of a folder. */
function store(folder, key = STORE_KEY, settings = {}) {
  return {
    backend: 'encrypted',
    settings: { 'encrypted.path': path.join(folder, 'secrets.strongroom'), ...settings },
    secrets: { 'encrypted.key': key },
    environment: false,
  };
}

// --- what it can be told

both('the backend by argument, by option and by setting', async (opening) => {
  const ways = [
    ['memory', { environment: false }],
    [{ backend: 'memory', environment: false }],
    [{ settings: { backend: 'memory' }, environment: false }],
    ['memory', undefined],
    ['memory', null],
  ];
  for (const stated of ways) {
    const secrets = await opening(...stated);
    assert.equal(secrets.backend.name, 'memory');
    assert.equal(secrets.isPersistent, false);
    secrets.closeSync();
  }
});

test('a backend is stated once', async () => {
  for (const stated of [
    ['memory', { backend: 'memory' }],
    ['memory', { settings: { backend: 'file' } }],
    [{ backend: 'memory', settings: { backend: 'file' } }],
  ]) {
    const error = await refused(...stated);
    assert(error instanceof TypeError);
    assert.match(error.message, /two backends/);
  }
});

test('nothing stated opens a store in the home, and the application names the defaults', async () => {
  await alone(`
const fs = require('node:fs');
const stores = () => fs.readdirSync(process.argv[2], { recursive: true }).filter((name) => name.endsWith('secrets.strongroom'));
(async () => {
  const first = await strongroom.open();
  await first.set('key', 'value');
  assert.equal(first.backend.name, 'encrypted');
  await first.close();
  assert.equal(strongroom.openSync().getValueSync('key'), 'value');
  assert.deepEqual(stores().map((name) => path.basename(path.dirname(name))), ['strongroom']);
  const other = await strongroom.open('encrypted', { app: 'sideseat' });
  assert.equal(other.app, 'sideseat');
  assert.deepEqual(stores().map((name) => path.basename(path.dirname(name))).sort(), ['sideseat', 'strongroom']);
  process.env.SIDESEAT_SECRETS_BACKEND = 'memory';
  const chosen = await strongroom.open({ app: 'sideseat' });
  assert.equal(chosen.backend.name, 'memory');
  assert.match(chosen.backend.chosenBy, /SIDESEAT_SECRETS_BACKEND/);
})();
const path = require('node:path');
`);
});

test('a bad application is named', async () => {
  for (const app of ['', 'Not a name!', 'a'.repeat(65)]) {
    const error = await refused({ backend: 'memory', app });
    assert.deepEqual([error.code, error.setting], ['invalid_config', 'app']);
  }
});

both('settings of every type', async (opening, context) => {
  const folder = path.join(folderOf(context), 'a folder');
  fs.mkdirSync(folder, { mode: 0o700 });
  const settings = {
    'file.path': pathToFileURL(path.join(folder, 'secrets.json')),
    max_value: 64,
    cache: false,
    cache_ttl: '5s',
  };
  const secrets = await opening({ backend: 'file', settings, environment: false });
  assert.equal(secrets.backend.maxValue, 64);
  assert.deepEqual([secrets.settings.cache.value, secrets.settings.cache_ttl.value], ['off', '5s']);
  secrets.setSync('key', 'value');
  assert(fs.existsSync(path.join(folder, 'secrets.json')));
  const other = await opening('memory', { settings: { cache: true, max_value: '64' }, environment: false });
  assert.deepEqual([other.settings.cache.value, other.backend.maxValue], ['on', 64]);
});

test('a setting of a wrong type is named', async () => {
  const others = [undefined, null, 5n, Symbol('64'), ['64'], {}, () => 64, new URL('https://example.org/64')];
  for (const value of others) {
    const error = await refused('memory', { settings: { max_value: value }, environment: false });
    assert(error instanceof TypeError);
    assert.equal(error.code, 'ERR_INVALID_ARG_TYPE');
    assert.match(error.message, /'max_value' is a string, a number, a boolean or a file: URL/);
  }
  for (const value of [1.5, NaN, Infinity]) {
    const error = await refused('memory', { settings: { max_value: value }, environment: false });
    assert.deepEqual([error.code, error.setting], ['invalid_argument', 'max_value']);
  }
});

test('an argument of a wrong type', async () => {
  for (const stated of [
    [3],
    [[]],
    [{ backend: 3 }],
    [{ backend: 'memory', app: 3 }],
    [{ backend: 'memory', settings: new Map([['max_value', 64]]) }],
    [{ backend: 'memory', settings: ['max_value'] }],
    [{ backend: 'memory', secrets: 'encrypted.key' }],
    [{ backend: 'memory', configFile: 3 }],
    [{ backend: 'memory', configFile: ['settings.json', 3] }],
    [{ backend: 'memory', configText: { json: 3 } }],
    [{ backend: 'memory', configText: '{}' }],
    [{ backend: 'memory', environment: 'no' }],
    [{ backend: 'memory', timeoutMs: 'soon' }],
    ['memory', 3],
    ['memory', []],
    [{ backend: 'memory' }, {}],
    [undefined, []],
    [['memory'], { app: 'example' }],
    [Promise.resolve({ backend: 'memory' })],
    [{ backend: 'memory', settings: Promise.resolve({}) }],
    [{ backend: 'memory', secrets: new Date() }],
    [{ backend: 'memory', configText: new Set() }],
  ]) {
    const error = await refused(...stated);
    assert(error instanceof TypeError, util.inspect(stated));
    assert.equal(error.code, 'ERR_INVALID_ARG_TYPE', util.inspect(stated));
  }
});

test('a backend that may be left open is left out', async (test) => {
  for (const backend of [undefined, null]) {
    const opened = [await open(backend, { backend: 'memory', environment: false })];
    opened.push(openSync(backend, { backend: 'memory', environment: false }));
    opened.push(await open({ backend: 'memory', environment: false }, backend));
    test.after(() => opened.map((manager) => manager.closeSync()));
    for (const manager of opened) assert.equal(manager.backend.name, 'memory');
  }
});

test('what is given instead of options is named', async () => {
  await assert.rejects(open(['memory']), { name: 'TypeError', message: 'options is an object, not an array' });
  const promise = Promise.resolve({ 'encrypted.key': 'x' });
  const secrets = { name: 'TypeError', message: /^secrets is an object of names and values, not a promise .*await/ };
  await assert.rejects(open('memory', { secrets: promise }), secrets);
});

test('what is no option is an error', async () => {
  const error = await refused('memory', { tiemoutMs: 3 });
  assert(error instanceof TypeError);
  assert.match(error.message, /'tiemoutMs'/);
});

test('what was put on the root of all objects is not stated for an opening', async (context) => {
  const added = {
    backend: 'nowhere',
    settings: { cache: 'of' },
    secrets: 3,
    configFile: '/nowhere',
    app: 'Not a name!',
  };
  context.after(() => Object.keys(added).forEach((name) => delete Object.prototype[name]));
  Object.assign(Object.prototype, added);
  const opened = [
    await open('memory', { environment: false }),
    openSync('memory', { settings: {}, environment: false }),
  ];
  for (const secrets of opened) assert.equal(secrets.settings.cache.value, 'on');
});

both('options that a class has', async (opening) => {
  class Options {
    get settings() {
      return { max_value: 64 };
    }

    get environment() {
      return false;
    }
  }
  assert.equal((await opening('memory', new Options())).backend.maxValue, 64);
});

test('unknown words are answered with the nearest', async () => {
  let error = await refused('memory', { settings: { max_valu: 64 }, environment: false });
  assert.deepEqual([error.code, error.setting], ['invalid_config', 'max_valu']);
  assert.match(error.message, /did you mean `max_value`\?/);
  error = await refused('memori', { environment: false });
  assert.equal(error.setting, 'backend');
  assert.match(error.message, /did you mean `memory`\?/);
});

test('an opening has no scope', async () => {
  const error = await refused('memory', { scope: 'org/acme' });
  assert.deepEqual([error.code, error.setting], ['invalid_argument', 'scope']);
});

test('an opening has a deadline and can be aborted', async () => {
  assert.equal((await refused('memory', { timeoutMs: 0 })).code, 'timeout');
  const signal = AbortSignal.abort();
  await assert.rejects(open('memory', { signal }), { name: 'AbortError', code: 'cancelled', cause: signal.reason });
  assert.throws(() => openSync('memory', { signal }), TypeError);
});

test('what an opening is told is what the manager then tells its calls', async () => {
  const hurried = await open('memory', { timeoutMs: 60_000, environment: false });
  assert.equal(await hurried.exists('key'), false);
});

// --- secret settings

both('a secret setting in every form', async (opening, context) => {
  const folder = folderOf(context);
  const bytes = Buffer.from(STORE_KEY);
  const before = await opening(store(folder));
  before.setSync('key', 'value');
  before.closeSync();
  for (const key of [
    STORE_KEY,
    bytes,
    new Uint8Array(bytes),
    new DataView(new Uint8Array(bytes).buffer),
    new Secret(STORE_KEY),
    () => STORE_KEY,
    () => bytes,
    () => new Secret(bytes),
  ]) {
    const secrets = await opening(store(folder, key));
    assert.equal(secrets.getValueSync('key'), 'value');
    secrets.closeSync();
  }
});

test('a secret setting of a wrong type is named', async (context) => {
  const folder = folderOf(context);
  for (const key of [undefined, null, 5, [STORE_KEY], {}]) {
    const stated = store(folder);
    stated.secrets = { 'encrypted.key': key };
    const error = await refused(stated);
    assert(error instanceof TypeError);
    assert.match(
      error.message,
      /the secret setting 'encrypted\.key' is a string, a Uint8Array, a Secret or a function/,
    );
  }
  const error = await refused(store(folder, `${CANARY}\ud800`));
  assert.deepEqual([error.code, error.setting], ['invalid_value', 'encrypted.key']);
  assert(!util.inspect(error).includes(CANARY));
});

test('secret and ordinary settings are not mixed up', async (context) => {
  const stated = store(folderOf(context));
  stated.settings['encrypted.key'] = CANARY;
  let error = await refused(stated);
  assert.deepEqual([error.code, error.setting], ['invalid_config', 'encrypted.key']);
  assert(!util.inspect(error).includes(CANARY));
  error = await refused('memory', { secrets: { max_value: CANARY }, environment: false });
  assert.deepEqual([error.code, error.setting], ['invalid_config', 'max_value']);
  assert(!util.inspect(error).includes(CANARY));
});

// --- documents and variables

both('a document by path, by URL and by list', async (opening, context) => {
  const folder = folderOf(context);
  const [toml, other] = ['ours.toml', 'other.json'].map((name) => path.join(folder, name));
  fs.writeFileSync(toml, "title = 'ours'\n[secrets]\nmax_value = 64\n");
  fs.writeFileSync(other, JSON.stringify({ secrets: { cache_entries: 7, max_value: 65 } }));
  for (const configFile of [toml, pathToFileURL(toml), [toml], [other, pathToFileURL(toml)]]) {
    const secrets = await opening('memory', { configFile, environment: false });
    assert.equal(secrets.backend.maxValue, 64);
  }
});

test('a document that is not there or broken', async (context) => {
  const folder = folderOf(context);
  const missing = path.join(folder, 'missing.toml');
  assert((await refused('memory', { configFile: missing })).message.includes(missing));
  const broken = path.join(folder, 'broken.json');
  fs.writeFileSync(broken, `{"secrets": {"max_value": ${CANARY}`);
  const error = await refused('memory', { configFile: broken });
  assert.equal(error.code, 'invalid_config');
  assert(error.message.includes(broken));
  assert(!util.inspect(error).includes(CANARY));
});

both('a document that is at hand, by its language', async (opening) => {
  const documents = { toml: '[secrets]\nmax_value = 64\n', json: '{"secrets": {"max_value": 64}}' };
  for (const [language, text] of Object.entries(documents)) {
    const secrets = await opening('memory', { configText: { [language]: text }, environment: false });
    assert.equal(secrets.backend.maxValue, 64);
  }
  await assert.rejects(opening('memory', { configText: { yaml: 'secrets:' } }), {
    code: 'invalid_argument',
    setting: 'configText',
  });
});

test('what wins', async () => {
  await alone(
    `
const fs = require('node:fs');
const path = require('node:path');
const document = path.join(process.argv[2], 'ours.toml');
fs.writeFileSync(document, '[secrets]\\nmax_value = 64\\n');
process.env.STRONGROOM_SECRETS_MAX_VALUE = '65';
fs.mkdirSync(path.join(process.argv[2], '.config', 'strongroom'), { recursive: true });
fs.writeFileSync(path.join(process.argv[2], '.config', 'strongroom', 'config.toml'), '[secrets]\\nmax_value = 63\\n');
(async () => {
  for (const opening of [strongroom.open, strongroom.openSync]) {
    const longest = async (stated) => (await opening('memory', stated)).backend.maxValue;
    assert.equal(await longest({ configFile: document, settings: { max_value: 66 } }), 66);
    assert.equal(await longest({ configFile: document }), 65);
    assert.equal(await longest({ configFile: document, environment: false }), 64);
    assert.equal(await longest({ environment: false }), 1024 * 1024);
  }
  delete process.env.STRONGROOM_SECRETS_MAX_VALUE;
  for (const opening of [strongroom.open, strongroom.openSync]) {
    const longest = async (stated) => (await opening('memory', stated)).backend.maxValue;
    assert.equal(await longest(), 63);
    assert.equal(await longest({ environment: true }), 63);
    assert.equal(await longest({ environment: false }), 1024 * 1024);
  }
})();
`,
    { env: { XDG_CONFIG_HOME: '' } },
  );
});

// --- what the backend answers at the opening

test('a wrong key, and what is none', async (context) => {
  const folder = folderOf(context);
  openSync(store(folder)).closeSync();
  const wrong = await refused(store(folder, 'x'.repeat(32)));
  assert.deepEqual([wrong.code, wrong.backend, wrong.operation], ['wrong_key', 'encrypted', 'open']);
  const none = await refused(store(folder, CANARY));
  assert.deepEqual([none.code, none.setting], ['invalid_config', 'encrypted.key']);
  assert(!util.inspect(none).includes(CANARY));
});

test('a store that others could write, that is damaged, or is not to be made', async (context) => {
  const folder = folderOf(context);
  const never = await refused(store(folder, STORE_KEY, { 'encrypted.create': 'never' }));
  assert.equal(never.code, 'unavailable');
  assert.deepEqual(fs.readdirSync(folder), []);
  const file = path.join(folder, 'secrets.strongroom');
  openSync(store(folder)).closeSync();
  fs.chmodSync(file, 0o666);
  const insecure = await refused(store(folder));
  assert.equal(insecure.code, 'insecure_path');
  assert(insecure.message.includes(file));
  fs.chmodSync(file, 0o600);
  fs.writeFileSync(file, 'no store at all'.repeat(1000));
  const damaged = await refused(store(folder));
  assert(damaged instanceof StrongroomError);
  assert.equal(damaged.code, 'integrity');
  assert(damaged.help);
});
