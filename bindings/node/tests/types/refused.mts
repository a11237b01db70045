// What the types must refuse: each line below a mark is an error, and a line that is none fails the type checker.

import { Secret, SecretManager, open } from 'strongroom';

declare const secrets: SecretManager;

// @ts-expect-error: managers are made by `open`
export const made = new SecretManager();

// @ts-expect-error: there is no such option
await open({ bakcend: 'memory' });

// @ts-expect-error: a key is text
await secrets.get(7);

// @ts-expect-error: there may be no such secret
(await secrets.get('key')).reveal();

// @ts-expect-error: nor any value
export const value: string = secrets.getValueSync('key');

// @ts-expect-error: a value is text, bytes or a secret
await secrets.set('key', { value: 'text' });

// @ts-expect-error: an expiry is a `Date`
await secrets.set('key', 'value', { expiresAt: 1_700_000_000 });

// @ts-expect-error: milliseconds are a number
await secrets.get('key', { timeoutMs: '500' });

// @ts-expect-error: the option is `timeoutMs`
await secrets.get('key', { timeout: 500 });

// @ts-expect-error: nothing could fire a signal while a thread waits
secrets.getSync('key', { signal: AbortSignal.timeout(500) });

// @ts-expect-error: nor while it subscribes
secrets.subscribeSync({ signal: AbortSignal.timeout(500) });

// @ts-expect-error: one key is no list of keys
await secrets.subscribe({ keys: 'token' });

// @ts-expect-error: there may be no such number
export const calls: number = secrets.metrics()['calls.get'].valueOf();

// @ts-expect-error: a secret is no text
export const text: string = new Secret('value');

// @ts-expect-error: a promise is no secret
secrets.get('key').reveal();
