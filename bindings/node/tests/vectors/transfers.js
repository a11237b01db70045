'use strict';
// The operations that look at many secrets or at none: explanations, documents, copies, Fernet, settings.

const { fernet, keyVariable } = require('strongroom');

const { value } = require('./documents.js');

async function explain(of) {
  const told = await of.ask('explain', [of.key], 'scopes' in of.args ? { scopes: of.texts('scopes') } : {});
  const names = [];
  const places = [];
  for (const asked of told.steps) {
    // A chain has several steps for a key.
    if (names.at(-1) !== asked.key) names.push(asked.key);
    places.push(names.length - 1);
  }
  const answer = told.answer === null ? null : told.steps[told.answer];
  return {
    names,
    answer: answer === null ? null : places[told.answer],
    provider: answer?.metadata?.provider ?? null,
    error: told.error?.code ?? null,
  };
}

function fernetKeys(of) {
  return 'fernet_keys' in of.args ? { fernetKeys: value(of.args.fernet_keys) } : {};
}

function keys(of) {
  return 'keys' in of.args ? { keys: of.texts('keys') } : {};
}

async function exportDocument(of) {
  const told = await of.ask('export', [of.args.format], {
    ...of.filled('scope', 'prefix'),
    ...of.words('dialect', 'full_names', 'include_expired', 'strict'),
    ...keys(of),
    ...fernetKeys(of),
  });
  return {
    document: told.document.reveal(),
    names: Object.fromEntries(told.exported.map((entry) => [entry.key, entry.name])),
    skipped: Object.fromEntries(told.skipped.map((entry) => [entry.name, entry.reason])),
  };
}

async function importDocument(of) {
  const told = await of.ask('import', [of.text('document'), of.args.format], {
    ...of.filled('scope'),
    ...of.words('dialect', 'names', 'if_exists', 'provider', 'dry_run'),
    ...fernetKeys(of),
  });
  for (const error of told.failures.values()) throw error;
  return {
    imported: told.created,
    replaced: told.replaced,
    skipped: Object.fromEntries(told.skipped.map((entry) => [entry.name, entry.reason])),
    notes: told.notes.length,
  };
}

function copied(of, verb) {
  const options = {
    ...of.filled('scope', 'prefix'),
    ...of.words('if_exists', 'allow_loss', 'skip_unfit', 'delete_source'),
    ...keys(of),
  };
  return of.ask(verb, [of.session.beside], options);
}

function losses(secrets) {
  const losing = secrets.filter((secret) => secret.losses.length > 0);
  return Object.fromEntries(losing.map((secret) => [secret.key, secret.losses.join(',')]));
}

async function copyPlan(of) {
  const { secrets } = await copied(of, 'copyPlan');
  const outcomes = Object.fromEntries(secrets.map((secret) => [secret.key, secret.action]));
  return { outcomes, losses: losses(secrets), deleted: [] };
}

async function copyTo(of) {
  const { secrets } = await copied(of, 'copyTo');
  const outcomes = Object.fromEntries(secrets.map((secret) => [secret.key, secret.outcome]));
  const deleted = secrets.filter((secret) => secret.deleted).map((secret) => secret.key);
  return { outcomes, losses: losses(secrets), deleted };
}

function decrypted(given, token, options) {
  return { value: fernet.decrypt(given, token, options).bytes() };
}

const OPERATIONS = {
  explain,
  export: exportDocument,
  import: importDocument,
  copy_plan: copyPlan,
  copy_to: copyTo,
  setting: async (of) => ({ text: of.session.manager.settings[of.args.name].value }),
  key_variable: async (of) => keyVariable(of.key, of.args.prefix, of.words('mapping')),
  fernet_generate: async () => ({ length: fernet.generateKey().reveal().length }),
  async fernet_encrypt(of) {
    const given = value(of.args.keys);
    return decrypted(given, fernet.encrypt(given, of.value));
  },
  async fernet_rotate(of) {
    const given = value(of.args.keys);
    return decrypted(given, fernet.rotate(given, of.args.token));
  },
  async fernet_decrypt(of) {
    const ttl = 'ttl_s' in of.args ? { ttlMs: of.args.ttl_s * 1000 } : undefined;
    return decrypted(value(of.args.keys), of.args.token, ttl);
  },
};

module.exports = { OPERATIONS };
