'use strict';
// What explanations, exports, imports and copies answer, and how a copy is followed.

// Taken here, so that it is the real one also where a test later puts another one in its place.
const { setImmediate } = require('node:timers');

const native = require('./native.js');
const { several } = require('./arguments.js');
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

/** What options state; what was put on the root of all objects they do not. */
function stated(options, name) {
  if (options === null || typeof options !== 'object') return undefined;
  if (options[name] === Object.prototype[name] && !Object.hasOwn(options, name)) return undefined;
  return options[name] ?? undefined;
}

/** Options as the native half takes them: what is given to iterate over as arrays, secrets as their handles. */
function prepared(options) {
  const own = {};
  for (const name of ['keys', 'scopes']) {
    const given = stated(options, name);
    if (given !== undefined && !Array.isArray(given)) own[name] = several(name, given);
  }
  const keys = stated(options, 'fernetKeys');
  if (keys !== undefined) own.fernetKeys = keysOf(keys);
  return Object.keys(own).length === 0 ? options : { ...options, ...own };
}

/**
 * The function that a copy is followed by. What it throws is kept here, as the copy has to come to its end before that
 * goes on; the native half is told whether to go on.
 */
class Follower {
  #thrown = [];

  constructor(options) {
    const listener = stated(options, 'onProgress');
    const own = typeof listener === 'function' ? { ...options, onProgress: this.#telling(listener) } : options;
    this.options = prepared(own);
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

  /** Throws what the function has thrown. */
  check() {
    if (this.#thrown.length > 0) throw this.#thrown[0];
  }
}

/** The next turn of the event loop, so that a copy whose every step is at hand keeps nothing else waiting. */
function turn() {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Drives a copy that someone follows, on this thread; one that nobody follows is driven elsewhere. */
async function driven(verb, how, source, target, options) {
  const begun = await verb(how, source, target, options);
  const listener = stated(options, 'onProgress');
  if (listener === undefined) return begun;
  for (;;) {
    await native.awake(begun, source, target);
    await turn();
    const answer = native.proceed(begun, listener);
    if (answer !== undefined) return answer;
  }
}

/** Copies, or plans a copy, by a promise. */
async function copied(verb, source, target, options) {
  const follower = new Follower(options);
  let answer;
  try {
    answer = await soon((...given) => driven(verb, ...given), source, target, follower.options);
  } catch (thrown) {
    follower.check();
    throw thrown;
  }
  follower.check();
  return answer;
}

/** Copies, or plans a copy, while this thread waits. */
function copiedNow(verb, source, target, options) {
  const follower = new Follower(options);
  let answer;
  try {
    answer = now(verb, source, target, follower.options);
  } catch (thrown) {
    follower.check();
    throw thrown;
  }
  follower.check();
  return answer;
}

module.exports = { copied, copiedNow, explanationOf, exportOf, importOf, planOf, prepared, reportOf };
