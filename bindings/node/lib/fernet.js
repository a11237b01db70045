'use strict';
// Fernet tokens, which Python's `cryptography` and its like read and write too. No backend is asked, so nothing waits.

const native = require('./native.js');
const { isIterable } = require('./arguments.js');
const { plain } = require('./calling.js');
const { unwrapped, wrapped } = require('./secret.js');

/** Keys as the native half takes them: one, or an array of them. */
function keysOf(keys) {
  // Bytes are one key, though they can be iterated over.
  const areSeveral = isIterable(keys) && !ArrayBuffer.isView(keys);
  return areSeveral ? Array.from(keys, unwrapped) : unwrapped(keys);
}

function generateKey() {
  return wrapped(plain(native.fernetGenerate));
}

function encrypt(keys, value) {
  return plain(native.fernetEncrypt, keysOf(keys), unwrapped(value));
}

function decrypt(keys, token, options) {
  return wrapped(plain(native.fernetDecrypt, keysOf(keys), unwrapped(token), options));
}

function rotate(keys, token) {
  return plain(native.fernetRotate, keysOf(keys), unwrapped(token));
}

function timestamp(keys, token) {
  return plain(native.fernetTimestamp, keysOf(keys), unwrapped(token));
}

module.exports = { fernet: Object.freeze({ decrypt, encrypt, generateKey, rotate, timestamp }), keysOf };
