// The same calls to keytar 7.9.0 itself and to ours: the same answers, and the same errors to the word.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');

const { FOLDER, inSession, missing } = require('./keytar/real.js');
const { sources } = require('./sources.js');

const SCRIPT = path.join(__dirname, 'keytar', 'calls.js');
const PACKAGE = path.join(__dirname, '..');

describe('keytar itself', () => {
  let reason;
  let folder;

  before(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'strongroom-keytar-'));
    reason = await missing();
    fs.mkdirSync(path.join(folder, 'node_modules'));
    fs.symlinkSync(PACKAGE, path.join(folder, 'node_modules', 'strongroom'), 'dir');
    fs.symlinkSync(path.join(FOLDER, 'node_modules', 'keytar'), path.join(folder, 'node_modules', 'keytar'), 'dir');
  });

  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  async function answersOf(name) {
    const home = fs.mkdtempSync(path.join(folder, 'home-'));
    fs.copyFileSync(SCRIPT, path.join(folder, 'calls.js'));
    return JSON.parse(await inSession(['calls.js', name], { cwd: folder, home }));
  }

  test('answers as ours does, but for what is known to differ', async (t) => {
    if (reason !== null) return t.skip(reason);
    const [theirs, ours] = await Promise.all([answersOf('keytar'), answersOf('strongroom/keytar')]);
    assert.ok(theirs.same.length > 12_000);
    assert.ok(theirs.same.some(([, outcome]) => outcome.threw?.message === "Parameter 'username' must be a string"));
    assert.ok(theirs.same.some(([, outcome]) => outcome.threw?.message === 'Password is required.'));
    assert.ok(theirs.same.some(([, outcome]) => outcome.answer === 'changed'));
    for (const [place, [call, outcome]] of theirs.same.entries()) assert.deepEqual(ours.same[place], [call, outcome]);
    assert.equal(ours.same.length, theirs.same.length);

    assert.deepEqual(theirs.different, {
      'text behind a NUL': [{ nothing: true }, { answer: 'pa55' }],
      'half a character': [{ nothing: true }, { answer: 'pa55\ufffd' }],
      'a name of 2,000 bytes': [{ nothing: true }, { answer: 'pa55' }],
    });
    assert.deepEqual(ours.different['text behind a NUL'], [{ nothing: true }, { answer: 'pa55\0more' }]);
    const refused = ours.different['half a character'];
    assert.equal(refused[0].rejected?.code, 'invalid_value');
    assert.deepEqual(refused[1], { answer: null });
    for (const { rejected } of ours.different['a name of 2,000 bytes']) assert.equal(rejected?.code, 'invalid_key');
  });

  test('gives its accounts to ours by the example of the guide', async (t) => {
    if (reason !== null) return t.skip(reason);
    const guide = fs.readFileSync(path.join(sources(), 'docs', 'node.md'), 'utf8');
    const blocks = guide.split(/^```/m).filter((text) => text.startsWith('js\n'));
    const examples = blocks.filter((text) => text.includes("from 'keytar';\n"));
    assert.equal(examples.length, 1);
    fs.writeFileSync(path.join(folder, 'carry.mjs'), examples[0].slice('js\n'.length));
    fs.writeFileSync(
      path.join(folder, 'both.mjs'),
      [
        "import old from 'keytar';",
        "import { findCredentials } from 'strongroom/keytar';",
        "await old.setPassword('https://example.org', 'ann', 'pa55');",
        "await old.setPassword('https://example.org', 'zoe', 's3cret');",
        "await import('./carry.mjs');",
        "console.log(JSON.stringify(await findCredentials('https://example.org')));",
      ].join('\n'),
    );
    const home = fs.mkdtempSync(path.join(folder, 'home-'));
    const printed = await inSession(['both.mjs'], { cwd: folder, home });
    assert.deepEqual(JSON.parse(printed.trim().split('\n').at(-1)), [
      { account: 'ann', password: 'pa55' },
      { account: 'zoe', password: 's3cret' },
    ]);
  });
});
