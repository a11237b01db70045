'use strict';

const { AbortError, StrongroomError } = require('./errors.js');
const { SecretManager, generate, open, openSync } = require('./manager.js');
const { Secret } = require('./secret.js');

module.exports = { AbortError, Secret, SecretManager, StrongroomError, generate, open, openSync };
