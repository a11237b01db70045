'use strict';
// What is given as something to iterate over, as arrays for the native half, which judges what is in them.

/** The error for an argument of a wrong type. */
function wrongType(name, wanted, given) {
  const error = new TypeError(`${name} is ${wanted}, not ${described(given)}`);
  error.code = 'ERR_INVALID_ARG_TYPE';
  return error;
}

function described(given) {
  if (given === null || given === undefined) return String(given);
  return typeof given === 'object' ? 'an object' : `a ${typeof given}`;
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
  if (typeof given !== 'object' || given === null) {
    throw wrongType(name, 'an object, a Map or an iterable of pairs', given);
  }
  if (!isIterable(given)) {
    for (const own of Object.keys(given)) {
      names.push(own);
      values.push(given[own]);
    }
    return { names, values };
  }
  for (const pair of given) {
    if (!Array.isArray(pair) || pair.length !== 2) throw wrongType(name, 'an iterable of pairs', pair);
    names.push(pair[0]);
    values.push(pair[1]);
  }
  return { names, values };
}

module.exports = { isIterable, pairs, several, wrongType };
