'use strict';
// Whether the native half at a path is one for users: nothing in it is there for tests only.

const assert = require('node:assert/strict');
const path = require('node:path');

const native = require(path.resolve(process.argv[2]));

const stray = Object.keys(native).filter((name) => name.startsWith('testing'));
assert.deepEqual(stray, []);
