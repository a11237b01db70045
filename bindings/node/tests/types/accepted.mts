// What the types must say of answers: each line is one that a strict program may have.

import { AbortError, Secret, type SecretManager, StrongroomError, open, openSync } from 'strongroom';

/** Refuses to compile where two types are not the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <_ extends true>(): void => {};

declare const secrets: SecretManager;

is<Same<Awaited<ReturnType<typeof open>>, SecretManager>>();
is<Same<ReturnType<typeof openSync>, SecretManager>>();

const secret = await secrets.get('org/acme/api_key');
is<Same<typeof secret, Secret | null>>();
const value = secrets.getValueSync('org/acme/api_key');
is<Same<typeof value, string | null>>();
const length = await secrets.getInto('org/acme/api_key', Buffer.alloc(64));
is<Same<typeof length, number | null>>();
const { secrets: found } = await secrets.getMany(['a', 'b']);
is<Same<ReturnType<typeof found.get>, Secret | undefined>>();

const text: string = secret?.reveal() ?? 'none';
const mac: number = new Secret(text).expose((bytes: Uint8Array) => bytes.length);
const expiry: Date | null = new Secret('value', { expiresAt: new Date() }).expiresAt;
export const shown: [string, number, Date | null] = [text, mac, expiry];

// Whatever an option may be, it may be left open: `undefined` and `null` are not given.
await secrets.set('key', Buffer.from('value'), { provider: undefined, expiresAt: null, timeoutMs: 500, signal: null });
await secrets.set('key', new Secret('value'), { labels: { team: 'payments' }, ifAbsent: true });
secrets.setSync('key', new Uint8Array(2));
secrets.scoped('org/acme').closeSync();

for await (const entry of secrets.entries({ prefix: 'org/acme/' })) {
  const key: string = entry.name;
  shown[0] = key;
}

try {
  await secrets.delete('key', { signal: AbortSignal.abort() });
} catch (error) {
  if (error instanceof AbortError) {
    is<Same<typeof error extends StrongroomError ? true : false, true>>();
  } else if (error instanceof StrongroomError) {
    const { code, help, key, retryAfterMs } = error;
    const said: [string, string | null, string | null, number | null] = [code, help, key, retryAfterMs];
    shown[0] = String(said);
  }
}

{
  await using opened = await open({ backend: 'memory' });
  using waited = openSync('memory');
  using one = await opened.get('key');
  shown[0] = String(one ?? waited);
}
