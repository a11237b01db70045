'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const util = require('node:util');
const { test } = require('node:test');

const { Secret, fernet, openSync } = require('strongroom');

const { folderOf } = require('./folder.js');
const { testForms } = require('./forms.js');

const CANARY = 'c4n4ry-value';
const LONG_AGO = new Date(Date.now() - 86_400_000);

function memory() {
  return openSync({ backend: 'memory', environment: false });
}

/** A test of each form over each local backend. */
function testLocal(name, run) {
  for (const backend of ['memory', 'encrypted', 'file']) {
    testForms(`${name}: ${backend}`, async (context, ask) => {
      const folder = folderOf(context);
      const stated = {
        memory: {},
        encrypted: {
          settings: { 'encrypted.path': path.join(folder, 'secrets.strongroom') },
          secrets: { 'encrypted.key': Buffer.alloc(32, 'k') },
        },
        file: { settings: { 'file.path': path.join(folder, 'secrets.json') } },
      };
      const secrets = openSync({ backend, environment: false, ...stated[backend] });
      await run(secrets, ask);
      secrets.closeSync();
    });
  }
}

testForms('an export tells what is in it and what is not', async (_, ask) => {
  const secrets = memory();
  secrets.setSync('org/acme/api-key', 'sk-123', { provider: 'openai', labels: { team: 'web' } });
  secrets.setSync('TOKEN', 't0p');
  secrets.setSync('OLD', 'gone', { expiresAt: LONG_AGO });
  const told = await ask(secrets, 'export');
  assert.deepEqual(told.exported, [
    { key: 'global/TOKEN', name: 'TOKEN', escaped: false, losses: [] },
    { key: 'org/acme/api-key', name: told.exported[1].name, escaped: true, losses: ['provider', 'labels'] },
  ]);
  assert.deepEqual(told.skipped, [{ name: 'global/OLD', reason: 'expired', line: null }]);
  assert.ok(told.document instanceof Secret);
  assert.match(told.document.reveal(), /sk-123/);
  assert.ok(!(util.inspect(told, { depth: 9 }) + JSON.stringify(told)).includes('sk-123'));
});

testForms('an export is limited to a scope, a prefix or keys', async (_, ask) => {
  const secrets = memory();
  for (const key of ['TOKEN', 'org/acme/A', 'org/acme/B', 'org/other/A']) secrets.setSync(key, 'v');
  const keys = async (manager, wanted) => {
    return (await ask(manager, 'export', 'json', wanted)).exported.map((exported) => exported.key);
  };
  assert.deepEqual(await keys(secrets, { scope: 'org/acme' }), ['org/acme/A', 'org/acme/B']);
  assert.deepEqual(await keys(secrets.scoped('org/acme')), ['org/acme/A', 'org/acme/B']);
  assert.deepEqual(await keys(secrets, { scope: 'global' }), ['global/TOKEN']);
  assert.deepEqual(await keys(secrets, { prefix: 'org/acme/A' }), ['org/acme/A']);
  assert.deepEqual(await keys(secrets, { keys: ['B'], scope: 'org/acme' }), ['org/acme/B']);
  assert.deepEqual(await keys(secrets, { keys: new Set(['TOKEN', 'org/acme/A']) }), ['global/TOKEN', 'org/acme/A']);
});

testForms('full names tell the whole key', async (_, ask) => {
  const secrets = memory();
  secrets.setSync('org/acme/api_key', '1');
  secrets.setSync('org/other/api_key', '2');
  await assert.rejects(() => ask(secrets, 'export', 'json'), { code: 'ambiguous' });
  const { document } = await ask(secrets, 'export', 'json', { fullNames: true });
  assert.deepEqual(JSON.parse(document.reveal()), { 'org/acme/api_key': '1', 'org/other/api_key': '2' });
});

testForms('expired secrets are exported where that is asked for', async (_, ask) => {
  const secrets = memory();
  secrets.setSync('OLD', '1', { expiresAt: LONG_AGO });
  assert.deepEqual((await ask(secrets, 'export', 'json')).exported, []);
  const { document } = await ask(secrets, 'export', 'json', { includeExpired: true });
  assert.deepEqual(JSON.parse(document.reveal()), { OLD: '1' });
  await assert.rejects(() => ask(secrets, 'export', 'json', { keys: ['OLD'] }), { code: 'expired' });
  await assert.rejects(() => ask(secrets, 'export', 'json', { strict: true }), { code: 'expired' });
});

testForms('a strict export refuses what a document does not hold', async (_, ask) => {
  const secrets = memory();
  secrets.setSync('TOKEN', CANARY, { provider: 'openai' });
  await assert.rejects(
    () => ask(secrets, 'export', 'json', { strict: true }),
    (error) =>
      error.code === 'unsupported' &&
      /global\/TOKEN.*provider/.test(error.message) &&
      !util.inspect(error).includes(CANARY),
  );
  await assert.rejects(() => ask(secrets, 'export', 'json', { keys: ['none'] }), { code: 'not_found' });
});

