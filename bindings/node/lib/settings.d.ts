import type { StrongroomError } from './errors.js';
import type { InspectOptions, NamedSecrets } from './open.js';
import type { Setting } from './results.js';

/** A row of the table of settings. */
export interface SettingInfo {
  /** The name in `settings` and in documents; a backend's settings begin with its word. */
  readonly key: string;
  readonly kind: 'text' | 'path' | 'list' | 'choice' | 'integer' | 'size' | 'duration';
  /** What a `choice` may be. */
  readonly choices: readonly string[];
  /** The least that an `integer`, or a `size` in bytes, may be. */
  readonly min: number | null;
  /** The most. */
  readonly max: number | null;
  /** The text that holds where nobody states another; `null` where it is worked out at opening, as `help` says. */
  readonly default: string | null;
  /** The environment variables that state it. */
  readonly variables: readonly string[];
  /** Whether the value is a secret: it is given to `secrets` then. */
  readonly secret: boolean;
  /** One sentence. */
  readonly help: string;
}

/** A file of settings that was looked for. */
export interface ConfigFile {
  readonly role: 'explicit' | 'project' | 'user' | 'dotenv';
  readonly path: string;
  /** Whether something is there. */
  readonly found: boolean;
}

/** What a manager would be opened with, good or not. */
export interface Inspection {
  /** Every setting, in the order of the table. */
  readonly settings: Readonly<Record<string, Setting>>;
  /** Everything that is wrong. The first is what `open` would reject with. */
  readonly problems: readonly StrongroomError[];
  /** The files that were looked for, in the order of their precedence. */
  readonly files: readonly ConfigFile[];
}

/**
 * Tells what `open` would open a manager with, without opening one or asking a function. Files of settings are read
 * while this thread waits.
 *
 * It takes what `open` takes, but for the options of calls, and explains a configuration that `open` refuses. Never a
 * value of a secret setting. Throws a `StrongroomError` with the code `invalid_argument`, and a `TypeError` for what is
 * no option or of a wrong type.
 *
 * @example
 * const { settings, problems } = inspect('memory', { settings: { deadline: '5s', cache: 'of' } });
 * settings.deadline.origin; // 'the program'
 * problems[0].setting; // 'cache'
 */
export function inspect(options?: InspectOptions | null): Inspection;
export function inspect<Secrets extends NamedSecrets<Secrets>>(options: InspectOptions<Secrets>): Inspection;
/** Tells what a manager of a backend would be opened with; of the default one, where it is left open. */
export function inspect(
  backend: string | null | undefined,
  options?: Omit<InspectOptions, 'backend'> | null,
): Inspection;
export function inspect<Secrets extends NamedSecrets<Secrets>>(
  backend: string | null | undefined,
  options: Omit<InspectOptions<Secrets>, 'backend'>,
): Inspection;

/**
 * Every setting there is, with the environment variables that state it for an application.
 *
 * @param app the application's name, `'strongroom'` where it is left out
 *
 * @example
 * const deadline = settingsTable('sideseat').find((row) => row.key === 'deadline');
 * deadline?.variables; // ['SIDESEAT_SECRETS_DEADLINE']
 */
export function settingsTable(app?: string | null): SettingInfo[];

/**
 * The JSON Schema of a document of settings, with which an editor completes and checks one.
 *
 * @example
 * writeFileSync('settings.schema.json', JSON.stringify(configSchema(), null, 2));
 */
export function configSchema(): Record<string, unknown>;
