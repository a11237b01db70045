// What the packages must do for a program that imports them, with nothing else installed.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as strongroom from 'strongroom';
import keytar, { getPassword } from 'strongroom/keytar';

const { Secret, StrongroomError, open } = strongroom;
const required = createRequire(import.meta.url)('strongroom');
assert.equal(required.SecretManager, strongroom.SecretManager, 'one class, however it is loaded');
assert.equal(keytar.getPassword, getPassword);

const folder = mkdtempSync(join(tmpdir(), 'consumer-'));
const stated = {
  settings: { 'encrypted.path': join(folder, 'secrets.strongroom') },
  secrets: { 'encrypted.key': Buffer.alloc(32, 'k') },
  environment: false,
};
try {
  const secrets = await open('encrypted', stated);
  await secrets.set('org/acme/api_key', 'sk-123', { provider: 'smoke' });
  const secret = await secrets.get('org/acme/api_key');
  assert.ok(secret instanceof Secret);
  assert.equal(secret.reveal(), 'sk-123');
  assert.equal(String(secret), 'Secret(***)');
  await secrets.close();

  const again = await open('encrypted', stated);
  assert.equal(again.getValueSync('org/acme/api_key'), 'sk-123');
  await assert.rejects(again.delete('org/acme/other'), (error) => {
    return error instanceof StrongroomError && error.code === 'not_found';
  });
  await again.close();
} finally {
  rmSync(folder, { recursive: true });
}
await assert.rejects(open('fault', { environment: false }), { code: 'invalid_config', setting: 'backend' });
