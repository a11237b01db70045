'use strict';
// Finds the native half: what was built here from source, else the package for this platform.

const fs = require('node:fs');
const path = require('node:path');

/** The packages that have a native half, by platform. */
const PACKAGES = { 'linux-x64': 'strongroom-linux-x64-gnu' };

function load() {
  const built = path.join(__dirname, '..', 'strongroom.node');
  if (fs.existsSync(built)) return require(built);
  const platform = `${process.platform}-${process.arch}`;
  const name = PACKAGES[platform];
  if (name === undefined) {
    throw new Error(`strongroom has no prebuilt native half for ${platform}`);
  }
  return require(name);
}

module.exports = load();
