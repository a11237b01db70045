import type { SecretManager } from './manager.js';
import type { CallOptions, Named, NewValue, SyncCallOptions } from './options.js';

/** A setting of the table in docs/settings.md: its text, a whole number, on or off, or a path as a `file:` URL. */
export type SettingValue = string | number | boolean | URL;

/**
 * Gives a secret setting when it is needed: at the opening, and when a manager that was locked is used again.
 *
 * It runs on the JavaScript thread that opened the manager, also where several calls ask at once. A promise of a value
 * is waited for by calls that give a promise themselves; a call that keeps the event loop waiting (`openSync`,
 * `getSync`, …) and needs the value fails with `invalid_config`, also where it is another call that asked for the
 * promise.
 *
 * It runs in the asynchronous context of the opening: an `AsyncLocalStorage` has there what it had at `open`.
 *
 * The call that asks fails with the `code` of a `StrongroomError` that the function throws, and with `unavailable` for
 * everything else; of either its class is told and nothing of its text. A deadline, or a signal, ends the call (`timeout`,
 * an `AbortError`), not the function: a later answer is wiped, and the next call asks again. `close()` gives up what is
 * being asked (`closed`). The function must not use the manager that asks it (`reentrant_call`), also not after an
 * `await`. It is held by the manager and its views, which may be collected together with it, and it does not keep the
 * process alive.
 *
 * @param setting the setting's name, such as `'encrypted.key'`
 */
export type SecretProvider = (setting: string) => NewValue | PromiseLike<NewValue>;

/** Secret settings by their names. */
export type SecretSettings = Readonly<Record<string, NewValue | SecretProvider>>;

/** The same, of an interface that says which ones it has. */
export type NamedSecrets<Secrets> = Named<Secrets, NewValue | SecretProvider>;

/** What a manager is to be opened with. What is stated here wins over variables, these over documents. */
export interface InspectOptions<Secrets = SecretSettings> {
  /**
   * The backend's name, such as `'memory'`; the setting `backend`.
   */
  backend?: string | null | undefined;
  /**
   * The name of the embedding application, which sets every default: variables, folders, names in keystores.
   */
  app?: string | null | undefined;
  /**
   * Settings of docs/settings.md by their names. A value that is `undefined` or `null` is an error, not a default.
   */
  settings?: Readonly<Record<string, SettingValue>> | null | undefined;
  /**
   * The secret ones among the settings, as values or as functions that give them.
   */
  secrets?: Secrets | null | undefined;
  /**
   * Documents of settings (JSON or TOML) by their paths; of several the last that states a setting wins.
   */
  configFile?: string | URL | ReadonlyArray<string | URL> | null | undefined;
  /**
   * Documents of settings that the program has at hand, by their languages.
   */
  configText?: { readonly json?: string | undefined; readonly toml?: string | undefined } | null | undefined;
  /**
   * Whether environment variables and the user's own file of settings count. They do by default.
   */
  environment?: boolean | null | undefined;
}

/** The options of an opening. It has no scope: the manager's `scoped` gives a view. */
export interface OpenOptions<Secrets = SecretSettings> extends InspectOptions<Secrets>, Omit<CallOptions, 'scope'> {}

/** The options of an opening that keeps its thread waiting. */
export interface SyncOpenOptions<Secrets = SecretSettings>
  extends InspectOptions<Secrets>,
    Omit<SyncCallOptions, 'scope'> {}

/**
 * Opens a manager. Close it, or declare it by `await using`.
 *
 * Rejects with a `StrongroomError` whose `code` is `invalid_config` (its `setting` names what is wrong),
 * `invalid_argument`, what the backend answers at opening (for instance `key_missing`, `wrong_key`, `insecure_path`,
 * `integrity`, `unsupported_format`, `unavailable`, `locked`, `permission_denied`), what a function for a secret
 * setting threw, or `timeout`; with an `AbortError` where the signal ended it; with a `TypeError` for what is no option
 * or of a wrong type.
 *
 * @example
 * const secrets = await open({ app: 'example', backend: 'memory' });
 * await secrets.set('org/acme/api_key', 'sk-123');
 *
 * @example
 * const secrets = await open('encrypted', {
 *   settings: { 'encrypted.path': new URL('./secrets.strongroom', import.meta.url), deadline: '5s' },
 *   secrets: { 'encrypted.key': async () => await keyFromSomewhere() },
 * });
 */
export function open(options?: OpenOptions | null): Promise<SecretManager>;
export function open<Secrets extends NamedSecrets<Secrets>>(options: OpenOptions<Secrets>): Promise<SecretManager>;
/** Opens a manager of a backend; of the one that the settings say, where it is left open. */
export function open(
  backend: string | null | undefined,
  options?: Omit<OpenOptions, 'backend'> | null,
): Promise<SecretManager>;
export function open<Secrets extends NamedSecrets<Secrets>>(
  backend: string | null | undefined,
  options: Omit<OpenOptions<Secrets>, 'backend'>,
): Promise<SecretManager>;

/**
 * Opens a manager while this thread waits. It throws what {@link open} rejects with; it takes no signal.
 *
 * @example
 * const secrets = openSync('memory');
 * secrets.setSync('token', 't0p');
 */
export function openSync(options?: SyncOpenOptions | null): SecretManager;
export function openSync<Secrets extends NamedSecrets<Secrets>>(options: SyncOpenOptions<Secrets>): SecretManager;
/** Opens a manager of a backend while this thread waits; of the one that the settings say, where it is left open. */
export function openSync(
  backend: string | null | undefined,
  options?: Omit<SyncOpenOptions, 'backend'> | null,
): SecretManager;
export function openSync<Secrets extends NamedSecrets<Secrets>>(
  backend: string | null | undefined,
  options: Omit<SyncOpenOptions<Secrets>, 'backend'>,
): SecretManager;
