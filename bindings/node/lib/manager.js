'use strict';

const util = require('node:util');

const native = require('./native.js');
const { pairs, several, wrongType } = require('./arguments.js');
const { abortable, isAbortable, now, plain, soon } = require('./calling.js');
const { errorOf } = require('./errors.js');
const { keepToo } = require('./functions.js');
const { ASYNC_DISPOSE, DISPOSE, HANDLE, unwrapped, wrapped } = require('./secret.js');

/** Loaded by the first verb that needs them. */
const changes = () => require('./changes.js');
const transfer = () => require('./transfer.js');

/** What the native half is given for a manager: its handle. What is no manager it refuses. */
let handleOf;

/** A store of secrets, whatever backend holds them. Its documentation stands in `manager.d.ts`. */
class SecretManager {
  #handle;
  #cachedText;
  #cachedSecret;

  static {
    handleOf = (manager) => (typeof manager === 'object' && manager && #handle in manager ? manager.#handle : manager);
  }

  constructor(mark, handle) {
    if (mark !== HANDLE) throw new TypeError('a SecretManager is made by open() or openSync()');
    this.#handle = handle;
    // Also what is cached is refused where a signal has ended the view.
    const isAsked = isAbortable(handle);
    this.#cachedText = isAsked ? nothing : plain(native.cachedText, handle);
    this.#cachedSecret = isAsked ? nothing : plain(native.cachedSecret, handle);
  }

  // --- reading

  async get(key, options) {
    const handle = own(this);
    if (isAbsent(options)) {
      const cached = this.#cachedSecret(key);
      if (cached !== undefined) return wrapped(cached);
    }
    return wrapped(await soon(native.get, handle, key, options));
  }

  getSync(key, options) {
    const handle = own(this);
    if (isAbsent(options)) {
      const cached = this.#cachedSecret(key);
      if (cached !== undefined) return wrapped(cached);
    }
    return wrapped(now(native.get, handle, key, options));
  }

  async getValue(key, options) {
    const handle = own(this);
    if (isAbsent(options)) {
      const cached = this.#cachedText(key);
      if (cached !== undefined) return cached;
    }
    return await soon(native.getValue, handle, key, options);
  }

  getValueSync(key, options) {
    const handle = own(this);
    if (isAbsent(options)) {
      const cached = this.#cachedText(key);
      if (cached !== undefined) return cached;
    }
    return now(native.getValue, handle, key, options);
  }

  async getInto(key, target, options) {
    const handle = own(this);
    return (
      cachedInto(handle, key, target, options) ??
      delivered(await soon(native.getInto, handle, key, target, options), target)
    );
  }

  getIntoSync(key, target, options) {
    const handle = own(this);
    return (
      cachedInto(handle, key, target, options) ?? delivered(now(native.getInto, handle, key, target, options), target)
    );
  }

  async getVersion(key, version, options) {
    return wrapped(await soon(native.getVersion, own(this), key, version, options));
  }

  getVersionSync(key, version, options) {
    return wrapped(now(native.getVersion, own(this), key, version, options));
  }

  async getMany(keys, options) {
    return batchRead(await soon(native.getMany, own(this), several('keys', keys), options));
  }

  getManySync(keys, options) {
    return batchRead(now(native.getMany, own(this), several('keys', keys), options));
  }

  async getWithFallback(name, scopes, options) {
    return wrapped(await soon(native.getWithFallback, own(this), name, several('scopes', scopes), options));
  }

  getWithFallbackSync(name, scopes, options) {
    return wrapped(now(native.getWithFallback, own(this), name, several('scopes', scopes), options));
  }

  async exists(key, options) {
    return await soon(native.exists, own(this), key, options);
  }

  existsSync(key, options) {
    return now(native.exists, own(this), key, options);
  }

  async describe(key, options) {
    return await soon(native.describe, own(this), key, options);
  }

  describeSync(key, options) {
    return now(native.describe, own(this), key, options);
  }

  async list(options) {
    return await soon(native.list, own(this), undefined, options);
  }

  listSync(options) {
    return now(native.list, own(this), undefined, options);
  }

  async *entries(options) {
    let after;
    do {
      const page = await soon(native.list, own(this), after, options);
      yield* page.entries;
      after = page.next;
    } while (after !== null);
  }

  *entriesSync(options) {
    let after;
    do {
      const page = now(native.list, own(this), after, options);
      yield* page.entries;
      after = page.next;
    } while (after !== null);
  }

  async versions(key, options) {
    return await soon(native.versions, own(this), key, options);
  }

  versionsSync(key, options) {
    return now(native.versions, own(this), key, options);
  }

  async resolve(reference, options) {
    return wrapped(await soon(native.resolve, own(this), reference, options));
  }

  resolveSync(reference, options) {
    return wrapped(now(native.resolve, own(this), reference, options));
  }

  async subscribe(options) {
    return await changes().subscribed(own(this), options);
  }

  subscribeSync(options) {
    return changes().subscribedNow(own(this), options);
  }

  // --- writing

  async set(key, value, options) {
    return await soon(native.set, own(this), key, unwrapped(value), options);
  }

  setSync(key, value, options) {
    return now(native.set, own(this), key, unwrapped(value), options);
  }

  async setMany(entries, options) {
    const handle = own(this);
    const { names, values } = pairs('entries', entries);
    return batchWritten(await soon(native.setMany, handle, names, values.map(unwrapped), options));
  }

  setManySync(entries, options) {
    const handle = own(this);
    const { names, values } = pairs('entries', entries);
    return batchWritten(now(native.setMany, handle, names, values.map(unwrapped), options));
  }

  async setApiKey(name, value, provider, options) {
    return await soon(native.setApiKey, own(this), name, unwrapped(value), provider, options);
  }

  setApiKeySync(name, value, provider, options) {
    return now(native.setApiKey, own(this), name, unwrapped(value), provider, options);
  }

  async updateValue(key, value, options) {
    return await soon(native.updateValue, own(this), key, unwrapped(value), options);
  }

  updateValueSync(key, value, options) {
    return now(native.updateValue, own(this), key, unwrapped(value), options);
  }

  async updateMetadata(key, changes) {
    return await soon(native.updateMetadata, own(this), key, changes);
  }

  updateMetadataSync(key, changes) {
    return now(native.updateMetadata, own(this), key, changes);
  }

  async getOrGenerate(key, spec, options) {
    return wrapped(await soon(native.getOrGenerate, own(this), key, spec, options));
  }

  getOrGenerateSync(key, spec, options) {
    return wrapped(now(native.getOrGenerate, own(this), key, spec, options));
  }

  async rotate(key, value, options) {
    return await soon(native.rotate, own(this), key, unwrapped(value), options);
  }

  rotateSync(key, value, options) {
    return now(native.rotate, own(this), key, unwrapped(value), options);
  }

  async rollback(key, version, options) {
    return await soon(native.rollback, own(this), key, ...versionAndOptions(version, options));
  }

  rollbackSync(key, version, options) {
    return now(native.rollback, own(this), key, ...versionAndOptions(version, options));
  }

  async delete(key, options) {
    return await soon(native.delete, own(this), key, options);
  }

  deleteSync(key, options) {
    return now(native.delete, own(this), key, options);
  }

  async restore(key, options) {
    return await soon(native.restore, own(this), key, options);
  }

  restoreSync(key, options) {
    return now(native.restore, own(this), key, options);
  }

  // --- the backend as a whole

  async health(options) {
    return healthOf(await soon(native.health, own(this), options));
  }

  healthSync(options) {
    return healthOf(now(native.health, own(this), options));
  }

  async verify(options) {
    return await soon(native.verify, own(this), options);
  }

  verifySync(options) {
    return now(native.verify, own(this), options);
  }

  async refresh(options) {
    return await soon(native.refresh, own(this), options);
  }

  refreshSync(options) {
    return now(native.refresh, own(this), options);
  }

  async lock(options) {
    return await soon(native.lock, own(this), options);
  }

  lockSync(options) {
    return now(native.lock, own(this), options);
  }

  async close(options) {
    return await soon(native.close, own(this), options);
  }

  closeSync(options) {
    return now(native.close, own(this), options);
  }

  [DISPOSE]() {
    this.closeSync();
  }

  async [ASYNC_DISPOSE]() {
    await this.close();
  }

  // --- views

  scoped(scope) {
    const handle = own(this);
    return viewOf(handle, plain(native.scoped, handle, scope));
  }

  withOptions(options) {
    const handle = own(this);
    return viewOf(handle, plain(native.withOptions, handle, options), options);
  }

  // --- what asks no backend

  get [Symbol.toStringTag]() {
    return 'SecretManager';
  }

  get app() {
    return plain(native.app, own(this));
  }

  get backend() {
    return plain(native.backend, own(this));
  }

  metrics() {
    return plain(native.metrics, own(this));
  }

  get isPersistent() {
    return plain(native.isPersistent, own(this));
  }

  get scope() {
    return plain(native.scope, own(this));
  }

  get settings() {
    return plain(native.settings, own(this));
  }

  [util.inspect.custom](_depth, options) {
    const { app, scope } = this;
    return `SecretManager ${util.inspect({ app, backend: this.backend.name, scope }, options)}`;
  }

  // --- transfer

  async explain(key, options) {
    return transfer().explanationOf(await soon(native.explain, own(this), key, transfer().prepared(options), options));
  }

  explainSync(key, options) {
    return transfer().explanationOf(now(native.explain, own(this), key, transfer().prepared(options), options));
  }

  async export(format, options) {
    return transfer().exportOf(
      await soon(native.export, own(this), format ?? 'dotenv', transfer().prepared(options), options),
    );
  }

  exportSync(format, options) {
    return transfer().exportOf(
      now(native.export, own(this), format ?? 'dotenv', transfer().prepared(options), options),
    );
  }

  async import(document, format, options) {
    const given = [own(this), unwrapped(document), format ?? 'dotenv', transfer().prepared(options), options];
    return transfer().importOf(await soon(native.import, ...given));
  }

  importSync(document, format, options) {
    const given = [own(this), unwrapped(document), format ?? 'dotenv', transfer().prepared(options), options];
    return transfer().importOf(now(native.import, ...given));
  }

  async copyPlan(target, options) {
    const ends = [own(this), handleOf(target)];
    return transfer().planOf(await transfer().copied(native.copyPlan, ...ends, options));
  }

  copyPlanSync(target, options) {
    const ends = [own(this), handleOf(target)];
    return transfer().planOf(transfer().copiedNow(native.copyPlan, ...ends, options));
  }

  async copyTo(target, options) {
    const ends = [own(this), handleOf(target)];
    return transfer().reportOf(await transfer().copied(native.copyTo, ...ends, options));
  }

  copyToSync(target, options) {
    const ends = [own(this), handleOf(target)];
    return transfer().reportOf(transfer().copiedNow(native.copyTo, ...ends, options));
  }

  copyJournal(target) {
    return plain(native.copyJournal, own(this), handleOf(target));
  }
}

/** The handle of the manager whose method is called. */
function own(manager) {
  const handle = handleOf(manager);
  if (handle === manager) throw wrongType('this', 'a SecretManager', manager);
  return handle;
}

/** The view of a manager that a handle stands for. What asks the manager, and ends its calls, holds for the view. */
function viewOf(manager, view, options) {
  return new SecretManager(HANDLE, keepToo(abortable(view, manager, options), manager));
}

function isAbsent(options) {
  return options === undefined || options === null;
}

/** Copies what is cached to where it was wanted. */
function cachedInto(handle, key, target, options) {
  if (!isAbsent(options) || isAbortable(handle)) return undefined;
  return plain(native.cachedInto, handle, key, target);
}

/** What a cache that is not looked into answers. */
function nothing() {
  return undefined;
}

/** Copies a value to where it was wanted; nothing else keeps it. */
function delivered(handle, target) {
  if (handle === null) return null;
  try {
    return plain(native.secretInto, handle, target);
  } finally {
    native.secretWipe(handle);
  }
}

/** Two texts of one key have one secret. */
function batchRead({ secrets, failures }) {
  const made = new Map();
  const secretOf = (handle) => made.get(handle) ?? made.set(handle, wrapped(handle)).get(handle);
  return {
    secrets: new Map(secrets.map(([key, handle]) => [key, secretOf(handle)])),
    failures: new Map(failures.map(([key, said]) => [key, errorOf(said)])),
  };
}

function batchWritten({ outcomes, failures }) {
  return { outcomes: new Map(outcomes), failures: new Map(failures.map(([key, said]) => [key, errorOf(said)])) };
}

function healthOf(health) {
  return { ...health, error: errorOf(health.error) };
}

/** A version and options, of which a version may be left out: `{ back: 1 }` needs none. */
function versionAndOptions(version, options) {
  const isLeftOut = isAbsent(options) && typeof version === 'object' && version !== null;
  return isLeftOut ? [undefined, version] : [version, options];
}

module.exports = { SecretManager };
