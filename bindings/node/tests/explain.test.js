'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const util = require('node:util');
const { test } = require('node:test');

const { StrongroomError, openSync } = require('strongroom');

const { folderOf } = require('./folder.js');
const { testForms } = require('./forms.js');

function memory() {
  return openSync({ backend: 'memory', environment: false });
}

testForms('the step that answers tells what is known', async (_, ask) => {
  const secrets = memory();
  secrets.setSync('token', 't0p', { provider: 'openai' });
  const explanation = await ask(secrets, 'explain', 'token');
  assert.equal(explanation.answer, 0);
  assert.equal(explanation.error, null);
  const [step] = explanation.steps;
  const { tookMs, metadata, ...told } = step;
  assert.deepEqual(told, {
    key: 'global/token',
    backend: 'memory',
    answer: 'found',
    error: null,
    passedOver: false,
    shadowed: false,
    detail: null,
  });
  assert.ok(tookMs >= 0);
  assert.equal(metadata.provider, 'openai');
  assert.ok(metadata.createdAt instanceof Date);
  assert.ok(!(util.inspect(explanation, { depth: 9 }) + explanation + JSON.stringify(explanation)).includes('t0p'));
});

testForms('scopes are asked in their order and the first wins', async (_, ask) => {
  const secrets = memory();
  secrets.setSync('org/acme/token', '1');
  secrets.setSync('token', '2');
  for (const scopes of [['user/ann', 'org/acme', 'global'], new Set(['user/ann', 'org/acme', 'global'])]) {
    const explanation = await ask(secrets, 'explain', 'token', { scopes });
    assert.deepEqual(
      explanation.steps.map((step) => [step.key, step.answer, step.shadowed]),
      [
        ['user/ann/token', 'absent', false],
        ['org/acme/token', 'found', false],
        ['global/token', 'found', true],
      ],
    );
    assert.equal(explanation.answer, 1);
  }
});

testForms('a view looks in its scope', async (_, ask) => {
  const secrets = memory();
  const both = [
    await ask(secrets.scoped('org/acme'), 'explain', 'token'),
    await ask(secrets, 'explain', 'token', { scope: 'org/acme' }),
  ];
  for (const { steps } of both)
    assert.deepEqual(
      steps.map((step) => step.key),
      ['org/acme/token'],
    );
});

testForms('an expired secret is an answer that a read fails with', async (_, ask) => {
  const secrets = memory();
  secrets.setSync('token', '1', { expiresAt: new Date(Date.now() - 86_400_000) });
  const explanation = await ask(secrets, 'explain', 'token');
  assert.equal(explanation.answer, 0);
  assert.equal(explanation.steps[0].answer, 'expired');
  assert.ok(explanation.error instanceof StrongroomError);
  assert.equal(explanation.error.code, 'expired');
});

testForms('a place that fails is told and not thrown', async (_, ask) => {
  const secrets = openSync({
    backend: 'fault',
    settings: { 'fault.script': 'explain*1:locked' },
    environment: false,
  });
  const explanation = await ask(secrets, 'explain', 'token');
  assert.equal(explanation.answer, null);
  assert.equal(explanation.error.code, 'locked');
  assert.equal(explanation.steps[0].answer, 'failed');
  assert.ok(explanation.steps[0].error instanceof StrongroomError);
  const told = String(explanation);
  assert.match(told, /ends the search/);
  assert.match(told.split('\n').at(-1), /^a read fails with locked: /);
});

test('a chain tells each member', (context) => {
  process.env.STRONGROOM_SECRET_GLOBAL_TOKEN = 'from the environment';
  context.after(() => delete process.env.STRONGROOM_SECRET_GLOBAL_TOKEN);
  const settings = {
    'chain.members': 'env,file',
    'chain.writer': 'file',
    'file.path': path.join(folderOf(context), 'secrets.json'),
  };
  const secrets = openSync({ backend: 'chain', settings, environment: false });
  const explanation = secrets.explainSync('TOKEN');
  assert.deepEqual(
    explanation.steps.map((step) => [step.backend, step.answer]),
    [
      ['env', 'found'],
      ['file', 'absent'],
    ],
  );
  assert.match(explanation.steps[0].detail, /STRONGROOM_SECRET_GLOBAL_TOKEN/);
  assert.ok(!String(explanation).includes('from the environment'));
  secrets.closeSync();
});

test('as a string it is a table', () => {
  const secrets = memory();
  secrets.setSync('org/acme/token', '1');
  const found = String(secrets.explainSync('token', { scopes: ['user/ann', 'org/acme'] })).split('\n');
  const words = found.map((line) => line.split(/\s+/));
  assert.deepEqual(words[0], ['KEY', 'BACKEND', 'WHERE', 'ANSWER', 'TIME', 'MEANING']);
  assert.deepEqual(words[1].slice(0, 4), ['user/ann/token', 'memory', '-', 'absent']);
  assert.deepEqual(words[2].slice(0, 2), ['org/acme/token', 'memory']);
  assert.ok(found[2].endsWith('the answer'));
  const column = found[0].indexOf('ANSWER');
  assert.deepEqual(
    found.map((line) => line.slice(column, column + 6)),
    ['ANSWER', 'absent', 'found '],
  );
  assert.equal(String(secrets.explainSync('none')).split('\n').at(-1), 'there is no such secret');
});

testForms('wrong arguments', async (_, ask) => {
  const secrets = memory();
  for (const given of [
    ['no key!'],
    ['org/acme/token', { scopes: ['org/acme'] }],
    ['token', { scopes: ['nowhere/acme'] }],
  ]) {
    await assert.rejects(() => ask(secrets, 'explain', ...given), { code: 'invalid_key' });
  }
  for (const given of [
    [5],
    [],
    ['token', { scopes: 'org/acme' }],
    ['token', { scopes: [5] }],
    ['token', { surprise: 1 }],
  ]) {
    await assert.rejects(() => ask(secrets, 'explain', ...given), TypeError);
  }
});

testForms('after close', async (_, ask) => {
  const secrets = memory();
  secrets.closeSync();
  await assert.rejects(() => ask(secrets, 'explain', 'token'), { code: 'closed' });
});
