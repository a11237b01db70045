'use strict';
// The five functions of the package `keytar` 7.9, on a store of this library. An account of a service is the secret
// `app/SERVICE/ACCOUNT`, both escaped as keys ask for it: where Python's `keyring` has it too.

const { wrongType } = require('./arguments.js');
const { SecretManager, StrongroomError, keyEscape, keyParse, keyUnescape, open } = require('./index.js');

/** Refuses with a `TypeError` what is no text, and keeps all that is. */
const TEXT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Who gives the store, and the promise of it once it was asked for. */
let source = { give: () => open(), given: undefined };

/**
 * Works with the store. Everybody waits for one opening; one that failed is tried again by the next call. A store that
 * whoever gave it has closed since is asked for again, once.
 */
async function withStore(work, isAgain = false) {
  const asked = source;
  asked.given ??= given(asked.give);
  const opening = asked.given;
  let manager;
  try {
    manager = await opening;
    return await work(manager);
  } catch (error) {
    const isClosed = manager !== undefined && error instanceof StrongroomError && error.code === 'closed';
    if (manager !== undefined && !isClosed) throw error;
    if (asked.given === opening) asked.given = undefined;
    if (!isClosed || isAgain || source !== asked) throw error;
  }
  return withStore(work, true);
}

async function given(give) {
  const manager = await give();
  if (!(manager instanceof SecretManager)) throw wrongType('the answer of the function', 'a SecretManager', manager);
  return manager;
}

function setManager(manager) {
  if (manager === null) {
    source = { give: () => open(), given: undefined };
  } else if (manager instanceof SecretManager) {
    source = { give: () => manager, given: undefined };
  } else if (typeof manager === 'function') {
    source = { give: manager, given: undefined };
  } else {
    throw wrongType('manager', 'a SecretManager, a function that gives one, or null', manager);
  }
}

// keytar's own checks, in its order and its words: what is missing, then what is no text. They throw, as they do there.

function checkPresent(argument, name) {
  if (!argument || argument.length <= 0) throw new Error(`${name} is required.`);
}

function checkText(argument, name) {
  if (typeof argument !== 'string') throw new TypeError(`Parameter '${name}' must be a string`);
}

function checkService(service) {
  checkPresent(service, 'Service');
  checkText(service, 'service');
}

function checkAccount(service, account) {
  checkPresent(service, 'Service');
  checkPresent(account, 'Account');
  checkText(service, 'service');
  checkText(account, 'username');
}

function scopeOf(service) {
  return `app/${keyEscape(service)}`;
}

function keyOf(service, account) {
  return `${scopeOf(service)}/${keyEscape(account)}`;
}

function getPassword(service, account) {
  checkAccount(service, account);
  return read(service, account);
}

async function read(service, account) {
  const key = keyOf(service, account);
  return withStore((manager) => manager.getValue(key));
}

function setPassword(service, account, password) {
  checkPresent(service, 'Service');
  checkPresent(account, 'Account');
  checkPresent(password, 'Password');
  checkText(service, 'service');
  checkText(account, 'username');
  checkText(password, 'password');
  return write(service, account, password);
}

async function write(service, account, password) {
  const key = keyOf(service, account);
  await withStore((manager) => manager.set(key, password));
}

function deletePassword(service, account) {
  checkAccount(service, account);
  return remove(service, account);
}

async function remove(service, account) {
  try {
    const key = keyOf(service, account);
    await withStore((manager) => manager.delete(key));
    return true;
  } catch (error) {
    if (error instanceof StrongroomError && error.code === 'not_found') return false;
    throw error;
  }
}

function findPassword(service) {
  checkService(service);
  return withStore((manager) => readFirst(manager, service));
}

async function readFirst(manager, service) {
  let unreadable;
  for await (const { key } of accountsOf(manager, service)) {
    try {
      const password = await manager.getValue(key);
      // It may have been removed since.
      if (password !== null) return password;
    } catch (error) {
      if (!isPassedOver(error)) throw error;
      unreadable ??= error;
    }
  }
  if (unreadable !== undefined) throw unreadable;
  return null;
}

function findCredentials(service) {
  checkService(service);
  return withStore((manager) => readAll(manager, service));
}

async function readAll(manager, service) {
  const accounts = [];
  for await (const account of accountsOf(manager, service)) accounts.push(account);
  const found = await manager.getMany(accounts.map(({ key }) => key));
  try {
    return credentialsOf(accounts, found);
  } finally {
    for (const secret of found.secrets.values()) secret.wipe();
  }
}

function credentialsOf(accounts, { secrets, failures }) {
  const credentials = [];
  let unreadable;
  for (const { account, key } of accounts) {
    try {
      if (failures.has(key)) throw failures.get(key);
      // It may have been removed since.
      if (secrets.has(key)) credentials.push({ account, password: secrets.get(key).reveal() });
    } catch (error) {
      if (!isPassedOver(error)) throw error;
      unreadable ??= error;
    }
  }
  if (credentials.length === 0 && unreadable !== undefined) throw unreadable;
  return credentials;
}

/** Whether an account is passed over where another one can be read: it has expired, or is no text. */
function isPassedOver(error) {
  return error instanceof StrongroomError && (error.code === 'expired' || error.code === 'invalid_value');
}

/** The accounts of a service with their keys, by name. */
async function* accountsOf(manager, service) {
  for await (const entry of manager.entries({ scope: scopeOf(service) })) {
    const account = entry.isReference ? null : accountOf(entry.name);
    if (account !== null) yield { account, key: entry.name };
  }
}

/** The account of a key; `null` where it is none of an account. */
function accountOf(key) {
  const { name, target } = keyParse(key);
  if (target !== null) return null;
  try {
    return TEXT.decode(keyUnescape(name));
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

module.exports = { getPassword, setPassword, deletePassword, findPassword, findCredentials, setManager };
