'use strict';
// What the packages must do for a program that requires them, on its own thread and on another.

const assert = require('node:assert/strict');
const { Worker, isMainThread } = require('node:worker_threads');

const { Secret, openSync } = require('strongroom');
const keytar = require('strongroom/keytar');

assert.equal(typeof keytar.getPassword, 'function');

const secrets = openSync('memory', { environment: false });
secrets.setSync('org/acme/api_key', new Secret('sk-123'));
assert.equal(secrets.getSync('org/acme/api_key').reveal(), 'sk-123');
secrets.closeSync();

if (isMainThread) {
  new Worker(__filename).once('exit', (code) => assert.equal(code, 0));
}
