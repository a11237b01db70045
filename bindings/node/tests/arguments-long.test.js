'use strict';
// Arguments that are longer than anything that takes them: they are judged before they are copied.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { test } = require('node:test');

const { Secret, fernet, keyParse, openSync } = require('strongroom');
const { inBothForms } = require('./forms.js');
const { alone } = require('./robust/alone.js');

const MIB = 1 << 20;

inBothForms('a value that no manager takes is too large in every form', async (_, call, context) => {
  const secrets = openSync('memory', { settings: { max_value: '8MiB' }, environment: false });
  context.after(() => secrets.closeSync());
  await call(secrets, 'set', 'key', 'x'.repeat(8 * MIB));
  const bytes = new Uint8Array(8 * MIB + 1);
  for (const value of ['x'.repeat(8 * MIB + 1), bytes, new Secret(bytes)]) {
    for (const call_ of [
      ['set', 'key', value],
      ['updateValue', 'key', value],
      ['rotate', 'key', value],
      ['setApiKey', 'key', value, 'provider'],
      ['setMany', { key: value }],
    ]) {
      await assert.rejects(call(secrets, ...call_), { code: 'too_large', setting: 'max_value' }, call_[0]);
    }
  }
  assert.equal((await call(secrets, 'getValue', 'key')).length, 8 * MIB);
});

inBothForms('a key that no key can be as long as is none', async (secrets, call) => {
  const segment = 'x'.repeat(1024);
  const longest = `workspace/${segment}/${segment}@${segment}`;
  await call(secrets, 'set', longest, 'value');
  assert.equal(await call(secrets, 'getValue', longest), 'value');
  assert.equal(keyParse(longest).target, segment);
  const longer = { code: 'invalid_key', message: /longer than 1024 bytes/ };
  for (const key of [`${longest}x`, 'x'.repeat(3 * 1024), 'x'.repeat(99 * MIB)]) {
    for (const call_ of [
      ['get', key],
      ['getValue', key],
      ['set', key, 'x'],
      ['getMany', [key]],
      ['setMany', { [key]: 'x' }],
      ['delete', key],
    ]) {
      await assert.rejects(call(secrets, ...call_), longer, call_[0]);
    }
    assert.throws(() => keyParse(key), longer);
  }
});

inBothForms('texts, arrays and documents have limits', async (secrets, call) => {
  const text = 'x'.repeat(MIB + 1);
  for (const [setting, ...call_] of [
    ['actor', 'get', 'key', { actor: text }],
    ['provider', 'set', 'key', 'x', { provider: text }],
    ['labels', 'set', 'key', 'x', { labels: { a: text } }],
    ['prefix', 'list', { prefix: text }],
  ]) {
    await assert.rejects(call(secrets, ...call_), { code: 'too_large', setting }, call_[0]);
  }
  const unknown = call(secrets, 'get', 'key', { [text]: 1 });
  await assert.rejects(unknown, (error) => error instanceof TypeError && error.message.length < 2000);
  const document = 'x'.repeat(128 * MIB + 1);
  await assert.rejects(call(secrets, 'import', document, 'dotenv'), { code: 'too_large', message: /128 MiB/ });
  assert.throws(() => new Secret(document), { code: 'too_large' });
  assert.throws(() => fernet.encrypt(fernet.generateKey(), document), { code: 'too_large' });
  const settings = { settings: { 'encrypted.path': text }, environment: false };
  assert.throws(() => openSync('encrypted', settings), { code: 'too_large', setting: 'encrypted.path' });
});

test('an array that is nothing but gaps is too large', () => {
  const settings = { configFile: new Array(2 ** 32 - 1), environment: false };
  // In place of what maps it: only the native half looks at it.
  settings.configFile.map = () => settings.configFile;
  assert.throws(() => openSync('memory', settings), { code: 'too_large', setting: 'configFile' });
});

const canLimit = process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0;

test('what there is no memory for ends no process', {
  skip: !canLimit && 'needs prlimit',
}, async () => {
  const said = await alone(`
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const secrets = openMemory();
const text = 'x'.repeat(400 << 20);
const document = 'x'.repeat(127 << 20);
const bytes = new Uint8Array(1 << 30);
// Until a string is read, the engine keeps only what it is made of.
for (const one of [text, document]) one.charCodeAt(1);
const part = new Uint8Array(bytes.buffer, 0, 127 << 20);
const calls = [
  () => secrets.setSync('key', text),
  () => secrets.setSync('key', bytes),
  () => secrets.getValueSync(text),
  () => secrets.getValueSync('key', { actor: text }),
  () => secrets.getValueSync('key', { [text]: 1 }),
  () => secrets.importSync(text, 'dotenv'),
  () => secrets.importSync(document, 'dotenv'),
  () => new strongroom.Secret(part),
  () => new strongroom.Secret(document),
];
const used = Number(fs.readFileSync('/proc/self/statm', 'utf8').split(' ')[0]) * 4096;
execFileSync('prlimit', ['--pid', String(process.pid), \`--as=\${used + (100 << 20)}\`]);
for (const call of calls) {
  try {
    call();
    console.log('done');
  } catch (error) {
    console.log(error.code);
  }
}
`);
  const codes = ['too_large', 'too_large', 'invalid_key', 'too_large', 'ERR_INVALID_ARG_TYPE'];
  assert.deepEqual(said, { stdout: `${[...codes, ...Array(4).fill('too_large')].join('\n')}\n`, stderr: '' });
});
