'use strict';
// Managers that fail, the errors that they answer, and all that may be seen of an error.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after } = require('node:test');
const { inspect } = require('node:util');

const strongroom = require('strongroom');

const KEY = 'org/acme/api_key';
/** A value that nothing but a value may show. */
const CANARY = 'c4nary-5d1e-never-shown';

/** A manager over a backend, without a cache and untouched by the environment. */
function opened(backend, settings = {}) {
  return strongroom.openSync(backend, { settings: { cache: 'off', ...settings }, environment: false });
}

/** Closes a manager, whose script may stand in the way of that, too. */
function closed(manager) {
  try {
    manager.closeSync();
  } catch (error) {
    if (!(error instanceof strongroom.StrongroomError)) throw error;
  }
}

/** A new folder, which is gone after the tests. */
function temporary() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'strongroom-errors-'));
  after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The error that a call throws or is rejected with. */
async function failure(call) {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
}

/** All that logs and people may see of an error. */
function shown(error) {
  const fields = Object.getOwnPropertyNames(error).map((name) => String(error[name]));
  const lines = [String(error), error.message, error.stack, JSON.stringify(error), ...fields];
  return [...lines, inspect(error), inspect(error, { depth: null, showHidden: true })].join('\n');
}

module.exports = { CANARY, KEY, closed, failure, opened, shown, temporary };
