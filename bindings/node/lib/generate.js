'use strict';

const native = require('./native.js');
const { plain } = require('./calling.js');
const { wrapped } = require('./secret.js');

/** Generates a value; nothing is stored. */
function generate(spec) {
  return wrapped(plain(native.generate, spec));
}

module.exports = { generate };
