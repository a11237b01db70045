import type { AbortError } from './errors.js';
import type { Secret } from './secret.js';

/** What every verb can be given besides its own options. What is `undefined` or `null` is not given. */
export interface CallOptions {
  /** The scope of a bare name, such as `'org/acme'`, for this call. */
  scope?: string | null | undefined;
  /**
   * How long the call may take in all, in milliseconds: `timeout` then, `outcome_unknown` of a write that was sent.
   */
  timeoutMs?: number | null | undefined;
  /** Whether a person may be asked, such as for a passphrase. `'never'` by default. */
  prompt?: 'never' | 'allow' | null | undefined;
  /** Who asks, for the audit: a user of yours. */
  actor?: string | null | undefined;
  /** Why, for the audit. */
  reason?: string | null | undefined;
  /** The request that the call belongs to, for the audit. */
  requestId?: string | null | undefined;
  /**
   * Ends the call: it rejects with an {@link AbortError}. A verb whose name ends with `Sync` refuses it, as nothing
   * could fire it meanwhile; `timeoutMs` ends that one.
   */
  signal?: AbortSignal | null | undefined;
  /** No option: a signal itself is none of these, `{ signal }` is. */
  aborted?: never;
  /** No option: nor is what fires one. */
  abort?: never;
  /** No option: nor is a secret. */
  reveal?: never;
}

/** What verbs can be given that keep their thread waiting. */
export type SyncCallOptions = Omit<CallOptions, 'signal'>;

/** Bytes: a `Buffer` is one of these, and any part of a buffer. */
export type SecretBytes = Uint8Array | Uint8ClampedArray | Int8Array | DataView | ArrayBuffer;

/**
 * Bytes in a buffer of their own, which nobody else has: `Uint8Array<ArrayBuffer>`, and `Uint8Array` for compilers before
 * 5.7, whose typed arrays have no parameter.
 */
export type OwnBytes = ReturnType<Uint8Array['slice']>;

/** What a write is given: text, which is stored as UTF-8, bytes, or a secret. */
export type NewValue = string | SecretBytes | Secret;

/** Several secrets to write, by their keys. */
export type NewEntries = Readonly<Record<string, NewValue>> | Iterable<readonly [string, NewValue]>;

/** An object of such values by names, also one of an interface that says which names it has. */
export type Named<T, Value> = { readonly [Name in keyof T]: Value } & { readonly [Symbol.iterator]?: never };

/** Texts by names. */
export type Words = Readonly<Record<string, string>>;

/** A version: its word; or its number, where the backend counts. */
export type VersionId = string | number | bigint;

/** What is stated about a secret that is written. `null` is none, also where a {@link Secret} brings its own along. */
export interface NewMetadata<Labels = Words> {
  /** Who issued it, such as `'openai'`. */
  provider?: string | null | undefined;
  /** What it may be used for, such as OAuth scopes. */
  scopeOfUse?: string | null | undefined;
  /** Words of your own: at most 32, names of 63 bytes, values of 256. */
  labels?: Labels | null | undefined;
  /** From when on reading it fails with `expired`. */
  expiresAt?: Date | null | undefined;
}

/** What `get` can be given. */
export interface GetOptions {
  /** The version to read instead of the current one. */
  version?: VersionId | null | undefined;
  /** Whether a secret whose expiry has passed is read too. */
  includeExpired?: boolean | null | undefined;
  /** Whether the backend is asked also where the cache has the secret. */
  fresh?: boolean | null | undefined;
}

/** What `getWithFallback` can be given. */
export interface FallbackOptions {
  /** Whether scopes that are out of reach are passed over. */
  allowUnavailable?: boolean | null | undefined;
}

/** What `list` and `entries` can be given. */
export interface ListOptions {
  /** How keys begin: `'org/acme/api'`, or `'api'` for names of the view's scope. */
  prefix?: string | null | undefined;
  /** Who issued the secrets. */
  provider?: string | null | undefined;
  /** The key that the page comes after: `next` of the page before, or a bare name of the view. */
  after?: string | null | undefined;
  /** How many names a page has at most. */
  limit?: number | null | undefined;
  /** Whether all metadata is asked for, even where it costs a read for each name. */
  fullMetadata?: boolean | null | undefined;
}

/** What `set` can be given. */
export interface SetOptions<Labels = Words> extends NewMetadata<Labels> {
  /** Writes only where there is no such secret: `conflict` else. */
  ifAbsent?: boolean | null | undefined;
  /** Writes only where this is the current version: `conflict` else. */
  ifVersion?: VersionId | null | undefined;
  /** When the secret was first set, for imports. */
  createdAt?: Date | null | undefined;
}

/** What `updateValue` can be given. */
export interface UpdateValueOptions {
  /** Another expiry; `null` for none. What is not given is kept. */
  expiresAt?: Date | null | undefined;
  /** The same as `expiresAt: null`. */
  clearExpiry?: boolean | null | undefined;
  /** Writes only where this is the current version: `conflict` else. */
  ifVersion?: VersionId | null | undefined;
}

/** What `updateMetadata` changes. What is not given is kept; `null` removes. */
export interface MetadataChanges<Labels = Words> extends UpdateValueOptions {
  provider?: string | null | undefined;
  scopeOfUse?: string | null | undefined;
  /** All labels, in place of those that there are. */
  labels?: Labels | null | undefined;
}

/** What `rollback` can be given. */
export interface RollbackOptions {
  /** How many versions to go back, in place of a version. */
  back: number;
}

/** What `delete` can be given. Only one of `soft`, `force` and `version`. */
export interface DeleteOptions {
  /** Whether a secret that there is not is as good as a deleted one. */
  missingOk?: boolean | null | undefined;
  /** Whether the backend keeps what is removed, so that `restore` brings it back. */
  soft?: boolean | null | undefined;
  /** Whether nothing is kept, also where the backend would keep it for some time. */
  force?: boolean | null | undefined;
  /** The version to remove, alone. */
  version?: VersionId | null | undefined;
}

/**
 * How a value is generated, from the system's random numbers: so many random bytes as they are, as lower-case
 * hexadecimal (twice as many characters) or as url-safe base64 without padding; or a password of so many characters,
 * with at least one lower-case letter, upper-case letter, digit and, unless `symbols` is `false`, symbol. Up to
 * 65,536.
 *
 * @example
 * await secrets.getOrGenerate('jwt_signing_key', { kind: 'base64', bytes: 32 });
 * await secrets.rotate('db_password', { kind: 'password', length: 32, symbols: false });
 */
export type GenerateSpec =
  | { readonly kind: 'bytes' | 'hex' | 'base64'; readonly bytes: number }
  | { readonly kind: 'password'; readonly length: number; readonly symbols?: boolean | null | undefined };
