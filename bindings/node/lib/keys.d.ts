import type { NewValue, OwnBytes } from './options.js';

/** The parts of a key: `[kind/id/]name[@target]`. */
export interface KeyParts {
  /** The key's canonical text, which names its scope also where that is `global`. */
  readonly key: string;
  /** The scope, as verbs take it: `'org/acme'`, or `'global'`. */
  readonly scope: string;
  /** The kind of the scope: `'global'`, `'org'`, `'team'`, `'user'` and so on. */
  readonly kind: string;
  /** The id of the scope; `null` of a global key. */
  readonly id: string | null;
  /** The name, without scope and target. */
  readonly name: string;
  /** The target, where there is one. */
  readonly target: string | null;
}

/**
 * Reads a key. Throws a `StrongroomError` with the code `invalid_key`, saying which rule the text breaks.
 *
 * @example
 * keyParse('org/acme/api_key@eu').name; // 'api_key'
 * keyParse('api_key').key; // 'global/api_key'
 */
export function keyParse(text: string): KeyParts;

/**
 * The key of these parts, each as it stands in a key's text; global where there is no scope. Throws `invalid_key`.
 *
 * @example
 * keyOf('api_key', { scope: 'org/acme', target: 'eu' }); // 'org/acme/api_key@eu'
 */
export function keyOf(
  name: string,
  options?: { scope?: string | null | undefined; target?: string | null | undefined } | null,
): string;

/**
 * Any word, text or bytes, as one segment of a key. Throws `invalid_value` for text that is no valid Unicode.
 *
 * @example
 * keyEscape('me@example.org'); // 'me=40example.org'
 */
export function keyEscape(word: NewValue): string;

/**
 * The bytes that a segment of a key stands for. Throws `invalid_key` where {@link keyEscape} never writes it.
 *
 * @example
 * Buffer.from(keyUnescape('me=40example.org')).toString(); // 'me@example.org'
 */
export function keyUnescape(segment: string): OwnBytes;

/**
 * The name of the environment variable that stands for a key, behind a prefix.
 *
 * `plain`, which holds where nothing is stated, is what people expect, and several keys may share a name; `escaped` gives
 * each key a name of its own. Throws `invalid_key`; `invalid_argument` for another mapping.
 *
 * @example
 * keyVariable('org/acme/api_key', 'APP_'); // 'APP_ORG_ACME_API_KEY'
 * keyVariable('org/acme/api_key', 'APP_', { mapping: 'escaped' }); // 'APP_ORG__ACME__API_1KEY'
 */
export function keyVariable(
  key: string,
  prefix?: string | null,
  options?: { mapping?: 'plain' | 'escaped' | null | undefined } | null,
): string;
