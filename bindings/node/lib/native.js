'use strict';
// Finds the native half: what was built here from source, else the package for this platform.

const fs = require('node:fs');
const path = require('node:path');

/**
 * The packages that have a native half, by platform. They are the optional dependencies of this one. Their names stand
 * where they are loaded, so that who bundles a program sees which files it needs.
 */
const PACKAGES = {
  'linux-x64': { name: 'strongroom-linux-x64-gnu', load: () => require('strongroom-linux-x64-gnu') },
};
/** Where `strongroom-build` puts what it built. */
const BUILT = path.join(__dirname, '..', 'strongroom.node');
/** Never asks a registry for a program of that name. */
const BUILD = '`npx --no strongroom-build`, which builds it from source with Rust and a C compiler';

/** The C library's version, where it is glibc. Asked of a report, which takes a while: only once something is wrong. */
function glibc() {
  const excludesNetwork = process.report.excludeNetwork;
  process.report.excludeNetwork = true;
  try {
    return process.report.getReport().header.glibcVersionRuntime;
  } finally {
    process.report.excludeNetwork = excludesNetwork;
  }
}

/** This platform, as npm names it, with its C library where that matters. */
function platformWithLibc() {
  const platform = `${process.platform}-${process.arch}`;
  if (process.platform !== 'linux') return platform;
  const version = glibc();
  return version === undefined ? `${platform} without glibc (musl?)` : `${platform} with glibc ${version}`;
}

/** Why there is no package, and what to do. */
function missing(name, cause) {
  const platform = platformWithLibc();
  if (name === undefined || platform.includes('without glibc')) {
    return new Error(`strongroom: there is no prebuilt native half for ${platform}. Run ${BUILD}.`, { cause });
  }
  return new Error(
    `strongroom: the package ${name}, the native half for ${platform}, is not installed. It is an optional dependency: ` +
      'npm leaves it out with --omit=optional, and where package-lock.json was made on another platform and lacks it. ' +
      `Install again with optional dependencies (if that does not help, without node_modules and package-lock.json), ` +
      `or run ${BUILD}.`,
    { cause },
  );
}

/** Loads a file or package, or says why that cannot be. */
function loaded(name, what, load) {
  try {
    return load();
  } catch (cause) {
    if (cause.code === 'MODULE_NOT_FOUND') throw missing(name, cause);
    throw new Error(
      `strongroom: ${what} cannot be loaded on ${platformWithLibc()} by Node.js ${process.version}: ${cause.message}. ` +
        `It was built for another platform or a later C library: run ${BUILD}.`,
      { cause },
    );
  }
}

function load() {
  if (fs.existsSync(BUILT)) {
    return loaded(BUILT, `the native half that was built here (${BUILT})`, () => require(BUILT));
  }
  const prebuilt = PACKAGES[`${process.platform}-${process.arch}`];
  if (prebuilt === undefined) throw missing(undefined);
  return loaded(prebuilt.name, `the package ${prebuilt.name}`, prebuilt.load);
}

module.exports = load();
