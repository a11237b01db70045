'use strict';

const { AbortError, StrongroomError } = require('./errors.js');
const { SecretManager } = require('./manager.js');
const { open, openSync } = require('./open.js');
const { Secret } = require('./secret.js');

// What not every program needs is loaded when it is first called: each file takes some tenths of a millisecond. All are
// ordinary properties, in whose place tests may put something else.
module.exports = {
  AbortError,
  /** The label of a secret that is a reference. */
  REFERENCE_LABEL: 'strongroom.reference',
  Secret,
  SecretManager,
  StrongroomError,
  configSchema() {
    return require('./settings.js').configSchema();
  },
  get fernet() {
    return replaced('fernet', require('./fernet.js').fernet);
  },
  set fernet(fernet) {
    replaced('fernet', fernet);
  },
  generate(spec) {
    return require('./generate.js').generate(spec);
  },
  inspect(backend, options) {
    return require('./settings.js').inspect(backend, options);
  },
  keyEscape(word) {
    return require('./keys.js').keyEscape(word);
  },
  keyOf(name, options) {
    return require('./keys.js').keyOf(name, options);
  },
  keyParse(text) {
    return require('./keys.js').keyParse(text);
  },
  keyUnescape(segment) {
    return require('./keys.js').keyUnescape(segment);
  },
  keyVariable(key, prefix, options) {
    return require('./keys.js').keyVariable(key, prefix, options);
  },
  open,
  openSync,
  settingsTable(app) {
    return require('./settings.js').settingsTable(app);
  },
};

/** Puts a value in the place of what gives it. */
function replaced(name, value) {
  const property = { value, writable: true, enumerable: true, configurable: true };
  Object.defineProperty(module.exports, name, property);
  return value;
}
