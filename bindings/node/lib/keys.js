'use strict';
// Keys as text, without a manager.

const native = require('./native.js');
const { plain } = require('./calling.js');
const { unwrapped } = require('./secret.js');

function keyParse(text) {
  const { key, kind, id, name, target } = plain(native.keyParse, text);
  return Object.freeze({ key, scope: id === null ? kind : `${kind}/${id}`, kind, id, name, target });
}

function keyOf(name, options) {
  return plain(native.keyOf, name, options);
}

function keyEscape(word) {
  return plain(native.keyEscape, unwrapped(word));
}

function keyUnescape(segment) {
  return plain(native.keyUnescape, segment);
}

function keyVariable(key, prefix, options) {
  return plain(native.keyVariable, key, prefix ?? '', options);
}

module.exports = { keyEscape, keyOf, keyParse, keyUnescape, keyVariable };
