'use strict';
// What `require('strongroom')` says where the native half is missing or cannot be loaded, and what builds it.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const PACKAGE = path.join(__dirname, '..');
const PLATFORM = 'strongroom-linux-x64-gnu';
const onLinux = {
  skip: process.platform !== 'linux' || process.arch !== 'x64' ? 'there is a package for Linux on x64 only' : false,
};

/** The package in an empty folder, without its native half. */
function installed(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'loading-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const home = path.join(folder, 'node_modules', 'strongroom');
  for (const name of ['lib', 'bin', 'package.json']) {
    fs.cpSync(path.join(PACKAGE, name), path.join(home, name), { recursive: true });
  }
  return { folder, home };
}

/** Puts a package of the platform beside it, with something else for a native half. */
function addPlatform({ folder }, native) {
  const home = path.join(folder, 'node_modules', PLATFORM);
  fs.mkdirSync(home);
  fs.writeFileSync(path.join(home, 'package.json'), JSON.stringify({ name: PLATFORM, main: './strongroom.node' }));
  fs.writeFileSync(path.join(home, 'strongroom.node'), native);
}

/** What a program says that requires the package, after some lines of its own. */
function required({ folder }, before = '') {
  const program = `${before}; try { require('strongroom'); console.log('loaded'); } catch (e) { console.log(e.message); }`;
  const run = spawnSync(process.execPath, ['-e', program], { cwd: folder, encoding: 'utf8' });
  assert.equal(run.stderr, '');
  return run.stdout.trim();
}

/** Runs the source build with something else for cargo. */
function built({ home }, cargo) {
  const run = spawnSync(process.execPath, [path.join(home, 'bin', 'strongroom-build.js')], {
    env: { ...process.env, CARGO: cargo, CARGO_TARGET_DIR: path.join(home, 'target') },
    encoding: 'utf8',
  });
  return { ...run, said: run.stdout + run.stderr };
}

/** A cargo that says that it built a file. */
function cargoThatBuilt({ folder, home }, file) {
  fs.mkdirSync(path.join(home, 'native'));
  fs.writeFileSync(path.join(home, 'native', 'Cargo.toml'), 'rust-version = "1.2"\n');
  const message = { reason: 'compiler-artifact', target: { name: 'strongroom_node' }, filenames: [file] };
  const cargo = path.join(folder, 'cargo');
  fs.writeFileSync(cargo, `#!/bin/sh\necho '${JSON.stringify(message)}'\n`, { mode: 0o755 });
  return cargo;
}

test('a platform without a package is named, and the command that builds', (t) => {
  const said = required(installed(t), "Object.defineProperty(process, 'platform', { value: 'sunos' })");
  assert.match(said, /no prebuilt native half for sunos-/);
  assert.match(said, /npx --no strongroom-build/);
});

test('a package that is not installed is named, and how it comes to be missing', onLinux, (t) => {
  const said = required(installed(t));
  for (const wanted of [
    PLATFORM,
    'linux-x64 with glibc 2.',
    '--omit=optional',
    'package-lock.json',
    'strongroom-build',
  ]) {
    assert.ok(said.includes(wanted), `${wanted}: ${said}`);
  }
});

test('on Linux without glibc no package is missed', onLinux, (t) => {
  const said = required(installed(t), 'process.report.getReport = () => ({ header: {} })');
  assert.match(said, /no prebuilt native half for linux-x64 without glibc/);
  assert.match(said, /npx --no strongroom-build/);
});

test('a native half that cannot be loaded is named, and why', onLinux, (t) => {
  const there = installed(t);
  addPlatform(there, 'no library');
  const said = required(there);
  assert.match(said, new RegExp(`the package ${PLATFORM} cannot be loaded on linux-x64 with glibc 2`));
  assert.match(said, /invalid ELF header|file too short/);
  assert.match(said, /npx --no strongroom-build/);
});

test('what was built here goes before the package', onLinux, (t) => {
  const there = installed(t);
  addPlatform(there, 'no library');
  const library = path.join(there.folder, 'library.so');
  fs.copyFileSync(path.join(PACKAGE, 'strongroom.node'), library);
  assert.equal(
    built(there, cargoThatBuilt(there, library)).said,
    `built ${path.join(there.home, 'strongroom.node')}\n`,
  );
  assert.equal(required(there), 'loaded');
});

test('a platform for which cargo makes no library is refused', onLinux, (t) => {
  const there = installed(t);
  const { status, said } = built(there, cargoThatBuilt(there, path.join(there.folder, 'library.a')));
  assert.equal(status, 1);
  assert.match(said, /cargo built nothing that Node\.js can load/);
});

test('what was built and cannot be loaded is not put in place', onLinux, (t) => {
  const there = installed(t);
  const library = path.join(there.folder, 'library.so');
  fs.writeFileSync(library, 'no library');
  const { status, said } = built(there, cargoThatBuilt(there, library));
  assert.equal(status, 1);
  assert.match(said, /what was built cannot be loaded/);
  assert.deepEqual(
    fs.readdirSync(there.home).filter((name) => name.endsWith('.node')),
    [],
  );
});

test('a source build without cargo or sources says what is needed', (t) => {
  const there = installed(t);
  assert.match(built(there, 'cargo').said, /the sources are not in /);
  cargoThatBuilt(there, 'nothing');
  const { status, said } = built(there, path.join(there.folder, 'no-such-cargo'));
  assert.equal(status, 1);
  assert.match(said, /cargo is not there: install Rust 1\.2 or later and a C compiler/);
});

test('who follows the files that a program needs finds the native half', () => {
  const loader = fs.readFileSync(path.join(PACKAGE, 'lib', 'native.js'), 'utf8');
  const { optionalDependencies } = JSON.parse(fs.readFileSync(path.join(PACKAGE, 'package.json'), 'utf8'));
  for (const name of Object.keys(optionalDependencies)) assert.ok(loader.includes(`require('${name}')`), name);
});

test('tests may put something else in the place of what the package exports', () => {
  const script = `
    const { mock } = require('node:test');
    const strongroom = require('strongroom');
    for (const name of Object.keys(strongroom)) {
      if (name === 'fernet' || /^[A-Z]/.test(name)) continue;
      const mocked = mock.method(strongroom, name, () => 'mocked');
      if (strongroom[name]() !== 'mocked') throw new Error(name);
      mocked.mock.restore();
    }
    if (!Array.isArray(strongroom.settingsTable())) throw new Error('restored');
    const mine = {};
    strongroom.fernet = mine;
    if (strongroom.fernet !== mine) throw new Error('fernet');
    for (const name of Object.keys(strongroom)) delete strongroom[name];
    process.stdout.write(String(Object.keys(strongroom).length));
  `;
  const run = spawnSync(process.execPath, ['-e', script], { cwd: PACKAGE, encoding: 'utf8' });
  assert.deepEqual([run.stdout, run.stderr], ['0', '']);
});