testForms('each dialect is read back', async (_, ask) => {
  const value = 'a$b #c';
  for (const dialect of ['common', 'python', 'node', 'compose']) {
    const secrets = memory();
    secrets.setSync('TOKEN', value);
    const { document } = await ask(secrets, 'export', 'dotenv', { dialect });
    secrets.deleteSync('TOKEN');
    assert.deepEqual((await ask(secrets, 'import', document, 'dotenv', { dialect })).created, ['global/TOKEN']);
    assert.equal(secrets.getValueSync('TOKEN'), value);
  }
});

testLocal('each format is read back', async (secrets, ask) => {
  const values = { TOKEN: 't0p', PLAIN: 'two words', QUOTED: "it's ünï" };
  for (const [name, value] of Object.entries(values)) secrets.setSync(`org/acme/${name}`, value);
  for (const format of ['env', 'dotenv', 'json', 'yaml', 'fernet']) {
    const more = format === 'fernet' ? { fernetKeys: fernet.generateKey() } : {};
    const { document } = await ask(secrets, 'export', format, { scope: 'org/acme', ...more });
    const report = await ask(secrets, 'import', document, format, { scope: `team/${format}`, ...more });
    assert.deepEqual(
      report.created.toSorted(),
      ['PLAIN', 'QUOTED', 'TOKEN'].map((name) => `team/${format}/${name}`),
    );
    for (const [name, value] of Object.entries(values)) {
      assert.equal(secrets.getValueSync(`team/${format}/${name}`), value);
    }
  }
});

testForms('a document is text, bytes or a secret', async (_, ask) => {
  for (const form of [(text) => text, (text) => Buffer.from(text), (text) => new Secret(text)]) {
    const secrets = memory();
    assert.deepEqual(await ask(secrets, 'import', form("TOKEN='t0p'\n")), {
      created: ['global/TOKEN'],
      replaced: [],
      skipped: [],
      failures: new Map(),
      notes: [],
      dryRun: false,
    });
    assert.equal(secrets.getValueSync('TOKEN'), 't0p');
  }
});

testLocal('what is there already is refused, replaced or skipped', async (secrets, ask) => {
  secrets.setSync('A', 'old');
  const document = "A='new'\nB='2'\n";
  await assert.rejects(() => ask(secrets, 'import', document), { code: 'conflict', message: /line 1/ });
  assert.ok(!secrets.existsSync('B'), 'something was written although the import was refused');
  const skipping = await ask(secrets, 'import', document, 'dotenv', { ifExists: 'skip', dryRun: true });
  assert.deepEqual([skipping.created, skipping.dryRun], [['global/B'], true]);
  assert.deepEqual(skipping.skipped, [{ name: 'global/A', reason: 'exists', line: 1 }]);
  assert.ok(!secrets.existsSync('B'), 'a dry run has written');
  const replacing = await ask(secrets, 'import', document, 'dotenv', { ifExists: 'replace', provider: 'vault' });
  assert.deepEqual([replacing.created, replacing.replaced], [['global/B'], ['global/A']]);
  assert.equal(secrets.getValueSync('A'), 'new');
  assert.equal(secrets.describeSync('B').provider, 'vault');
});

testForms('names that are no keys are refused, escaped or skipped', async (_, ask) => {
  const secrets = memory();
  const document = JSON.stringify({ 'no key!': '1', KEY: '2' });
  await assert.rejects(() => ask(secrets, 'import', document, 'json'), { code: 'invalid_key', message: /no key!/ });
  const skipping = await ask(secrets, 'import', document, 'json', { names: 'skip', dryRun: true });
  assert.deepEqual(
    skipping.skipped.map(({ name, reason }) => [name, reason]),
    [['no key!', 'name']],
  );
  const escaping = await ask(secrets, 'import', document, 'json', { names: 'escape' });
  assert.deepEqual(escaping.created, ['global/no=20key=21', 'global/KEY']);
});

testForms('a document that cannot be read is told with its line and no value', async (_, ask) => {
  const secrets = memory();
  await assert.rejects(
    () => ask(secrets, 'import', `A='1'\nB='${CANARY}\n`),
    (error) =>
      error.code === 'invalid_argument' && /line 2/.test(error.message) && !util.inspect(error).includes(CANARY),
  );
  assert.ok(!secrets.existsSync('A'));
});

testForms('what others read differently is noted', async (_, ask) => {
  const { notes } = await ask(memory(), 'import', 'TOKEN="a${HOME}b"\n');
  assert.match(notes.join('\n'), /line 1/);
});

testForms('what the backend does not write is thrown', async (_, ask) => {
  const settings = { 'fault.script': 'set_many*1:denied', cache: 'off' };
  const secrets = openSync({ backend: 'fault', settings, environment: false });
  await assert.rejects(() => ask(secrets, 'import', "A='1'\nB='2'\n"), { code: 'permission_denied' });
  assert.ok(!secrets.existsSync('A'));
  assert.deepEqual((await ask(secrets, 'import', "A='1'\nB='2'\n")).failures, new Map());
});

