'use strict';
// Which vector ran which operation through which form of the verbs, for docs/parity.md.

const fs = require('node:fs');
const path = require('node:path');

const { REPOSITORY } = require('./documents.js');

/** What has run so far, of any number of languages. */
class Ran {
  #operations = new Map();

  /** The first vector of an operation is the one that is named. */
  operation(language, name, vector) {
    if (!this.#operations.has(language)) this.#operations.set(language, new Map());
    const operations = this.#operations.get(language);
    if (!operations.has(name)) operations.set(name, vector);
  }

  /** Writes what ran through one form. */
  write(language, part) {
    const folder = process.env.STRONGROOM_PARITY_DIR || path.join(REPOSITORY, 'target', 'parity');
    fs.mkdirSync(folder, { recursive: true });
    const operations = [...(this.#operations.get(language) ?? [])].sort(([one], [other]) => (one < other ? -1 : 1));
    const told = { language, ops: Object.fromEntries(operations) };
    fs.writeFileSync(path.join(folder, `${language}.${part}.json`), `${JSON.stringify(told, null, 2)}\n`);
  }
}

module.exports = { Ran };
