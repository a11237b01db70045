'use strict';

const { AbortError, StrongroomError } = require('./errors.js');
const { SecretManager } = require('./manager.js');
const { open, openSync } = require('./open.js');
const { Secret } = require('./secret.js');

/** What not every program needs is loaded when it is first asked for: each file takes some tenths of a millisecond. */
module.exports = {
  AbortError,
  Secret,
  SecretManager,
  StrongroomError,
  get configSchema() {
    return require('./settings.js').configSchema;
  },
  get fernet() {
    return require('./fernet.js').fernet;
  },
  get generate() {
    return require('./generate.js').generate;
  },
  get inspect() {
    return require('./settings.js').inspect;
  },
  get keyEscape() {
    return require('./keys.js').keyEscape;
  },
  get keyOf() {
    return require('./keys.js').keyOf;
  },
  get keyParse() {
    return require('./keys.js').keyParse;
  },
  get keyUnescape() {
    return require('./keys.js').keyUnescape;
  },
  get keyVariable() {
    return require('./keys.js').keyVariable;
  },
  open,
  openSync,
  get settingsTable() {
    return require('./settings.js').settingsTable;
  },
};
