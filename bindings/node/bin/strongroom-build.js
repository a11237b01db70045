#!/usr/bin/env node
'use strict';
// Builds the native half from the sources in this package, where there is no package of it for the platform. Run by
// people, never by an installation.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const PACKAGE = path.dirname(__dirname);
const SOURCES = path.join(PACKAGE, 'native');
/** Where `lib/native.js` looks first. */
const BUILT = path.join(PACKAGE, 'strongroom.node');

const HELP = `usage: npx --no strongroom-build

Builds the native half of strongroom from the sources in its package, in the release profile with every backend, and
puts it into the package, where it goes before a prebuilt one. It needs Rust (cargo), a C compiler, and the network or
a cargo cache that has the dependencies. Set CARGO to name another cargo, CARGO_TARGET_DIR to build in another folder.
`;

/** Builds, and gives the path of what was built. */
function build() {
  const manifest = path.join(SOURCES, 'Cargo.toml');
  if (!fs.existsSync(manifest))
    throw new Error(`the sources are not in ${SOURCES}: install the package strongroom anew`);
  const [, version] = /^rust-version = "([^"]+)"/m.exec(fs.readFileSync(manifest, 'utf8'));
  const words = ['rustc', '--release', '--locked', '--package', 'strongroom-node', '--lib'];
  words.push('--no-default-features', '--features', 'full', '--message-format', 'json-render-diagnostics');
  // In the folder of the sources, whose settings cargo reads.
  const cargo = spawnSync(process.env.CARGO || 'cargo', [...words, '--', '-C', 'strip=symbols'], {
    cwd: SOURCES,
    encoding: 'utf8',
    maxBuffer: Infinity,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (cargo.error?.code === 'ENOENT') {
    throw new Error(`cargo is not there: install Rust ${version} or later and a C compiler, then try again`);
  }
  if (cargo.error) throw new Error(`cargo cannot be run: ${cargo.error.message}`);
  if (cargo.status !== 0) {
    throw new Error(`cargo ended with ${cargo.status ?? cargo.signal}; it must be that of Rust ${version} or later`);
  }
  const messages = cargo.stdout.split('\n').filter((line) => line.startsWith('{'));
  const library = messages
    .map((line) => JSON.parse(line))
    .filter(({ reason, target }) => reason === 'compiler-artifact' && target.name === 'strongroom_node')
    .flatMap(({ filenames }) => filenames)
    .find((name) => /\.(so|dylib|dll)$/.test(name));
  if (library === undefined) throw new Error('cargo built nothing that Node.js can load: this platform has none');
  return library;
}

/** Puts the library into the package, once this Node.js has loaded it. */
function install(library) {
  const fresh = path.join(PACKAGE, `strongroom-${process.pid}.node`);
  try {
    fs.copyFileSync(library, fresh);
    const load = spawnSync(process.execPath, ['-e', 'require(process.argv[1])', fresh], { encoding: 'utf8' });
    if (load.status !== 0) throw new Error(`what was built cannot be loaded:\n${load.stderr}`);
    // In place of the earlier one at once: a program that runs keeps the file that it has.
    fs.renameSync(fresh, BUILT);
  } finally {
    fs.rmSync(fresh, { force: true });
  }
}

/** What the program was asked to do; gives its exit code. */
function main(words) {
  if (words.length > 0) {
    const asked = words.length === 1 && ['--help', '-h'].includes(words[0]);
    (asked ? process.stdout : process.stderr).write(HELP);
    return asked ? 0 : 2;
  }
  try {
    install(build());
  } catch (error) {
    process.stderr.write(`strongroom-build: ${error.message}\n`);
    return 1;
  }
  // What cargo made on the way is many times the size of what it was for.
  if (!process.env.CARGO_TARGET_DIR) fs.rmSync(path.join(SOURCES, 'target'), { recursive: true, force: true });
  process.stdout.write(`built ${BUILT}\n`);
  return 0;
}

process.exitCode = main(process.argv.slice(2));
