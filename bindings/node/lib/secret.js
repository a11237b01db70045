'use strict';

const native = require('./native.js');
const { plain } = require('./calling.js');

/** Stands before a handle of the native half, where a constructor is called by the package itself. */
const HANDLE = Symbol('handle');
const MASK = 'Secret(***)';

/** A value that JavaScript holds without seeing it, until it asks. */
class Secret {
  #handle;
  #known;

  constructor(value, options) {
    this.#handle = value === HANDLE ? options : plain(native.secret, unwrapped(value), options);
  }

  static unwrap(secret) {
    return secret.#handle;
  }

  static is(value) {
    return typeof value === 'object' && value !== null && #handle in value;
  }

  reveal() {
    return plain(native.secretText, this.#handle);
  }

  bytes() {
    return plain(native.secretBytes, this.#handle);
  }

  copyInto(target) {
    return plain(native.secretInto, this.#handle, target);
  }

  expose(look) {
    const bytes = this.bytes();
    let seen;
    try {
      seen = look(bytes);
    } finally {
      if (typeof seen?.then !== 'function') bytes.fill(0);
    }
    if (typeof seen?.then !== 'function') return seen;
    return Promise.resolve(seen).finally(() => bytes.fill(0));
  }

  wipe() {
    plain(native.secretWipe, this.#handle);
  }

  get #metadata() {
    return (this.#known ??= plain(native.secretMetadata, this.#handle));
  }

  get provider() {
    return this.#metadata.provider;
  }

  get version() {
    return this.#metadata.version;
  }

  toString() {
    return MASK;
  }

  toJSON() {
    return MASK;
  }

  [Symbol.for('nodejs.util.inspect.custom')]() {
    return MASK;
  }

  [Symbol.dispose]() {
    this.wipe();
  }
}

const { is, unwrap } = Secret;
delete Secret.is;
delete Secret.unwrap;

/** The secret of a handle, or `null`. */
function wrapped(handle) {
  return handle === null ? null : new Secret(HANDLE, handle);
}

/** What the native half is given for a value: of a secret its handle. */
function unwrapped(value) {
  return is(value) ? unwrap(value) : value;
}

module.exports = { HANDLE, Secret, unwrapped, wrapped };
