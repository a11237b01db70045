import type { StrongroomError } from './errors.js';
import type { NewValue } from './options.js';
import type { Metadata } from './results.js';
import type { Secret } from './secret.js';

/** What `explain` can be given. */
export interface ExplainOptions {
  /** The scopes in which the name is looked for, in their order, as `getWithFallback` does. */
  scopes?: (Iterable<string> & object) | null | undefined;
}

/** One place where a secret was looked for. */
export interface ExplainStep {
  /** The key that was looked for. */
  key: string;
  /** The word of the backend that was asked. */
  backend: string;
  answer: 'found' | 'expired' | 'absent' | 'failed' | 'not_asked';
  /** Why it could not tell, where the answer is `failed`. */
  error: StrongroomError | null;
  /** Whether it is a failure that a read passes over, as the settings allow. */
  passedOver: boolean;
  /** Whether a read never comes to what is here, because an earlier step decides. */
  shadowed: boolean;
  /** How long the answer took, in milliseconds. */
  tookMs: number;
  /** Where exactly the backend looked, where it says so: a variable's name, a file's path. */
  detail: string | null;
  /** What is known about the secret that was found. */
  metadata: Metadata | null;
}

/** Every place where a secret was looked for, in the order of a read, and how that read ends. Never a value. */
export interface Explanation {
  steps: ExplainStep[];
  /** The place in `steps` of the one whose secret a read comes to, an expired one too. */
  answer: number | null;
  /** What a read fails with. Without it and without an answer there is no such secret. */
  error: StrongroomError | null;
  /** The steps as a table, for people. */
  toString(): string;
}

/**
 * The form of a document: `NAME='value'` lines that a shell can source (`'env'`), a `.env` file, a JSON object or YAML
 * mapping of texts, or a JSON object of Fernet tokens.
 */
export type Format = 'env' | 'dotenv' | 'json' | 'yaml' | 'fernet';

/**
 * Whose rules a `dotenv` document keeps: those that python-dotenv, Node's `dotenv` and a shell all read the same way,
 * or those of python-dotenv, of Node's `dotenv`, of Docker Compose.
 */
export type Dialect = 'common' | 'python' | 'node' | 'compose';

/** What becomes of a secret that is there already. */
export type IfExists = 'refuse' | 'replace' | 'skip';

/** What a document, or the target of a copy, does not hold of a secret. */
export type Loss = 'provider' | 'scope_of_use' | 'labels' | 'expires_at' | 'history';

/** Fernet keys: one text of them, `new,old`, or several such. The first one writes, all of them read. */
export type FernetKeys = NewValue | Iterable<NewValue>;

/** What `export` can be given. */
export interface ExportOptions {
  /** Whose rules a `dotenv` document keeps. `'common'` by default. */
  dialect?: Dialect | null | undefined;
  /** How the keys begin of what is exported. */
  prefix?: string | null | undefined;
  /** Just these keys. */
  keys?: (Iterable<string> & object) | null | undefined;
  /** Whether names tell the whole key. */
  fullNames?: boolean | null | undefined;
  /** Whether secrets whose expiry has passed are exported too. */
  includeExpired?: boolean | null | undefined;
  /** Whether it is an error where something would be skipped, or is not held by a document. */
  strict?: boolean | null | undefined;
  /** What makes the tokens of a `fernet` document. */
  fernetKeys?: FernetKeys | null | undefined;
}

/** A secret in a document. */
export interface Exported {
  key: string;
  /** Its name in the document. */
  name: string;
  /** Whether the name is not the secret's own, but one that is escaped because no variable could have its own. */
  escaped: boolean;
  /** What it has besides the value: no document holds it. */
  losses: Loss[];
}

/** An entry that was left out. */
export interface Skipped {
  /** The key, or the name of what is no key. */
  name: string;
  reason: 'expired' | 'reference' | 'name' | 'exists';
  /** The line of an imported document. */
  line: number | null;
}

/** A document of secrets. */
export interface Export {
  /** The text, as a secret. */
  document: Secret;
  /** What is in it, sorted by key. */
  exported: Exported[];
  /** What is not. */
  skipped: Skipped[];
}

