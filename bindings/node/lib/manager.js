'use strict';

const native = require('./native.js');
const { now, plain, soon } = require('./calling.js');
const { HANDLE, unwrapped, wrapped } = require('./secret.js');
const transfer = require('./transfer.js');

/** A store of secrets, whatever backend holds them. Its documentation stands in `index.d.ts`. */
class SecretManager {
  #handle;
  #cached;

  constructor(mark, handle) {
    if (mark !== HANDLE) throw new TypeError('a SecretManager is made by open() or openSync()');
    this.#handle = handle;
    this.#cached = plain(native.cachedText, handle);
  }

  // --- reading

  async get(key, options) {
    return wrapped(await soon(native.get, this.#handle, key, options));
  }

  getSync(key, options) {
    return wrapped(now(native.get, this.#handle, key, options));
  }

  async getValue(key, options) {
    if (options === undefined) {
      const cached = this.#cached(key);
      if (cached !== undefined) return cached;
    }
    return await soon(native.getValue, this.#handle, key, options);
  }

  getValueSync(key, options) {
    if (options === undefined) {
      const cached = this.#cached(key);
      if (cached !== undefined) return cached;
    }
    return now(native.getValue, this.#handle, key, options);
  }

  // --- writing

  set(key, value, options) {
    return soon(native.set, this.#handle, key, unwrapped(value), options);
  }

  setSync(key, value, options) {
    return now(native.set, this.#handle, key, unwrapped(value), options);
  }

  // --- the backend as a whole

  close(options) {
    return soon(native.close, this.#handle, options);
  }

  closeSync(options) {
    return now(native.close, this.#handle, options);
  }

  [Symbol.dispose]() {
    this.closeSync();
  }

  [Symbol.asyncDispose]() {
    return this.close();
  }

  // --- transfer

  async explain(key, options) {
    return transfer.explanationOf(await soon(native.explain, this.#handle, key, options));
  }

  explainSync(key, options) {
    return transfer.explanationOf(now(native.explain, this.#handle, key, options));
  }

  async export(format = 'dotenv', options = undefined) {
    return transfer.exportOf(await soon(native.export, this.#handle, format, transfer.documented(options)));
  }

  exportSync(format = 'dotenv', options = undefined) {
    return transfer.exportOf(now(native.export, this.#handle, format, transfer.documented(options)));
  }

  async import(document, format = 'dotenv', options = undefined) {
    const given = [unwrapped(document), format, transfer.documented(options)];
    return transfer.importOf(await soon(native.import, this.#handle, ...given));
  }

  importSync(document, format = 'dotenv', options = undefined) {
    const given = [unwrapped(document), format, transfer.documented(options)];
    return transfer.importOf(now(native.import, this.#handle, ...given));
  }

  /** What the native half is given for a manager: its handle. */
  static #handleOf(manager) {
    return typeof manager === 'object' && manager !== null && #handle in manager ? manager.#handle : manager;
  }

  async copyPlan(target, options) {
    const ends = [this.#handle, SecretManager.#handleOf(target)];
    return transfer.planOf(await transfer.copied(native.copyPlan, ...ends, options));
  }

  copyPlanSync(target, options) {
    const ends = [this.#handle, SecretManager.#handleOf(target)];
    return transfer.planOf(transfer.copiedNow(native.copyPlan, ...ends, options));
  }

  async copyTo(target, options) {
    const ends = [this.#handle, SecretManager.#handleOf(target)];
    return transfer.reportOf(await transfer.copied(native.copyTo, ...ends, options));
  }

  copyToSync(target, options) {
    const ends = [this.#handle, SecretManager.#handleOf(target)];
    return transfer.reportOf(transfer.copiedNow(native.copyTo, ...ends, options));
  }

  copyJournal(target) {
    return plain(native.copyJournal, this.#handle, SecretManager.#handleOf(target));
  }
}

async function open(options) {
  return new SecretManager(HANDLE, await soon(native.open, options));
}

function openSync(options) {
  return new SecretManager(HANDLE, now(native.open, options));
}

module.exports = { SecretManager, open, openSync };
