'use strict';
// What explanations, exports, imports and copies answer, and how a copy is followed.

// Taken here, so that it is the real one also where a test later puts another one in its place.
const { setImmediate } = require('node:timers');

const native = require('./native.js');
const { optionOf, several } = require('./arguments.js');
const { now, soon } = require('./calling.js');
const { errorOf } = require('./errors.js');
const { keysOf } = require('./fernet.js');
const { wrapped } = require('./secret.js');

/** What is an error of the native half, or `null`, as an error. */
function withError(told) {
  return { ...told, error: errorOf(told.error) };
}

/** Every place where a secret was looked for, and how a read ends. As a string it is a table. */
class Explanation {
  constructor({ steps, answer, error }) {
    this.steps = steps.map(withError);
    this.answer = answer;
    this.error = errorOf(error);
  }

  toString() {
    const rows = [['KEY', 'BACKEND', 'WHERE', 'ANSWER', 'TIME', 'MEANING']];
    this.steps.forEach((step, place) => rows.push(rowOf(step, place === this.answer)));
    const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
    const lines = rows.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    );
    if (this.error !== null) lines.push(`a read fails with ${this.error.message}`);
    else if (this.answer === null) lines.push('there is no such secret');
    return lines.join('\n');
  }
}

function rowOf(step, isAnswer) {
  const answer = step.error === null ? step.answer.replace('_', ' ') : step.error.message;
  const took = step.tookMs < 10 ? `${Math.floor(step.tookMs * 1000)}us` : `${Math.floor(step.tookMs)}ms`;
  return [step.key, step.backend, step.detail ?? '-', answer, took, meaningOf(step, isAnswer)];
}

function meaningOf(step, isAnswer) {
  if (isAnswer) return 'the answer';
  if (step.shadowed) return 'shadowed';
  if (step.passedOver) return 'passed over';
  return step.error === null ? '-' : 'ends the search';
}

function explanationOf(told) {
  return new Explanation(told);
}

function exportOf(told) {
  return { ...told, document: wrapped(told.document) };
}

function importOf(told) {
  return { ...told, failures: new Map(told.failures.map(({ key, error }) => [key, errorOf(error)])) };
}

function planOf(told) {
  return { ...told, secrets: told.secrets.map(withError), refusal: errorOf(told.refusal) };
}

function reportOf(told) {
  return { ...told, secrets: told.secrets.map(withError) };
}

/**
 * What the native half is given in place of some options: what is given to iterate over as arrays, secrets as their
 * handles. It stands beside the options, which may be of a class whose getters only they themselves have.
 */
function prepared(options) {
  // Of another object something else would be read: a `Map` has `keys`, too.
  if (options !== undefined && options !== null) native.checkNamed('options', 'an object', options);
  const own = Object.create(null);
  for (const name of ['keys', 'scopes']) {
    const given = optionOf(options, name);
    if (given !== undefined && given !== null) own[name] = several(name, given);
  }
  const keys = optionOf(options, 'fernetKeys');
  if (keys !== undefined && keys !== null) own.fernetKeys = keysOf(keys);
  return own;
}

/**
 * The function that a copy is followed by. What it throws is kept here, as the copy has to come to its end before that
 * goes on; the native half is told whether to go on.
 */
class Follower {
  #thrown = [];

  constructor(options) {
    this.prepared = prepared(options);
    const listener = optionOf(options, 'onProgress');
    if (listener !== undefined && listener !== null) {
      this.prepared.onProgress = typeof listener === 'function' ? this.#telling(listener) : listener;
    }
  }

  #telling(listener) {
    return (progress) => {
      try {
        listener(progress);
      } catch (thrown) {
        this.#thrown.push(thrown);
      }
      return this.#thrown.length === 0;
    };
  }

  /** Throws what the function has thrown, whatever became of the copy. */
  check() {
    if (this.#thrown.length > 0) throw this.#thrown[0];
  }
}

/** The next turn of the event loop, so that a copy whose every step is at hand keeps nothing else waiting. */
function turn() {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Drives a copy that someone follows, on this thread; one that nobody follows is driven elsewhere. */
async function driven(verb, how, source, target, prepared_, options) {
  const begun = await verb(how, source, target, prepared_, options);
  if (prepared_.onProgress === undefined) return begun;
  for (;;) {
    await native.awake(begun, source, target);
    await turn();
    const answer = native.proceed(begun, prepared_.onProgress);
    if (answer !== undefined) return answer;
  }
}

/** Copies, or plans a copy, by a promise. */
async function copied(verb, source, target, options) {
  const follower = new Follower(options);
  try {
    return await soon((...given) => driven(verb, ...given), source, target, follower.prepared, options);
  } finally {
    follower.check();
  }
}

/** Copies, or plans a copy, while this thread waits. */
function copiedNow(verb, source, target, options) {
  const follower = new Follower(options);
  try {
    return now(verb, source, target, follower.prepared, options);
  } finally {
    follower.check();
  }
}

module.exports = { copied, copiedNow, explanationOf, exportOf, importOf, planOf, prepared, reportOf };
