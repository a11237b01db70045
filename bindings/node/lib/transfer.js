'use strict';
// What explanations, exports, imports and copies answer, and how a copy is followed.

const native = require('./native.js');
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
    const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd());
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

/** The options of a document, whose Fernet keys may be secrets. */
function documented(options) {
  return options?.fernetKeys === undefined ? options : { ...options, fernetKeys: keysOf(options.fernetKeys) };
}

/**
 * The function that a copy is followed by. What it throws is kept here, as the copy has to come to its end before that
 * goes on; the native half is told whether to go on.
 */
class Follower {
  #thrown = [];

  constructor(options) {
    const listener = options?.onProgress;
    this.options = typeof listener === 'function' ? { ...options, onProgress: this.#telling(listener) } : options;
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

/** Drives a copy that someone follows, on this thread; one that nobody follows is driven elsewhere. */
async function driven(verb, ...given) {
  const begun = await verb(...given);
  const listener = given.at(-1)?.onProgress ?? null;
  if (listener === null) return begun;
  for (;;) {
    await native.awake(begun);
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

module.exports = { copied, copiedNow, documented, explanationOf, exportOf, importOf, planOf, reportOf };
