'use strict';

const { AbortError, StrongroomError } = require('./errors.js');
const { fernet } = require('./fernet.js');
const { keyEscape, keyOf, keyParse, keyUnescape, keyVariable } = require('./keys.js');
const { SecretManager, open, openSync } = require('./manager.js');
const { Secret } = require('./secret.js');

module.exports = {
  AbortError,
  Secret,
  SecretManager,
  StrongroomError,
  fernet,
  keyEscape,
  keyOf,
  keyParse,
  keyUnescape,
  keyVariable,
  open,
  openSync,
};
