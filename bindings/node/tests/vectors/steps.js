'use strict';
// The operations of a script, one verb each, and how a step is run.

const assert = require('node:assert/strict');

const strongroom = require('strongroom');

const answers = require('./answers.js');
const { difference } = require('./compare.js');
const { value } = require('./documents.js');
const { Step, expiry, metadata, moment } = require('./step.js');
const transfers = require('./transfers.js');

async function get(of) {
  const options = { ...of.words('include_expired', 'fresh'), ...of.version('version') };
  return answers.secret(await of.ask('get', [of.key], options));
}

async function getVersion(of) {
  if ('include_expired' in of.args) return await get(of);
  return answers.secret(await of.ask('getVersion', [of.key, of.session.version(of.args.version)]));
}

async function getInto(of) {
  const buffer = new Uint8Array(of.args.capacity);
  const length = await of.ask('getInto', [of.key, buffer]);
  return length === null ? null : { value: buffer.slice(0, length) };
}

async function getWithFallback(of) {
  const given = [of.text('name'), of.texts('scopes')];
  return answers.secret(await of.ask('getWithFallback', given, of.words('allow_unavailable')));
}

async function list(of) {
  const options = { ...of.filled('scope', 'prefix', 'after'), ...of.words('provider', 'limit', 'full_metadata') };
  return answers.page(await of.ask('list', [], options));
}

async function set(of) {
  const options = { ...metadata(of.args), ...of.words('if_absent'), ...of.version('if_version') };
  if ('created_at' in of.args) options.createdAt = moment(of.args.created_at);
  return of.written(await of.ask('set', [of.key, of.value], options));
}

async function setMany(of) {
  const entries = of.args.entries.map((entry) => {
    return [of.session.fill(entry.key), new strongroom.Secret(value(entry.value), metadata(entry))];
  });
  const told = await of.ask('setMany', [entries]);
  for (const error of told.failures.values()) throw error;
  return { created: [...told.outcomes.values()].map((outcome) => outcome.created) };
}

async function setApiKey(of) {
  const given = [of.key, of.value, of.args.provider];
  return of.written(await of.ask('setApiKey', given));
}

/** What an update is to do with the expiry; where nothing is stated it stays. */
function changedExpiry(of) {
  return { ...of.words('clear_expiry'), ...expiry(of.args) };
}

async function updateValue(of) {
  const options = { ...changedExpiry(of), ...of.version('if_version') };
  return of.written(await of.ask('updateValue', [of.key, of.value], options));
}

async function updateMetadata(of) {
  const words = of.words('provider', 'scope_of_use', 'labels');
  const options = { ...words, ...changedExpiry(of), ...of.version('if_version') };
  return of.written(await of.ask('updateMetadata', [of.key], options));
}

/** How a value is generated. */
function spec(of) {
  const { form: kind, length } = of.args;
  return kind === 'password'
    ? { kind, length, ...of.words('symbols') }
    : { kind, bytes: length, ...of.words('symbols') };
}

async function getOrGenerate(of) {
  return answers.generated(await of.ask('getOrGenerate', [of.key, spec(of)], metadata(of.args)));
}

async function rollback(of) {
  const version = 'version' in of.args ? of.session.version(of.args.version) : undefined;
  return of.written(await of.ask('rollback', [of.key, version], of.words('back')));
}

async function verify(of) {
  const { secrets, versions, sequence } = await of.ask('verify');
  return { secrets, versions, sequence };
}

/** What a verb answers that answers nothing. */
async function nothing(of, verb, given = [], options = {}) {
  assert.equal(await of.ask(verb, given, options), undefined, `${verb} answers nothing`);
  return null;
}

async function remove(of) {
  const options = { ...of.words('missing_ok', 'soft', 'force'), ...of.version('version') };
  return await nothing(of, 'delete', [of.key], options);
}

async function resolve(of) {
  const { version } = of.version('version');
  return answers.secret(await of.ask('resolve', [of.text('reference').replaceAll('{version}', version)]));
}

async function subscribe(of) {
  const keys = 'keys' in of.args ? { keys: of.texts('keys') } : {};
  const options = { ...keys, ...of.filled('scope', 'prefix'), ...of.words('every_ms') };
  of.session.keepSubscription(of.args.name, await of.ask('subscribe', [], options));
  return null;
}

async function scoped(of) {
  of.session.manager = of.session.manager.scoped(of.text('scope'));
  return null;
}

async function other(of) {
  await of.session.exchange(of.args);
  return null;
}

const OPERATIONS = {
  scoped,
  other,
  get,
  get_version: getVersion,
  get_value: (of) => of.ask('getValue', [of.key]),
  get_into: getInto,
  get_many: async (of) => answers.several(await of.ask('getMany', [of.texts('keys')])),
  get_with_fallback: getWithFallback,
  exists: (of) => of.ask('exists', [of.key]),
  describe: async (of) => answers.described(await of.ask('describe', [of.key])),
  list,
  versions: async (of) => answers.kept(await of.ask('versions', [of.key])),
  set,
  set_many: setMany,
  set_api_key: setApiKey,
  update_value: updateValue,
  update_metadata: updateMetadata,
  generate: async (of) => answers.generated(strongroom.generate(spec(of))),
  get_or_generate: getOrGenerate,
  rotate: async (of) => of.written(await of.ask('rotate', [of.key, of.value])),
  rotate_generate: async (of) => of.written(await of.ask('rotate', [of.key, spec(of)])),
  delete: remove,
  restore: async (of) => of.written(await of.ask('restore', [of.key])),
  resolve,
  refresh: (of) => nothing(of, 'refresh'),
  rollback,
  health: async (of) => (await of.ask('health')).state,
  metrics: (of) => (of.session.manager.metrics()[of.args.name] ?? 0) >= of.args.at_least,
  subscribe,
  next_change: async (of) => answers.change(await of.session.face.next(of.session.subscription(of.args.of))),
  verify,
  lock: (of) => nothing(of, 'lock'),
  close: (of) => nothing(of, 'close'),
  ...transfers.OPERATIONS,
};

/** Makes the call of a step; its answer or its error. */
async function called(session, stated) {
  try {
    return { found: await OPERATIONS[stated.op](new Step(session, stated)) };
  } catch (error) {
    if (!(error instanceof strongroom.StrongroomError)) throw error;
    return { error };
  }
}

/** Makes the call of a step and compares its answer. */
async function runStep(session, stated) {
  const { found, error } = await called(session, stated);
  if (error !== undefined) {
    assert.equal(error.code, stated.error, `answered ${error}, wanted ${stated.error ?? 'no error'}`);
    assert.ok(error.message.startsWith(`${error.code}: `), 'the text names the kind');
    return;
  }
  assert.equal(stated.error, undefined, `worked and should have answered ${stated.error}`);
  if ('expect' in stated) {
    const differs = difference(session, stated.expect, found);
    assert.equal(differs, null, `${differs} differs: ${JSON.stringify(found)?.slice(0, 300)}`);
  }
}

module.exports = { OPERATIONS, runStep };
