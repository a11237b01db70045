'use strict';
// Settings: their table, and what a manager would be opened with.

const native = require('./native.js');
const { plain } = require('./calling.js');
const { errorOf } = require('./errors.js');
const { stated } = require('./open.js');

function inspect(backend, options) {
  const { functions, own, options: general } = stated(backend, options);
  const found = plain(native.inspect, functions, own, general);
  return { ...found, problems: found.problems.map((problem) => errorOf(problem)) };
}

function settingsTable(app) {
  return plain(native.settingsTable, app ?? 'strongroom');
}

function configSchema() {
  return JSON.parse(plain(native.configSchema));
}

module.exports = { configSchema, inspect, settingsTable };
