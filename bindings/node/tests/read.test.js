'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { open } = require('strongroom');

test('a value is read as it was set, by both forms of the verb', async () => {
  const secrets = await open({ backend: 'memory' });
  await secrets.set('org/acme/api_key', 'sk-123');
  assert.equal(await secrets.getValue('org/acme/api_key'), 'sk-123');
  assert.equal(secrets.getValueSync('org/acme/api_key'), 'sk-123');
  assert.equal((await secrets.get('org/acme/api_key')).reveal(), 'sk-123');
  assert.equal(await secrets.getValue('org/acme/other'), null);
  await secrets.close();
});