testForms('a fernet document needs its keys', async (_, ask) => {
  const secrets = memory();
  secrets.setSync('TOKEN', 't0p');
  const [old, new_] = [fernet.generateKey(), fernet.generateKey()];
  const { document } = await ask(secrets, 'export', 'fernet', { fernetKeys: old });
  const imported = (fernetKeys) => ask(secrets, 'import', document, 'fernet', { ifExists: 'replace', fernetKeys });
  await assert.rejects(() => imported(undefined), { code: 'key_missing' });
  await assert.rejects(() => imported('no key'), { code: 'invalid_argument' });
  await assert.rejects(() => imported(new_), { code: 'wrong_key' });
  assert.deepEqual((await imported([new_, old])).replaced, ['global/TOKEN']);
});

testForms('a word that is none', async (_, ask) => {
  for (const [setting, verb, ...given] of [
    ['format', 'export', 'xml'],
    ['dialect', 'export', 'dotenv', { dialect: 'ruby' }],
    ['format', 'import', '', 'xml'],
    ['names', 'import', '', 'dotenv', { names: 'keep' }],
    ['ifExists', 'import', '', 'dotenv', { ifExists: 'keep' }],
  ]) {
    await assert.rejects(() => ask(memory(), verb, ...given), {
      code: 'invalid_argument',
      setting,
      message: /must be one of `/,
    });
  }
});

testForms('arguments of wrong types', async (_, ask) => {
  for (const [verb, ...given] of [
    ['export', 5],
    ['export', 'json', 'org/acme'],
    ['export', 'json', { keys: 'A' }],
    ['export', 'json', { keys: [5] }],
    ['export', 'json', { keys: 5 }],
    ['export', 'json', { prefix: 5 }],
    ['export', 'json', { strict: 'yes' }],
    ['export', 'fernet', { fernetKeys: 5 }],
    ['export', 'fernet', { fernetKeys: [5] }],
    ['export', 'json', { surprise: true }],
    ['import'],
    ['import', 5],
    ['import', { A: '1' }],
    ['import', '', 'dotenv', { provider: 5 }],
    ['import', '', 'dotenv', { dryRun: 1 }],
    ['import', '', 'dotenv', { dryrun: true }],
  ]) {
    await assert.rejects(() => ask(memory(), verb, ...given), TypeError, JSON.stringify([verb, ...given]));
  }
});

testForms('after close nothing is exported or imported', async (_, ask) => {
  const secrets = memory();
  secrets.closeSync();
  await assert.rejects(() => ask(secrets, 'export'), { code: 'closed' });
  await assert.rejects(() => ask(secrets, 'import', "A='1'"), { code: 'closed' });
});

testForms('an import into what cannot be written', async (_, ask) => {
  const secrets = openSync({ backend: 'env', environment: false });
  await assert.rejects(() => ask(secrets, 'import', "A='1'"), { code: 'read_only' });
});

test('an import that is aborted', async () => {
  const secrets = openSync({ backend: 'fault', settings: { 'fault.script': 'set_many*1:hang' }, environment: false });
  const end = new AbortController();
  const importing = secrets.import("A='1'", 'dotenv', { signal: end.signal });
  end.abort(new Error('enough'));
  await assert.rejects(
    importing,
    (error) => ['cancelled', 'outcome_unknown'].includes(error.code) && error.cause.message === 'enough',
  );
});

testForms('options of a class count whole, beside what is made of some of them', async (context, ask) => {
  const source = memory();
  context.after(() => source.closeSync());
  for (const key of ['pub_a', 'pub_b', 'priv_c']) source.setSync(key, key);
  class Wanted {
    #keys;

    constructor(keys) {
      this.#keys = keys;
    }

    get fullNames() {
      return true;
    }

    get keys() {
      return this.#keys;
    }
  }
  class Copied {
    #prefix = 'pub';

    constructor(more) {
      Object.assign(this, more, { onProgress: () => undefined });
    }

    get prefix() {
      return this.#prefix;
    }
  }
  for (const keys of [['pub_a'], new Set(['pub_a'])]) {
    const { exported } = await ask(source, 'export', 'json', new Wanted(keys));
    assert.deepEqual(
      exported.map(({ name }) => name),
      ['global/pub_a'],
    );
  }
  const { secrets } = await ask(source, 'copyTo', memory(), new Copied());
  assert.deepEqual(secrets.map(({ key }) => key).sort(), ['global/pub_a', 'global/pub_b']);
  const misspelt = new Copied({ prefx: 'x' });
  await assert.rejects(ask(source, 'copyTo', memory(), misspelt), { name: 'TypeError', message: /no option 'prefx'/ });
});

test('a signal that a class inherits ends a copy that someone follows', async () => {
  class Ended {
    onProgress = () => undefined;

    get signal() {
      return AbortSignal.abort();
    }
  }
  await assert.rejects(memory().copyTo(memory(), new Ended()), { name: 'AbortError' });
});
