// What explanations, documents, copies, Fernet tokens and keys must accept and refuse.

import {
  type CopyPlan,
  type CopyProgress,
  type CopyReport,
  type Explanation,
  fernet,
  type ImportReport,
  type KeyParts,
  keyEscape,
  keyOf,
  keyParse,
  keyUnescape,
  keyVariable,
  open,
  Secret,
} from 'strongroom';

const source = await open({ backend: 'memory' });
const target = await open({ backend: 'memory', app: 'other' });

export const explanation: Explanation = await source.explain('x', { scopes: new Set(['org/acme']), timeoutMs: 5 });
export const where: string | null | undefined = explanation.steps[explanation.answer ?? 0]?.detail;
// @ts-expect-error scopes are several
source.explainSync('x', { scopes: 5 });

const { document } = await source.export('env', { strict: true, signal: AbortSignal.timeout(5) });
export const report: ImportReport = await target.import(document, 'env', { fernetKeys: [fernet.generateKey()] });
export const kind: string | undefined = report.failures.get('global/x')?.code;
// @ts-expect-error no such format
await source.export('xml');
// @ts-expect-error no such policy
target.importSync('', 'dotenv', { ifExists: 'keep' });

export const plan: CopyPlan = source.copyPlanSync(target, { keys: ['a'], scope: null });
export const copied: CopyReport = await source.copyTo(target, {
  onProgress: (progress: CopyProgress) => progress.done / progress.total,
});
export const journal: string = source.copyJournal(target);
// @ts-expect-error a verb that waits takes no signal
source.copyToSync(target, { signal: AbortSignal.timeout(5) });
// @ts-expect-error a word is no manager
await source.copyTo('memory');

const token: string = fernet.encrypt(['new', Buffer.from('old')], new Uint8Array(4));
export const at: Date = fernet.timestamp(new Secret('key'), fernet.rotate('key', token));
export const value: Uint8Array = fernet.decrypt('key', token, { ttlMs: 5 }).bytes();
// @ts-expect-error the unit is in the name
fernet.decrypt('key', token, { ttl: 5 });

const parts: KeyParts = keyParse('org/acme/x');
export const key: string = keyOf(parts.name, { scope: parts.scope, target: parts.target });
export const bytes: Uint8Array = keyUnescape(keyEscape('x'));
export const variable: string = keyVariable(key, 'APP_', { mapping: 'escaped' });
// @ts-expect-error parts are read only
parts.name = 'other';
