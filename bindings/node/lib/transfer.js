'use strict';
// What explanations, exports, imports and copies answer, and how a copy is followed.

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

/** Loaded by the first function that follows a copy. */
const hooks = () => require('node:async_hooks');

/**
 * The function that a copy is followed by, which is called in the asynchronous context of the copy. What it throws is
 * kept here, as the copy has to come to its end before that goes on; the native half is told whether to go on.
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
    const context = new (hooks().AsyncResource)('StrongroomCopy');
    return (progress) => {
      try {
        context.runInAsyncScope(listener, undefined, progress);
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

/** Copies, or plans a copy, by a promise. */
async function copied(verb, source, target, options) {
  const follower = new Follower(options);
  try {
    return await soon(verb, source, target, follower.prepared, options);
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
