'use strict';
// What a step expects against what it was answered.

const { isDeepStrictEqual } = require('node:util');

const { value } = require('./documents.js');
const { moment } = require('./step.js');

/** Objects by key that are compared as a whole, with texts to fill in. */
const BY_KEY = new Set(['names', 'skipped', 'outcomes', 'losses']);
/** Arrays of names to fill in. */
const NAMES = new Set(['names', 'expired', 'imported', 'replaced', 'deleted']);
/** Versions, as their words. */
const VERSIONS = new Set(['version', 'current', 'versions']);
/** Points in time. A `Date` has milliseconds: what is beneath them is no part of what Node.js promises. */
const TIMES = new Set(['expires_at', 'created_at']);

const isObject = (value_) => typeof value_ === 'object' && value_ !== null && !Array.isArray(value_);

/** The same change of one, of each of several, or of nothing. */
function each(of, change) {
  if (of === null) return null;
  return Array.isArray(of) ? of.map((one) => (one === null ? null : change(one))) : change(of);
}

function byKey(session, stated, change) {
  return Object.fromEntries(Object.entries(stated).map(([key, of]) => [session.fill(key), change(of)]));
}

/** What is expected in the form in which answers stand: filled in, values as bytes, times as `Date`s. */
function prepared(session, field, expected) {
  if (field === 'value') return value(expected);
  if (field === 'values') return byKey(session, expected, value);
  if (field === 'failures') return byKey(session, expected, (token) => token);
  if (BY_KEY.has(field) && isObject(expected)) return byKey(session, expected, (text) => session.fill(text));
  if (NAMES.has(field) && Array.isArray(expected)) return expected.map((name) => session.fill(name));
  if (field === 'next' || field === 'key') return each(expected, (name) => session.fill(name));
  // `versions` of `verify` is a number, which is compared as it is.
  if (VERSIONS.has(field) && typeof expected !== 'number') return each(expected, (word) => session.version(word));
  if (TIMES.has(field)) return each(expected, moment);
  return expected;
}

function fits(session, field, stated, found) {
  if (field === 'newer_than') {
    const former = session.saved(stated).number;
    return former !== null && typeof found.number === 'number' && found.number > former;
  }
  return field in found && isDeepStrictEqual(found[field], prepared(session, field, stated));
}

/** The field that is not as expected; `null` where all that is named is. The text shows no value. */
function difference(session, expected, found) {
  if (!isObject(expected)) return isDeepStrictEqual(found, expected) ? null : 'the answer';
  if (!isObject(found)) return 'the answer';
  const differing = Object.keys(expected).find((field) => !fits(session, field, expected[field], found));
  return differing === undefined ? null : `\`${differing}\``;
}

module.exports = { difference };
