'use strict';

const native = require('./native.js');
const { wrongType } = require('./arguments.js');
const { plain } = require('./calling.js');

/** Stands before a handle of the native half, where a constructor is called by the package itself. */
const HANDLE = Symbol('handle');
const IDENTITY = Symbol('identity');
const MASK = 'Secret(***)';
/** The symbols of `using`, as compilers name them where the engine has none. */
const DISPOSE = Symbol.dispose ?? Symbol.for('Symbol.dispose');
const ASYNC_DISPOSE = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');

/** A value that JavaScript holds without seeing it, until it asks. Its documentation stands in `secret.d.ts`. */
class Secret {
  #handle;
  #known;
  /** Differs for each secret: whoever compares all properties, as tests do, sees no value to compare. */
  [IDENTITY] = Symbol('of this secret');

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
    return plain(native.secretText, own(this));
  }

  bytes() {
    return plain(native.secretBytes, own(this));
  }

  copyInto(target) {
    return plain(native.secretInto, own(this), target);
  }

  expose(look) {
    const bytes = plain(native.secretBytes, own(this));
    const { buffer } = bytes;
    const wipe = () => native.wipeBytes(bytes);
    const kept = (seen) => {
      refuseLater(seen, bytes, buffer);
      return seen;
    };
    let seen;
    let isPromise = false;
    try {
      seen = look(bytes);
      isPromise = typeof seen?.then === 'function';
    } finally {
      if (!isPromise) wipe();
    }
    return isPromise ? Promise.resolve(seen).finally(wipe).then(kept) : kept(seen);
  }

  equals(other) {
    return plain(native.secretEquals, own(this), unwrapped(other));
  }

  wipe() {
    plain(native.secretWipe, own(this));
  }

  // --- what is known about it. Objects are the caller's own, so that changing them changes nothing here.

  static known(secret) {
    return (secret.#known ??= plain(native.secretMetadata, own(secret)));
  }

  get provider() {
    return knownOf(this).provider;
  }

  get scopeOfUse() {
    return knownOf(this).scopeOfUse;
  }

  get labels() {
    return { ...knownOf(this).labels };
  }

  get expiresAt() {
    return ownDate(knownOf(this).expiresAt);
  }

  get createdAt() {
    return ownDate(knownOf(this).createdAt);
  }

  get updatedAt() {
    return ownDate(knownOf(this).updatedAt);
  }

  get version() {
    return knownOf(this).version;
  }

  get number() {
    return knownOf(this).number;
  }

  get staleForMs() {
    return knownOf(this).staleForMs;
  }

  get expired() {
    return plain(native.secretIsExpired, own(this));
  }

  // --- what stands for it wherever it is shown

  get [Symbol.toStringTag]() {
    return 'Secret';
  }

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

const { is, known, unwrap } = Secret;
delete Secret.is;
delete Secret.known;
delete Secret.unwrap;

/** The handle of the secret whose method is called. */
function own(secret) {
  if (!is(secret)) throw wrongType('this', 'a Secret', secret);
  return unwrap(secret);
}

/** What is known about the secret whose property is read. */
function knownOf(secret) {
  if (!is(secret)) throw wrongType('this', 'a Secret', secret);
  return known(secret);
}

/** Refuses what would be read when the bytes that were lent are zeroes. */
function refuseLater(seen, bytes, buffer) {
  if (seen === null || typeof seen !== 'object') return;
  const isView = seen === bytes || seen === buffer || (ArrayBuffer.isView(seen) && seen.buffer === buffer);
  const isLazy = typeof seen.next === 'function' || typeof seen[Symbol.asyncIterator] === 'function';
  if (!isView && !isLazy) return;
  const what = isView
    ? 'the bytes that it was lent, which are wiped now; copy them, or use bytes()'
    : 'an iterator, which would read bytes that are wiped now; read them before the function ends';
  throw Object.assign(new TypeError(`the function gives ${what}`), { code: 'ERR_INVALID_RETURN_VALUE' });
}

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
