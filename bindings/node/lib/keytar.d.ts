// A drop-in for the package `keytar` 7.9: the same five functions, and the same errors of arguments, which are thrown
// and not rejected with. Nothing is read from the system's keychain: what keytar keeps there has to be carried over
// once.

import type { SecretManager } from './index.js';

/** An account of a service. */
export interface Credential {
  account: string;
  password: string;
}

/**
 * Gives the password of an account; `null` where there is none, and only then.
 *
 * @param service the service's name
 * @param account the account's name
 * @throws `Error` where an argument is missing or empty, `TypeError` where one is no string
 * @returns rejects with a `StrongroomError`: `locked`, `unavailable`, `permission_denied`, `timeout`, `expired`,
 * `invalid_value` for what is no text, `invalid_key` for a name that is too long, and whatever opening the store fails
 * with
 * @example
 * const password = await getPassword('https://example.org', 'me');
 */
export declare function getPassword(service: string, account: string): Promise<string | null>;

/**
 * Keeps the password of an account.
 *
 * @param service the service's name
 * @param account the account's name
 * @param password the password; not empty
 * @throws `Error` where an argument is missing or empty, `TypeError` where one is no string
 * @returns rejects with a `StrongroomError`: `read_only`, `too_large`, `outcome_unknown`, `storage_full`, what
 * {@link getPassword} rejects with
 * @example
 * await setPassword('https://example.org', 'me', 'pa55');
 */
export declare function setPassword(service: string, account: string, password: string): Promise<void>;

/**
 * Removes the password of an account, and tells whether there was one.
 *
 * @param service the service's name
 * @param account the account's name
 * @throws `Error` where an argument is missing or empty, `TypeError` where one is no string
 * @returns rejects with a `StrongroomError`: `read_only`, `conflict`, `outcome_unknown`, what {@link getPassword}
 * rejects with
 * @example
 * const removed = await deletePassword('https://example.org', 'me');
 */
export declare function deletePassword(service: string, account: string): Promise<boolean>;

/**
 * Gives the password of a service's first account that can be read, by name; `null` where the service has none.
 *
 * What has expired and what is no text is passed over. Where nothing else is left, it is the error.
 *
 * @param service the service's name
 * @throws `Error` where it is missing or empty, `TypeError` where it is no string
 * @returns rejects with a `StrongroomError`: `unsupported` where the backend cannot list, what {@link getPassword}
 * rejects with
 * @example
 * const password = await findPassword('https://example.org');
 */
export declare function findPassword(service: string): Promise<string | null>;

/**
 * Gives all accounts of a service with their passwords, by name.
 *
 * What has expired and what is no text is passed over. Where nothing else is left, it is the error.
 *
 * @param service the service's name
 * @throws `Error` where it is missing or empty, `TypeError` where it is no string
 * @returns rejects with a `StrongroomError`: `unsupported` where the backend cannot list, what {@link getPassword}
 * rejects with
 * @example
 * for (const { account } of await findCredentials('https://example.org')) console.log(account);
 */
export declare function findCredentials(service: string): Promise<Credential[]>;

/**
 * Says which store the functions of this module use from now on. keytar has nothing like it.
 *
 * Without it the store is what `open()` opens, at the first call, once for each JavaScript thread: the settings are
 * those of the environment and of the user's own file. The store that is given stays yours to close.
 *
 * @param manager a manager; or a function that opens one, which the first call asks, and a later one again where it
 * failed or what it gave was closed; or `null` for what `open()` opens
 * @throws `TypeError` (`ERR_INVALID_ARG_TYPE`) for anything else
 * @example
 * setManager(() => open({ app: 'my-app' }));
 */
export declare function setManager(
  manager: SecretManager | (() => SecretManager | Promise<SecretManager>) | null,
): void;
