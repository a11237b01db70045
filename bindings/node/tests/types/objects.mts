// What the types take for options, entries, labels and managers, and what only looks like them.

import { createHmac, createSecretKey } from 'node:crypto';
import {
  inspect,
  keyUnescape,
  keyVariable,
  open,
  openSync,
  Secret,
  type SecretManager,
  settingsTable,
} from 'strongroom';

const secrets = await open('memory');
const secret = new Secret('value');
const controller = new AbortController();

// Interfaces say which names there are, and need no signature for others.
interface Config {
  user: string;
  password: Uint8Array;
}
interface Labels {
  team: string;
}
interface Keys {
  'encrypted.key': string;
}
declare const config: Config;
declare const labels: Labels;
declare const keys: Keys;
await secrets.setMany(config);
secrets.setManySync(config);
await secrets.set('key', 'value', { labels });
secrets.setSync('key', 'value', { labels, timeoutMs: 5 });
await secrets.updateMetadata('key', { labels });
secrets.updateMetadataSync('key', { labels, clearExpiry: true });
await secrets.getOrGenerate('key', { kind: 'hex', bytes: 4 }, { labels });
secrets.getOrGenerateSync('key', { kind: 'hex', bytes: 4 }, { labels });
export const managers = [
  await open({ secrets: keys }),
  await open('encrypted', { secrets: keys, timeoutMs: 5 }),
  openSync({ secrets: keys }),
  openSync('encrypted', { secrets: keys }),
];
export const inspections = [inspect({ secrets: keys }), inspect('encrypted', { secrets: keys })];

// A backend may be left open.
declare const backend: string | undefined;
managers.push(await open(backend, { app: 'example' }), openSync(backend, { app: 'example' }));
inspections.push(inspect(backend, { app: 'example' }), inspect(null));

// `null` in the last place is as good as nothing.
await secrets.export(null);
await secrets.import('a=b', null);
export const rows = settingsTable(null).length;
export const variable: string = keyVariable('key', null);

// Bytes of our own lie in no shared memory.
await crypto.subtle.importKey('raw', secret.bytes(), 'HKDF', false, ['deriveKey']);
await secret.expose((bytes) => crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveKey']));
export const made = [createHmac('sha256', secret.bytes()), createSecretKey(secret.bytes()), new Blob([secret.bytes()])];
export const sent = new Request('https://example.org', { method: 'POST', body: secret.bytes() });
export const segment = new Blob([keyUnescape('x')]);
export const same: boolean = secret.equals('text') && secret.equals(new Uint8Array(3)) && secret.equals(secret);

// @ts-expect-error a signal is an option, not options
await secrets.get('key', controller.signal);
// @ts-expect-error nor is what fires it
await secrets.get('key', controller);
// @ts-expect-error nor for a verb that waits
secrets.getSync('key', controller.signal);
// @ts-expect-error nor for one with options of its own
await secrets.set('key', 'value', controller.signal);
// @ts-expect-error a secret is a value
await secrets.get('key', secret);
// @ts-expect-error a secret is a value
await secrets.set('key', 'value', secret);
// @ts-expect-error options are not awaited
await secrets.set('key', 'value', Promise.resolve({ ifAbsent: true }));
// @ts-expect-error a map has no properties
await secrets.set('key', 'value', new Map());
// @ts-expect-error several keys are no text
await secrets.export('json', { keys: 'abc' });
// @ts-expect-error several keys are no text
await secrets.copyTo(secrets, { keys: 'abc' });
// @ts-expect-error several scopes are no text
await secrets.explain('key', { scopes: 'org/acme' });
// @ts-expect-error it is not said where to
await secrets.rollback('key', {});
// @ts-expect-error a version is said before the options
secrets.rollbackSync('key', { version: 3 });
// @ts-expect-error entries are not awaited
await secrets.setMany(Promise.resolve({ a: 'value' }));
// @ts-expect-error these are no pairs
await secrets.setMany(['ab', 'cd']);
// @ts-expect-error a number is no value
await secrets.setMany({ a: 5 });
// @ts-expect-error a date has no entries
await secrets.setMany(new Date());
// @ts-expect-error a label is a text
await secrets.set('key', 'value', { labels: { team: 5 } });
// @ts-expect-error labels are not awaited
await secrets.set('key', 'value', { labels: Promise.resolve({ team: 'web' }) });
// @ts-expect-error a secret setting is no number
await open('encrypted', { secrets: { 'encrypted.key': 5 } });
// @ts-expect-error a comparison is with a value
secret.equals(5);

declare const alike: { [Name in keyof SecretManager]: SecretManager[Name] };
// @ts-expect-error what has its methods is no manager
await secrets.copyTo(alike);