/** What `import` can be given. */
export interface ImportOptions {
  /** Whose rules a `dotenv` document keeps. `'common'` by default. */
  dialect?: Dialect | null | undefined;
  /** What becomes of names that are no keys. `'refuse'` by default. */
  names?: 'refuse' | 'escape' | 'skip' | null | undefined;
  /** What becomes of secrets that are there already. `'refuse'` by default. */
  ifExists?: IfExists | null | undefined;
  /** Who issued the secrets. */
  provider?: string | null | undefined;
  /** Whether nothing is written, and the report tells what would be. */
  dryRun?: boolean | null | undefined;
  /** What made the tokens of a `fernet` document. */
  fernetKeys?: FernetKeys | null | undefined;
}

/** What an import did, or would do. */
export interface ImportReport {
  /** The keys of new secrets, in the order of the document. */
  created: string[];
  /** The keys of secrets that were there before. */
  replaced: string[];
  /** What was left out. */
  skipped: Skipped[];
  /** What could not be written, by key. Empty where the backend writes all or nothing. */
  failures: Map<string, StrongroomError>;
  /** What other readers of the format would understand differently, with lines; never a value. */
  notes: string[];
  /** Whether nothing was written on purpose. */
  dryRun: boolean;
}

/** What a copy can be given. */
export interface CopyOptions {
  /** Just these keys. */
  keys?: (Iterable<string> & object) | null | undefined;
  /** How the keys begin of what is copied. */
  prefix?: string | null | undefined;
  /** What becomes of another secret that the target has already. `'refuse'` by default. */
  ifExists?: IfExists | null | undefined;
  /** Whether fields that the target cannot hold are left behind. */
  allowLoss?: boolean | null | undefined;
  /** Whether secrets that the target cannot hold at all are passed over. */
  skipUnfit?: boolean | null | undefined;
  /** Whether the secrets are removed at the source, once all of them are copied. */
  deleteSource?: boolean | null | undefined;
  /** A file of keys and steps, never values, that is there until the copy has ended and keeps a second one out. */
  journal?: string | null | undefined;
  /**
   * Called after each secret, on this thread. What it throws ends the copy where something is left to do, and comes out
   * of the verb as it is. What it returns counts for nothing: a promise is not waited for.
   *
   * `copyToSync` and `copyPlanSync` call it between two steps, and what it throws ends the copy before the next one.
   * `copyTo` and `copyPlan` call it from the event loop, for each secret in its order, never before the call has
   * returned nor after the promise is settled. The copy does not wait for it: it may be further than what is told, or
   * at its end. The promise is settled once all is told.
   */
  onProgress?: ((progress: CopyProgress) => void) | null | undefined;
}

/** How far a copy is. */
export interface CopyProgress {
  phase: 'planning' | 'copying' | 'deleting';
  /** How many secrets of this phase are done. */
  done: number;
  /** How many there are in this phase. */
  total: number;
  /** The key that was done last. */
  key: string;
}

/** One secret of a plan. */
export interface PlannedCopy {
  key: string;
  /** What the copy does with it; where one is to `refuse`, the copy does not begin. */
  action: 'create' | 'replace' | 'same' | 'skip' | 'refuse';
  /** What the target cannot hold of it. */
  losses: Loss[];
  /** Why it is refused or skipped. */
  error: StrongroomError | null;
}

/** What a copy would do. */
export interface CopyPlan {
  /** Every secret, sorted by key. */
  secrets: PlannedCopy[];
  /** Names in the source that are no keys; they are not copied. */
  references: string[];
  /** What the copy would reject with, where something stands in the way. */
  refusal: StrongroomError | null;
}

/** One secret of a copy that has ended. */
export interface CopiedSecret {
  key: string;
  /** `gone`: it was in the plan and is not in the source any more. */
  outcome: 'copied' | 'same' | 'skipped' | 'gone';
  /** What the target could not hold of it. */
  losses: Loss[];
  /** Whether it was removed at the source. */
  deleted: boolean;
  /** Why it was skipped, or kept at the source where all were to be removed. */
  error: StrongroomError | null;
}

/** What a copy did. */
export interface CopyReport {
  /** What became of each secret, sorted by key. */
  secrets: CopiedSecret[];
  /** Names in the source that are no keys and were not copied. */
  references: string[];
  /** Whether the journal told of an earlier copy between the two that was interrupted. */
  resumed: boolean;
  /** The keys that the interrupted one had removed at the source already. */
  deletedBefore: string[];
}
