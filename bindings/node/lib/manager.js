'use strict';

const native = require('./native.js');
const { now, plain, soon } = require('./calling.js');
const { HANDLE, unwrapped, wrapped } = require('./secret.js');

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
}

module.exports = { SecretManager };
