'use strict';
// What tests of copies copy.

const { openSync } = require('strongroom');

function memory() {
  return openSync({ backend: 'memory', environment: false });
}

function fault(script, settings = {}) {
  return openSync({
    backend: 'fault',
    settings: { 'fault.script': script, cache: 'off', ...settings },
    environment: false,
  });
}

function names(manager) {
  return manager.listSync().entries.map((entry) => entry.name);
}

/** A source of A, B and C that hangs once, after the first secret of a phase. */
function hangingAfter(phase) {
  const source = fault(`get*${{ planning: 1, deleting: 7 }[phase]}:pass; get*1:hang`);
  for (const name of ['A', 'B', 'C']) source.setSync(name, name);
  return source;
}

module.exports = { fault, hangingAfter, memory, names };
