// A program in TypeScript whose modules a bundler finds.

import { type Secret, type SecretManager, open } from 'strongroom';
import { getPassword } from 'strongroom/keytar';

export async function read(key: string): Promise<Secret | null> {
  const secrets: SecretManager = await open();
  return await secrets.get(key, { timeoutMs: 500 });
}

export const password: Promise<string | null> = getPassword('service', 'account');
