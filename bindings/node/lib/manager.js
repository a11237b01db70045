'use strict';

const util = require('node:util');

const native = require('./native.js');
const { pairs, several } = require('./arguments.js');
const { abortable, isAbortable, now, plain, soon } = require('./calling.js');
const { errorOf } = require('./errors.js');
const { keepToo } = require('./functions.js');
const { ASYNC_DISPOSE, DISPOSE, HANDLE, unwrapped, wrapped } = require('./secret.js');

/** Loaded by the first verb that needs it. */
const transfer = () => require('./transfer.js');

/** A store of secrets, whatever backend holds them. Its documentation stands in `manager.d.ts`. */
class SecretManager {
  #handle;
  #cachedText;
  #cachedSecret;

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
    if (options === undefined) {
      const cached = this.#cachedSecret(key);
      if (cached !== undefined) return wrapped(cached);
    }
    return wrapped(await soon(native.get, this.#handle, key, options));
  }

  getSync(key, options) {
    if (options === undefined) {
      const cached = this.#cachedSecret(key);
      if (cached !== undefined) return wrapped(cached);
    }
    return wrapped(now(native.get, this.#handle, key, options));
  }

  async getValue(key, options) {
    if (options === undefined) {
      const cached = this.#cachedText(key);
      if (cached !== undefined) return cached;
    }
    return await soon(native.getValue, this.#handle, key, options);
  }

  getValueSync(key, options) {
    if (options === undefined) {
      const cached = this.#cachedText(key);
      if (cached !== undefined) return cached;
    }
    return now(native.getValue, this.#handle, key, options);
  }

  async getInto(key, target, options) {
    return (
      this.#cachedInto(key, target, options) ??
      delivered(await soon(native.getInto, this.#handle, key, target, options), target)
    );
  }

  getIntoSync(key, target, options) {
    return (
      this.#cachedInto(key, target, options) ??
      delivered(now(native.getInto, this.#handle, key, target, options), target)
    );
  }

  #cachedInto(key, target, options) {
    if (options !== undefined || isAbortable(this.#handle)) return undefined;
    return plain(native.cachedInto, this.#handle, key, target);
  }

  async getVersion(key, version, options) {
    return wrapped(await soon(native.getVersion, this.#handle, key, version, options));
  }

  getVersionSync(key, version, options) {
    return wrapped(now(native.getVersion, this.#handle, key, version, options));
  }

  async getMany(keys, options) {
    return batchRead(await soon(native.getMany, this.#handle, several('keys', keys), options));
  }

  getManySync(keys, options) {
    return batchRead(now(native.getMany, this.#handle, several('keys', keys), options));
  }

  async getWithFallback(name, scopes, options) {
    const wanted = several('scopes', scopes);
    return wrapped(await soon(native.getWithFallback, this.#handle, name, wanted, options));
  }

  getWithFallbackSync(name, scopes, options) {
    return wrapped(now(native.getWithFallback, this.#handle, name, several('scopes', scopes), options));
  }

  async exists(key, options) {
    return await soon(native.exists, this.#handle, key, options);
  }

  existsSync(key, options) {
    return now(native.exists, this.#handle, key, options);
  }

  async describe(key, options) {
    return await soon(native.describe, this.#handle, key, options);
  }

  describeSync(key, options) {
    return now(native.describe, this.#handle, key, options);
  }

  async list(options) {
    return await soon(native.list, this.#handle, undefined, options);
  }

  listSync(options) {
    return now(native.list, this.#handle, undefined, options);
  }

  async *entries(options) {
    let after;
    do {
      const page = await soon(native.list, this.#handle, after, options);
      yield* page.entries;
      after = page.next;
    } while (after !== null);
  }

  *entriesSync(options) {
    let after;
    do {
      const page = now(native.list, this.#handle, after, options);
      yield* page.entries;
      after = page.next;
    } while (after !== null);
  }

  async versions(key, options) {
    return await soon(native.versions, this.#handle, key, options);
  }

  versionsSync(key, options) {
    return now(native.versions, this.#handle, key, options);
  }

  // --- writing

  async set(key, value, options) {
    return await soon(native.set, this.#handle, key, unwrapped(value), options);
  }

  setSync(key, value, options) {
    return now(native.set, this.#handle, key, unwrapped(value), options);
  }

  async setMany(entries, options) {
    const { names, values } = pairs('entries', entries);
    return batchWritten(await soon(native.setMany, this.#handle, names, values.map(unwrapped), options));
  }

  setManySync(entries, options) {
    const { names, values } = pairs('entries', entries);
    return batchWritten(now(native.setMany, this.#handle, names, values.map(unwrapped), options));
  }

  async setApiKey(name, value, provider, options) {
    return await soon(native.setApiKey, this.#handle, name, unwrapped(value), provider, options);
  }

  setApiKeySync(name, value, provider, options) {
    return now(native.setApiKey, this.#handle, name, unwrapped(value), provider, options);
  }

  async updateValue(key, value, options) {
    return await soon(native.updateValue, this.#handle, key, unwrapped(value), options);
  }

  updateValueSync(key, value, options) {
    return now(native.updateValue, this.#handle, key, unwrapped(value), options);
  }

  async updateMetadata(key, changes) {
    return await soon(native.updateMetadata, this.#handle, key, changes);
  }

  updateMetadataSync(key, changes) {
    return now(native.updateMetadata, this.#handle, key, changes);
  }

  async getOrGenerate(key, spec, options) {
    return wrapped(await soon(native.getOrGenerate, this.#handle, key, spec, options));
  }

  getOrGenerateSync(key, spec, options) {
    return wrapped(now(native.getOrGenerate, this.#handle, key, spec, options));
  }

  async rotate(key, value, options) {
    return await soon(native.rotate, this.#handle, key, unwrapped(value), options);
  }

  rotateSync(key, value, options) {
    return now(native.rotate, this.#handle, key, unwrapped(value), options);
  }

  async rollback(key, ...given) {
    return await soon(native.rollback, this.#handle, key, ...versionAndOptions(given));
  }

  rollbackSync(key, ...given) {
    return now(native.rollback, this.#handle, key, ...versionAndOptions(given));
  }

  async delete(key, options) {
    return await soon(native.delete, this.#handle, key, options);
  }

  deleteSync(key, options) {
    return now(native.delete, this.#handle, key, options);
  }

  // --- the backend as a whole

  async health(options) {
    return healthOf(await soon(native.health, this.#handle, options));
  }

  healthSync(options) {
    return healthOf(now(native.health, this.#handle, options));
  }

  async verify(options) {
    return await soon(native.verify, this.#handle, options);
  }

  verifySync(options) {
    return now(native.verify, this.#handle, options);
  }

  async lock(options) {
    return await soon(native.lock, this.#handle, options);
  }

  lockSync(options) {
    return now(native.lock, this.#handle, options);
  }

  async close(options) {
    return await soon(native.close, this.#handle, options);
  }

  closeSync(options) {
    return now(native.close, this.#handle, options);
  }

  [DISPOSE]() {
    this.closeSync();
  }

  async [ASYNC_DISPOSE]() {
    await this.close();
  }

  // --- views

  scoped(scope) {
    return this.#view(plain(native.scoped, this.#handle, scope));
  }

  withOptions(options) {
    return this.#view(plain(native.withOptions, this.#handle, options), options);
  }

  #view(handle, options) {
    return new SecretManager(HANDLE, keepToo(abortable(handle, this.#handle, options), this.#handle));
  }

  // --- what asks no backend

  get app() {
    return plain(native.app, this.#handle);
  }

  get backend() {
    return plain(native.backend, this.#handle);
  }

  get isPersistent() {
    return plain(native.isPersistent, this.#handle);
  }

  get scope() {
    return plain(native.scope, this.#handle);
  }

  get settings() {
    return plain(native.settings, this.#handle);
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
    const ends = [this.#handle, SecretManager.#handleOf(target)];
    return transfer().planOf(await transfer().copied(native.copyPlan, ...ends, options));
  }

  copyPlanSync(target, options) {
    const ends = [this.#handle, SecretManager.#handleOf(target)];
    return transfer().planOf(transfer().copiedNow(native.copyPlan, ...ends, options));
  }

  async copyTo(target, options) {
    const ends = [this.#handle, SecretManager.#handleOf(target)];
    return transfer().reportOf(await transfer().copied(native.copyTo, ...ends, options));
  }

  copyToSync(target, options) {
    const ends = [this.#handle, SecretManager.#handleOf(target)];
    return transfer().reportOf(transfer().copiedNow(native.copyTo, ...ends, options));
  }

  copyJournal(target) {
    return plain(native.copyJournal, this.#handle, SecretManager.#handleOf(target));
  }
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
function versionAndOptions([version, options]) {
  const isLeftOut = options === undefined && typeof version === 'object' && version !== null;
  return isLeftOut ? [undefined, version] : [version, options];
}

module.exports = { SecretManager };
