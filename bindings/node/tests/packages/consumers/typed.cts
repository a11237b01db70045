// A program in TypeScript that requires the packages.

import assert = require('node:assert/strict');

import strongroom = require('strongroom');
import keytar = require('strongroom/keytar');

const secrets: strongroom.SecretManager = strongroom.openSync('memory', { environment: false });
secrets.setSync('org/acme/api_key', 'sk-123');
const secret: strongroom.Secret | null = secrets.getSync('org/acme/api_key');
assert.equal(secret?.reveal(), 'sk-123');
const find: (service: string) => Promise<string | null> = keytar.findPassword;
assert.equal(typeof find, 'function');
secrets.closeSync();
