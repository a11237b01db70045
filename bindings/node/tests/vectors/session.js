'use strict';
// One script over one newly opened backend: its managers, and what one step leaves for the next.

const assert = require('node:assert/strict');
const crypto = require('node:crypto');

const { value } = require('./documents.js');

/** Every word that a script may need or want lacking, `write` and `fault` aside, and its name in JavaScript. */
const CAPABILITIES = {
  list: 'list',
  versions: 'versions',
  metadata: 'metadata',
  expiry: 'expiry',
  cas: 'cas',
  atomic_batch: 'atomicBatch',
  binary: 'binary',
  empty_value: 'emptyValue',
  verify: 'verify',
  restore: 'restore',
};

/** The options of an opening that all of these parts state. */
function statedForOpening(parts, folder) {
  const settings = {};
  const secrets = {};
  const configText = {};
  for (const part of parts) {
    for (const [name, text] of Object.entries(part.options ?? {})) settings[name] = text.replaceAll('{dir}', folder);
    for (const [name, secret] of Object.entries(part.secret_options ?? {})) secrets[name] = value(secret);
    Object.assign(configText, part.config_text);
  }
  return { app: 'vectors', settings, secrets, configText, environment: false };
}

/** What the steps of a script go through. */
class Session {
  #folder;
  #id = crypto.randomUUID().replaceAll('-', '');
  #opened = [];
  #other = null;
  #saved = new Map();
  #subscriptions = new Map();

  constructor(face, folder) {
    this.face = face;
    this.#folder = folder;
  }

  static async open(face, backend, script, folder) {
    const session = new Session(face, folder);
    session.manager = await session.#openOf([backend, script]);
    session.#compareCapabilities(backend);
    return session;
  }

  async #openOf(parts) {
    const manager = await this.face.open(statedForOpening(parts, this.#folder));
    this.#opened.push(manager);
    return manager;
  }

  #compareCapabilities(backend) {
    const info = this.manager.backend;
    assert.equal(typeof info.readOnly, 'boolean', 'the backend says whether it writes');
    const lacking = info.readOnly ? ['write'] : [];
    for (const [word, name] of Object.entries(CAPABILITIES)) {
      assert.equal(typeof info[name], 'boolean', `the backend says whether it has ${name}`);
      if (!info[name]) lacking.push(word);
    }
    const wanted = backend.lacks.filter((word) => word !== 'fault');
    assert.deepEqual(lacking.sort(), wanted.sort(), `\`lacks\` of ${backend.name}`);
  }

  /** Closes every manager that the script opened. A second time is no error. */
  async close() {
    for (const manager of this.#opened) await this.face.ask(manager, 'close');
  }

  /** A text with its templates filled in. */
  fill(text) {
    const filled = text.replaceAll('{scope}', `project/${this.#id}`).replaceAll('{id}', this.#id);
    return filled.replaceAll('{global}', `G.${this.#id}`);
  }

  /** `@name` is a saved version; everything else is the version's own word. */
  version(word) {
    return word.startsWith('@') ? this.saved(word).word : word;
  }

  saved(word) {
    const saved = this.#saved.get(word.replace(/^@/, ''));
    assert.ok(saved !== undefined, `a step before has saved ${word}`);
    return saved;
  }

  /** The subscription of a name. */
  subscription(name) {
    assert.ok(this.#subscriptions.has(name), `a step before has subscribed as ${name}`);
    return this.#subscriptions.get(name);
  }

  keepSubscription(name, subscription) {
    this.#subscriptions.set(name, subscription);
  }

  save(name, outcome) {
    assert.equal(typeof outcome.version, 'string', 'the backend tells versions');
    this.#saved.set(name, { word: outcome.version, number: outcome.number });
  }

  /** Has the steps go through the script's other manager, which is opened where there is none. */
  async exchange(stated) {
    this.#other ??= await this.#openOf([stated]);
    [this.manager, this.#other] = [this.#other, this.manager];
  }

  /** The manager that the steps do not go through. */
  get beside() {
    assert.ok(this.#other !== null, 'the script has another manager');
    return this.#other;
  }
}

module.exports = { Session, statedForOpening };
