'use strict';
// What is given to choose from, or to iterate over: options, and arrays for the native half, which judges what is in
// them.

const native = require('./native.js');

/** The error for an argument of a wrong type. */
function wrongType(name, wanted, given) {
  return typeError(native.wrongType(name, wanted, given));
}

function typeError(message) {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' });
}

/** The error for arguments that exclude each other. */
function exclusive(message) {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_VALUE' });
}

/** An option, where it is given. What was put on the root of all objects was not stated for this call. */
function optionOf(options, name) {
  if (options === null || typeof options !== 'object') return undefined;
  const given = options[name];
  return given === Object.prototype[name] && !Object.hasOwn(options, name) ? undefined : given;
}

function isIterable(given) {
  return typeof given === 'object' && given !== null && typeof given[Symbol.iterator] === 'function';
}

/** What an iterable gives. A string is one text, not several. */
function several(name, given) {
  if (!isIterable(given)) throw wrongType(name, 'an iterable of strings', given);
  return [...given];
}

/** The names and values of a `Map` or another iterable of pairs, or of an object's own properties. */
function pairs(name, given) {
  const names = [];
  const values = [];
  if (!isIterable(given)) {
    native.checkNamed(name, 'an object, a Map or an iterable of pairs', given);
    for (const own of Object.keys(given)) {
      names.push(own);
      values.push(given[own]);
    }
    return { names, values };
  }
  for (const pair of given) {
    if (!Array.isArray(pair)) throw wrongType(name, 'an iterable of pairs', pair);
    if (pair.length !== 2) throw typeError(`${name} is an iterable of pairs, not of arrays of ${pair.length}`);
    names.push(pair[0]);
    values.push(pair[1]);
  }
  return { names, values };
}

module.exports = { exclusive, isIterable, optionOf, pairs, several, wrongType };
