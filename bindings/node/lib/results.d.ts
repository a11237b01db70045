import type { StrongroomError } from './errors.js';
import type { Secret } from './secret.js';

/** How long what is stored lasts: as long as the process, the login, until the machine starts again, or for good. */
export type Persistence = 'process' | 'session' | 'boot' | 'disk' | 'remote';

/** What is known about an opened backend. */
export interface BackendInfo {
  /** The one word that this kind of backend is known by. */
  name: string;
  /** Who or what chose it. */
  chosenBy: string;
  /** How long what is stored lasts. */
  persistence: Persistence;
  /** The longest value in bytes that the manager takes. */
  maxValue: number;
  /** The longest key in bytes. */
  maxKey: number;
  /** Whether it cannot write. */
  readOnly: boolean;
  /** Whether it can list names. */
  list: boolean;
  /** Whether former versions can be read. */
  versions: boolean;
  /** Whether it keeps provider, scope of use and labels. */
  metadata: boolean;
  /** Whether it keeps an expiry. */
  expiry: boolean;
  /** Whether it knows conditional writes (`ifAbsent`, `ifVersion`). */
  cas: boolean;
  /** Whether `setMany` writes all or nothing. */
  atomicBatch: boolean;
  /** Whether values may be any bytes, not only text. */
  binary: boolean;
  /** Whether a value may be empty. */
  emptyValue: boolean;
  /** Whether `verify` can check what is stored. */
  verify: boolean;
  /** Whether `restore` brings back what was removed. */
  restore: boolean;
}

/** A setting of an opened manager, or of one that would be opened. */
export interface Setting {
  /** Its text, or the default's; `null` where it has none, and for every secret setting. */
  readonly value: string | null;
  /** Who stated it, for people: `'the program'`, `'the default'`, a variable, a document and its line. */
  readonly origin: string;
  /** Whether it is a secret, which is not shown. */
  readonly secret: boolean;
}

/** Which version something is. */
export interface VersionOf {
  /** The version: an opaque word; `null` where the backend has none. */
  version: string | null;
  /** The same as a number, where the backend counts and a `number` can tell it exactly. */
  number: number | null;
}

/** What a write did. */
export interface SetOutcome extends VersionOf {
  /** Whether there was no such secret before. */
  created: boolean;
}

/** What a write of several secrets did, by key as it was given. */
export interface SetManyOutcome {
  outcomes: Map<string, SetOutcome>;
  /** Why the others were not written. Empty where the backend writes all or nothing. */
  failures: Map<string, StrongroomError>;
}

/** Several secrets, by key as it was given. What there is not is in neither map. */
export interface BatchResult {
  secrets: Map<string, Secret>;
  /** What could not be read, an expired secret too. */
  failures: Map<string, StrongroomError>;
}

/** What is known about a secret besides its value. */
export interface Metadata extends VersionOf {
  /** Who issued it, such as `'openai'`. */
  provider: string | null;
  /** What it may be used for, such as OAuth scopes. */
  scopeOfUse: string | null;
  /** The caller's own words. */
  labels: Record<string, string>;
  /** From when on reading it fails with `expired`. */
  expiresAt: Date | null;
  /** When the secret was first set. */
  createdAt: Date | null;
  /** When this version was written. */
  updatedAt: Date | null;
  /** How long ago the backend answered this, in milliseconds, where it is out of reach; `null` where it answered now. */
  staleForMs: number | null;
}

/** A secret without its value. */
export interface Description extends Metadata {
  /** Whether the expiry has passed. */
  expired: boolean;
}

/** A name, with what is cheaply known about the secret. */
export interface ListEntry extends Description {
  /** The key, or what a name that is no key refers to. */
  name: string;
  /** Whether the name is no key: something else than strongroom put it there. */
  isReference: boolean;
}

/** A page of names, sorted. */
export interface ListPage {
  entries: ListEntry[];
  /** What the next page comes `after`; `null` where this is the last one. */
  next: string | null;
}

/** A version of a secret. */
export interface VersionEntry {
  version: string;
  /** The same as a number, where the backend counts and a `number` can tell it exactly. */
  number: number | null;
  /** Whether it is the one that `get` reads. */
  current: boolean;
  createdAt: Date | null;
  expiresAt: Date | null;
}

/** How the backend is. */
export interface Health {
  state: 'ok' | 'degraded' | 'unavailable';
  /** Why it is not `'ok'`; what is worth knowing otherwise. */
  reason: string | null;
  /** The error behind the state, where there is one. */
  error: StrongroomError | null;
}

/** What a check of everything that is stored counted. */
export interface VerifyReport {
  secrets: number;
  versions: number;
  journal: number;
  sequence: number;
}
