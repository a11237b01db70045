'use strict';

const { AbortError, StrongroomError } = require('./errors.js');
const { fernet } = require('./fernet.js');
const { generate } = require('./generate.js');
const { keyEscape, keyOf, keyParse, keyUnescape, keyVariable } = require('./keys.js');
const { SecretManager } = require('./manager.js');
const { open, openSync } = require('./open.js');
const { Secret } = require('./secret.js');
const { configSchema, inspect, settingsTable } = require('./settings.js');

module.exports = {
  AbortError,
  Secret,
  SecretManager,
  StrongroomError,
  configSchema,
  fernet,
  generate,
  inspect,
  keyEscape,
  keyOf,
  keyParse,
  keyUnescape,
  keyVariable,
  open,
  openSync,
  settingsTable,
};
