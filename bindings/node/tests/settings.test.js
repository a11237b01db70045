'use strict';
// What a manager would be opened with, and the table of settings.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { pathToFileURL } = require('node:url');
const util = require('node:util');

const { StrongroomError, configSchema, inspect, open, openSync, settingsTable } = require('strongroom');
const { folderOf } = require('./folder.js');
const { alone } = require('./robust/alone.js');

const CANARY = 'c4n4ry-value';

test('each setting tells where it comes from', (context) => {
  const document = path.join(folderOf(context), 'settings.toml');
  fs.writeFileSync(document, '[secrets]\ncache_entries = 5\n');
  process.env.EXAMPLE_SECRETS_CACHE_TTL = '7s';
  context.after(() => delete process.env.EXAMPLE_SECRETS_CACHE_TTL);
  const stated = { app: 'example', settings: { deadline: '5s' }, configFile: pathToFileURL(document) };
  for (const found of [inspect('memory', stated), inspect({ ...stated, backend: 'memory' })]) {
    assert.deepEqual(found.problems, []);
    const told = (name) => [found.settings[name].value, found.settings[name].origin];
    assert.deepEqual(told('backend'), ['memory', 'the program']);
    assert.deepEqual(told('deadline'), ['5s', 'the program']);
    assert.deepEqual(told('cache_ttl'), ['7s', 'the environment variable EXAMPLE_SECRETS_CACHE_TTL']);
    assert.deepEqual(told('cache'), ['on', 'the default']);
    assert.equal(told('cache_entries')[0], '5');
    assert(told('cache_entries')[1].includes(document));
    assert.deepEqual(
      found.files.filter((file) => file.path === document),
      [{ role: 'explicit', path: document, found: true }],
    );
  }
});

test('what open refuses is explained', async () => {
  const stated = { settings: { cache: 'of', deadline: 'soon' }, environment: false };
  const { problems } = inspect('memory', stated);
  assert.deepEqual(
    problems.map((problem) => problem.setting),
    ['cache', 'deadline'],
  );
  assert(problems.every((problem) => problem instanceof StrongroomError && problem.code === 'invalid_config'));
  await assert.rejects(open('memory', stated), { code: problems[0].code, setting: problems[0].setting });
});

test('a secret setting is not shown', () => {
  const found = inspect('encrypted', { secrets: { 'encrypted.key': CANARY }, environment: false });
  assert.deepEqual(found.settings['encrypted.key'], { value: null, origin: 'the program', secret: true });
  assert(!util.inspect(found, { depth: 9 }).includes(CANARY));
});

test('nothing is opened and nobody is asked', async () => {
  await alone(`
const fs = require('node:fs');
const before = fs.readdirSync(process.argv[2]);
const ask = (setting) => assert.fail('asked for ' + setting);
assert.deepEqual(strongroom.inspect('encrypted', { secrets: { 'encrypted.key': ask } }).problems, []);
assert.deepEqual(strongroom.inspect().problems, []);
assert.deepEqual(fs.readdirSync(process.argv[2]), before);
process.env.STRONGROOM_SECRETS_DEADLINE = '7s';
assert.equal(strongroom.inspect('memory').settings.deadline.value, '7s');
assert.equal(strongroom.inspect('memory', { environment: false }).settings.deadline.value, '10s');
`);
});

test('wrong arguments', () => {
  assert.throws(() => inspect('memory', { configText: { yaml: '' } }), {
    name: 'StrongroomError',
    code: 'invalid_argument',
    setting: 'configText',
  });
  for (const stated of [
    ['memory', { settings: { backend: 'file' } }],
    ['memory', { timeoutMs: 5 }],
    ['memory', { signal: null, scope: 'org/acme' }],
    [5],
    ['memory', 5],
    ['memory', { secrets: { 'encrypted.key': 5 } }],
  ])
    assert.throws(() => inspect(...stated), TypeError, util.inspect(stated));
  for (const app of [5, {}]) assert.throws(() => settingsTable(app), TypeError);
});

test('the table has what an opened manager has', () => {
  const table = settingsTable('sideseat');
  const rows = Object.fromEntries(table.map((row) => [row.key, row]));
  const secrets = openSync('memory', { environment: false });
  assert.deepEqual(Object.keys(rows), Object.keys(secrets.settings));
  assert.deepEqual([rows.cache.kind, rows.cache.choices], ['choice', ['on', 'off']]);
  assert.equal(rows.cache_entries.min, 1);
  assert(rows.cache_entries.max > 1);
  assert.deepEqual(rows.deadline, {
    key: 'deadline',
    kind: 'duration',
    choices: [],
    min: null,
    max: null,
    default: '10s',
    variables: ['SIDESEAT_SECRETS_DEADLINE'],
    secret: false,
    help: rows.deadline.help,
  });
  assert.deepEqual([rows['encrypted.key'].secret, rows['encrypted.key'].default], [true, null]);
  assert(table.every((row) => row.help.endsWith('.')));
  assert.deepEqual(settingsTable().find((row) => row.key === 'deadline').variables, ['STRONGROOM_SECRETS_DEADLINE']);
});

test('the schema knows every setting', () => {
  const known = configSchema().properties.secrets.properties;
  for (const { key } of settingsTable()) {
    const [group, name] = key.includes('.') ? key.split('.') : [undefined, key];
    if (group === 'fault') continue;
    assert(Object.hasOwn(group === undefined ? known : known[group].properties, name), key);
  }
});
