// A program in TypeScript that imports the packages.

import assert from 'node:assert/strict';

import { AbortError, type Secret, type SecretManager, StrongroomError, open } from 'strongroom';
import { getPassword } from 'strongroom/keytar';

const secrets: SecretManager = await open('memory', { environment: false });
await secrets.set('org/acme/api_key', 'sk-123', { timeoutMs: 500, signal: AbortSignal.timeout(60_000) });
const secret: Secret | null = await secrets.get('org/acme/api_key');
const value: string | null = await secrets.getValue('org/acme/api_key');
assert.equal(secret?.reveal(), value);
const password: (service: string, account: string) => Promise<string | null> = getPassword;
assert.throws(() => password('', 'someone'), { message: 'Service is required.' });
try {
  await secrets.get('org/acme/api_key', { signal: AbortSignal.abort('enough') });
  assert.fail('an aborted call answered');
} catch (error) {
  assert.ok(error instanceof AbortError && error instanceof StrongroomError);
  const code: string = error.code;
  assert.equal(code, 'cancelled');
}
await secrets.close();
