'use strict';
// The files of vectors (`tests/vectors/README.md`), and the few words that they are written in.

const fs = require('node:fs');
const path = require('node:path');

/** The repository: what `STRONGROOM_REPOSITORY` names, else the checkout that this file, or the staged copy of it, lies in. */
function repository() {
  const stated = process.env.STRONGROOM_REPOSITORY;
  if (stated) return path.resolve(stated);
  for (let above = __dirname; above !== path.dirname(above); above = path.dirname(above)) {
    if (fs.existsSync(path.join(above, 'tests', 'vectors', 'verbs.json'))) return above;
  }
  throw new Error('STRONGROOM_REPOSITORY names no checkout, and this file lies in none');
}

const REPOSITORY = repository();
const FOLDER = path.join(REPOSITORY, 'tests', 'vectors');

/** A file of vectors; of a schema that this runner does not know it is an error. */
function load(name) {
  const file = JSON.parse(fs.readFileSync(path.join(FOLDER, name), 'utf8'));
  if (file.schema !== 1) throw new Error(`${name} is not of schema 1`);
  return file;
}

/** The bytes that `{"utf8": …}`, `{"base64": …}` or `{"repeat": …, "count": …}` stand for. */
function value(stated) {
  if ('base64' in stated) return Uint8Array.from(Buffer.from(stated.base64, 'base64'));
  return new TextEncoder().encode('utf8' in stated ? stated.utf8 : stated.repeat.repeat(stated.count));
}

/** Whether the backend has what the script needs and lacks what it wants lacking. */
function suits(backend, script) {
  const lacks = new Set(backend.lacks);
  return !script.needs.some((word) => lacks.has(word)) && script.lacks.every((word) => lacks.has(word));
}

module.exports = { REPOSITORY, load, suits, value };
