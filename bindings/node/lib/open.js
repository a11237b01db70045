'use strict';
// Opening a manager.

const { fileURLToPath } = require('node:url');

const native = require('./native.js');
const { now, soon } = require('./calling.js');
const { SecretManager } = require('./manager.js');
const { HANDLE, unwrapped } = require('./secret.js');

function wrongType(message) {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' });
}

/**
 * What an object of names has, in one that inherits nothing.
 *
 * @param {string} name of the option
 * @param {(value: unknown, name: string) => unknown} each
 */
function named(name, given, each) {
  if (given === undefined || given === null) return undefined;
  if (typeof given !== 'object' || Symbol.iterator in given) throw wrongType(`${name} is an object of names and values`);
  const own = Object.create(null);
  for (const [key, value] of Object.entries(given)) own[key] = each(value, key);
  return own;
}

/** A path of a `file:` URL, which the native half knows nothing of. */
function path(given) {
  return given instanceof URL && given.protocol === 'file:' ? fileURLToPath(given) : given;
}

/** What a manager is to be opened with, as the native half takes it: `open(backend, options)` or `open(options)`. */
function stated(given, more) {
  const isNamed = typeof given === 'string';
  const options = isNamed ? more : given;
  if (!isNamed && more !== undefined) throw wrongType('the first of two arguments is the name of a backend');
  if (options !== undefined && options !== null && (typeof options !== 'object' || Symbol.iterator in options)) {
    throw wrongType('options is an object');
  }
  const { backend, ...general } = { ...options };
  const known = Object.assign(Object.create(null), general);
  known.settings = named('settings', general.settings, path);
  known.secrets = named('secrets', general.secrets, unwrapped);
  known.configText = named('configText', general.configText, (text) => text);
  known.configFile = Array.isArray(general.configFile) ? general.configFile.map(path) : path(general.configFile);
  const backends = [isNamed ? given : undefined, backend, known.settings?.backend];
  const chosen = backends.filter((stated) => stated !== undefined && stated !== null);
  if (chosen.length > 1) throw wrongType('two backends are stated');
  if (chosen.length === 1) {
    if (typeof chosen[0] !== 'string') throw wrongType('backend is a string');
    known.settings ??= Object.create(null);
    known.settings.backend = chosen[0];
  }
  return known;
}

async function open(backend, options) {
  return new SecretManager(HANDLE, await soon(native.open, stated(backend, options)));
}

function openSync(backend, options) {
  return new SecretManager(HANDLE, now(native.open, stated(backend, options)));
}

module.exports = { open, openSync, stated, wrongType };
