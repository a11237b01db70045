'use strict';

const native = require('./native.js');
const { plain } = require('./calling.js');

/** Stands before a handle of the native half, where a constructor is called by the package itself. */
const HANDLE = Symbol('handle');
const MASK = 'Secret(***)';
/** The symbols of `using`, as compilers name them where the engine has none. */
const DISPOSE = Symbol.dispose ?? Symbol.for('Symbol.dispose');
const ASYNC_DISPOSE = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');

/** A value that JavaScript holds without seeing it, until it asks. Its documentation stands in `secret.d.ts`. */
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

  // --- the value

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
    const bytes = plain(native.secretBytes, this.#handle);
    const wipe = () => native.wipeBytes(bytes);
    let seen;
    let isPromise = false;
    try {
      seen = look(bytes);
      isPromise = typeof seen?.then === 'function';
    } finally {
      if (!isPromise) wipe();
    }
    return isPromise ? Promise.resolve(seen).finally(wipe) : seen;
  }

  wipe() {
    plain(native.secretWipe, this.#handle);
  }

  // --- what is known about it. Objects are the caller's own, so that changing them changes nothing here.

  get #metadata() {
    return (this.#known ??= plain(native.secretMetadata, this.#handle));
  }

  get provider() {
    return this.#metadata.provider;
  }

  get scopeOfUse() {
    return this.#metadata.scopeOfUse;
  }

  get labels() {
    return { ...this.#metadata.labels };
  }

  get expiresAt() {
    return ownDate(this.#metadata.expiresAt);
  }

  get createdAt() {
    return ownDate(this.#metadata.createdAt);
  }

  get updatedAt() {
    return ownDate(this.#metadata.updatedAt);
  }

  get version() {
    return this.#metadata.version;
  }

  get number() {
    return this.#metadata.number;
  }

  get expired() {
    return plain(native.secretIsExpired, this.#handle);
  }

  // --- what stands for it wherever it is shown

  toString() {
    return MASK;
  }

  toJSON() {
    return MASK;
  }

  [Symbol.toPrimitive]() {
    return MASK;
  }

  [Symbol.for('nodejs.util.inspect.custom')]() {
    return MASK;
  }

  [DISPOSE]() {
    this.wipe();
  }
}

const { is, unwrap } = Secret;
delete Secret.is;
delete Secret.unwrap;

function ownDate(date) {
  return date === null ? null : new Date(date);
}

/** The secret of a handle, or `null`. */
function wrapped(handle) {
  return handle === null ? null : new Secret(HANDLE, handle);
}

/** What the native half is given for a value: of a secret its handle. */
function unwrapped(value) {
  return is(value) ? unwrap(value) : value;
}

module.exports = { ASYNC_DISPOSE, DISPOSE, HANDLE, Secret, unwrapped, wrapped };
