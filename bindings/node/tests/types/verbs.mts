// What the types of the verbs accept and refuse.

import {
  AbortError,
  type CallOptions,
  type Change,
  type Description,
  type GenerateSpec,
  type ListEntry,
  REFERENCE_LABEL,
  Secret,
  SecretManager,
  type SetOutcome,
  StrongroomError,
  type Subscription,
  generate,
  open,
} from 'strongroom';

const secrets: SecretManager = await open('memory', { environment: false });
const { signal } = new AbortController();

const written: SetOutcome = await secrets.set('token', 't0p', {
  labels: { team: 'web' },
  expiresAt: new Date(),
  provider: undefined,
  scopeOfUse: null,
  ifVersion: 2n,
  signal,
});
const number: number | null = written.number;
const secret: Secret | null = await secrets.get('token', { version: number ?? '1', timeoutMs: 500 });
const value: string | null = secrets.getValueSync('token', { scope: 'global' });
const length: number | null = await secrets.getInto('token', Buffer.alloc(8), { actor: 'kim' });
const known: Description | null = secrets.describeSync('token');
const expiry: Date | null | undefined = known?.expiresAt;

for await (const entry of secrets.entries({ limit: 3, prefix: 'org/', signal })) {
  const name: string = entry.name;
  void name;
}
const listed: ListEntry[] = [...secrets.entriesSync({ fullMetadata: true })];

const read = await secrets.getMany(new Set(['token']));
const failure: StrongroomError | undefined = read.failures.get('token');
await secrets.setMany(new Map([['token', 'text']]));
await secrets.setMany({ token: new Uint8Array(3), other: new Secret('text') });
await secrets.setMany([['token', 'text']]);

const changes: Subscription = await secrets.subscribe({ keys: new Set(['token']), prefix: 'to', everyMs: 500, signal });
for await (const { kind, key, version } of changes.unref()) {
  const about: readonly ['set' | 'deleted' | 'unknown' | 'health' | 'missed', string | null, string | null] = [
    kind,
    key,
    version,
  ];
  void about;
}
const next: IteratorResult<Change, undefined> = await changes.next();
const waited: Change | null = secrets.subscribeSync({ scope: 'org/acme' }).nextSync(500);
const counted: number | undefined = secrets.metrics()['calls.get'];
const age: number | null | undefined = [(await secrets.resolve('secret://token'))?.staleForMs, known?.staleForMs][0];
await secrets.get('token', { fresh: true });
await secrets.set('token', 'secret://other', { labels: { [REFERENCE_LABEL]: 'secret' } });
await secrets.delete('token', { soft: true, force: false, version: null });
const restored: SetOutcome = secrets.restoreSync('token');
await secrets.refresh({ timeoutMs: 500 });

const spec: GenerateSpec = { kind: 'hex', bytes: 32 };
const made: Secret = await secrets.getOrGenerate('token', spec, { provider: 'us' });
await secrets.rotate('token', { kind: 'password', length: 32, symbols: false });
await secrets.rotate('token', generate(spec));
await secrets.rollback('token', { back: 1, timeoutMs: 500 });
await secrets.rollback('token', 5, { signal });
await secrets.updateMetadata('token', { provider: null, labels: {}, clearExpiry: true });

const seen: number = made.expose((bytes) => bytes.length);
const awaited: Promise<number> = made.expose(async (bytes) => bytes.length);

function told(error: unknown): string | null {
  if (error instanceof AbortError) {
    const code: 'cancelled' = error.code;
    return code;
  }
  return error instanceof StrongroomError && error.code === 'not_found' ? error.key : null;
}

async function blocks(options: CallOptions): Promise<void> {
  await using view = secrets.withOptions(options).scoped('org/acme');
  using own = new Secret(new DataView(new ArrayBuffer(1)), { provider: view.app });
  void own;
}

export { awaited, blocks, expiry, failure, length, listed, secret, seen, told, value };

// @ts-expect-error a signal cannot end a verb that waits
secrets.getSync('token', { signal });
// @ts-expect-error a value is text, bytes or a secret
await secrets.set('token', 5);
// @ts-expect-error there is no such option
await secrets.get('token', { tmeoutMs: 500 });
// @ts-expect-error a view carries options of calls only
secrets.withOptions({ version: 1 });
// @ts-expect-error a password has a length
generate({ kind: 'password', bytes: 32 });
// @ts-expect-error a Date, not its number
await secrets.set('token', 'text', { expiresAt: 0 });
// @ts-expect-error what there is not is null
const missing: Secret = await secrets.get('token');
// @ts-expect-error metadata is only read
made.provider = 'other';
// @ts-expect-error managers are made by opening
const unopened = new SecretManager();
// @ts-expect-error errors are the library's
const thrown = new StrongroomError();
// @ts-expect-error several keys are no string
await secrets.getMany('token');

export { age, counted, missing, next, restored, thrown, unopened, waited };
