'use strict';
// Opening a manager.

const { fileURLToPath } = require('node:url');

const native = require('./native.js');
const { exclusive, optionOf, wrongType } = require('./arguments.js');
const { now, soon } = require('./calling.js');
const { asker, keepWith } = require('./functions.js');
const { SecretManager } = require('./manager.js');
const { HANDLE, unwrapped } = require('./secret.js');

/** The options that are an opening's own: all others are those of every call. */
const OWN = ['app', 'backend', 'settings', 'secrets', 'configFile', 'configText', 'environment'];

/**
 * What an object of names has, in one that inherits nothing.
 *
 * @param {string} name of the option
 * @param {(value: unknown) => unknown} each
 */
function named(name, given, each) {
  if (given === undefined || given === null) return undefined;
  native.checkNamed(name, 'an object of names and values', given);
  const own = Object.create(null);
  for (const [key, value] of Object.entries(given)) own[key] = each(value);
  return own;
}

/** The path of a `file:` URL, which the native half knows nothing of. */
function path(given) {
  return given instanceof URL && given.protocol === 'file:' ? fileURLToPath(given) : given;
}

/**
 * What a manager is to be opened with, as the native half takes it: the numbers of the functions that are asked for
 * secret settings, what is an opening's own, and the options that all calls have. The functions are asked as long as
 * `keep` lives.
 *
 * @param {string | object | null} [given] the name of a backend, or the options
 * @param {object | null} [more] the options, where the first is a name or left out
 */
function stated(given, more) {
  const isNamed = typeof given === 'string';
  const isLeftOut = given === undefined || given === null;
  const options = isNamed || isLeftOut ? more : given;
  if (options === given && more !== undefined && more !== null) {
    throw wrongType('the first of two arguments', 'the name of a backend', given);
  }
  if (options !== undefined && options !== null) native.checkNamed('options', 'an object', options);
  const own = Object.create(null);
  for (const name of OWN) own[name] = optionOf(options, name);
  own.settings = named('settings', own.settings, path);
  own.secrets = named('secrets', own.secrets, unwrapped);
  own.configText = named('configText', own.configText, (text) => text);
  own.configFile = Array.isArray(own.configFile) ? own.configFile.map(path) : path(own.configFile);
  state(own, [isNamed ? given : undefined, own.backend, own.settings?.backend]);
  const keep = [];
  const functions = Object.create(null);
  for (const [setting, value] of Object.entries(own.secrets ?? {})) {
    if (typeof value !== 'function') continue;
    // Only who is asked needs what asks.
    require('./asking.js');
    functions[setting] = asker(value, keep);
    delete own.secrets[setting];
  }
  return { functions, keep, own, options };
}

/** States the backend, in whatever of the places it is named. */
function state(own, places) {
  const backends = places.filter((backend) => backend !== undefined && backend !== null);
  if (backends.length > 1) throw exclusive('two backends are stated, which exclude each other');
  own.backend = undefined;
  if (backends.length === 0) return;
  if (typeof backends[0] !== 'string') throw wrongType('backend', 'a string', backends[0]);
  own.settings ??= Object.create(null);
  [own.settings.backend] = backends;
}

/** The manager of a handle, with which the functions live. */
function opened(handle, keep) {
  keepWith(handle, keep);
  return new SecretManager(HANDLE, handle);
}

async function open(backend, options) {
  const { functions, keep, own, options: general } = stated(backend, options);
  return opened(await soon(native.open, functions, own, general), keep);
}

function openSync(backend, options) {
  const { functions, keep, own, options: general } = stated(backend, options);
  return opened(now(native.open, functions, own, general), keep);
}

module.exports = { open, openSync, stated };
