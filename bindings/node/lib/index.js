'use strict';

const { AbortError, StrongroomError } = require('./errors.js');
const { generate } = require('./generate.js');
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
  generate,
  inspect,
  open,
  openSync,
  settingsTable,
};
