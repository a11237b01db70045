'use strict';
// A store whose key functions are asked for.

const path = require('node:path');
const { test } = require('node:test');

const { open, openSync } = require('strongroom');

const STORE_KEY = 'k'.repeat(32);
/** Both forms, as functions that give promises. */
const FORMS = { open, openSync: async (...stated) => openSync(...stated) };

function both(name, run) {
  for (const [form, opening] of Object.entries(FORMS)) test(`${form}: ${name}`, (context) => run(opening, context));
}

/** What opens the encrypted store of a folder with a function. */
function store(folder, provide, more) {
  return {
    backend: 'encrypted',
    settings: { 'encrypted.path': path.join(folder, 'secrets.strongroom') },
    secrets: { 'encrypted.key': provide },
    environment: false,
    ...more,
  };
}

/** The programs of processes of their own begin with it. */
const STORE = `
const path = require('node:path');
const KEY = 'k'.repeat(32);
const store = (folder, provide, more) => ({
  backend: 'encrypted',
  settings: { 'encrypted.path': path.join(folder, 'secrets.strongroom'), deadline: '2m' },
  secrets: { 'encrypted.key': provide },
  environment: false,
  ...more,
});
`;

module.exports = { STORE, STORE_KEY, both, store };
