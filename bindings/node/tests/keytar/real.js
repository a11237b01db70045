// The package keytar itself, for comparison: installed once below the build's folder, with a keyring of its own.

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { promisify } = require('node:util');

const { sources } = require('../sources.js');

const run = promisify(execFile);
const VERSION = '7.9.0';
const FOLDER = path.join(sources(), 'target', 'node', 'keytar');
/** What a session needs. */
const PROGRAMS = ['dbus-run-session', 'gnome-keyring-daemon'];
/** Unlocking must be the first that the session's keyring hears. */
const UNLOCKED = 'printf pa55 | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1 && exec "$@"';

/** What npm is told by: the user's own home, also where tests have another, and the headers of this very Node.js. */
function npm() {
  const installed = path.join(path.dirname(process.execPath), '..');
  const headers = fs.existsSync(path.join(installed, 'include', 'node', 'node_api.h'));
  return { ...process.env, HOME: os.userInfo().homedir, ...(headers ? { npm_config_nodedir: installed } : {}) };
}

/** Installs keytar where it is not yet; says why it cannot be had, or `null`. */
async function missing() {
  if (process.platform !== 'linux') return 'its session is set up on Linux only';
  const found = (process.env.PATH ?? '').split(path.delimiter);
  const absent = PROGRAMS.filter((program) => !found.some((folder) => fs.existsSync(path.join(folder, program))));
  if (absent.length > 0) return `not installed: ${absent.join(', ')}`;
  try {
    if (!fs.existsSync(path.join(FOLDER, 'node_modules', 'keytar', 'build', 'Release', 'keytar.node'))) {
      fs.mkdirSync(FOLDER, { recursive: true });
      fs.writeFileSync(path.join(FOLDER, 'package.json'), '{ "private": true }\n');
      const words = ['install', '--no-save', '--ignore-scripts=false', `keytar@${VERSION}`];
      await run('npm', words, { cwd: FOLDER, env: npm(), timeout: 300_000 });
    }
    await run(process.execPath, ['-e', 'require("keytar")'], { cwd: FOLDER, timeout: 60_000 });
    return null;
  } catch (error) {
    const why = `${error.stderr ?? ''}\n${error.message}`.split('\n').map((line) => line.trim());
    return `keytar@${VERSION} cannot be installed: ${why.find((line) => /error/i.test(line)) ?? error.message}`;
  }
}

/** Runs a program of Node.js in a session of D-Bus with an unlocked keyring, both its own, and gives its output. */
async function inSession(given, { cwd, home, env }) {
  const runtime = path.join(home, 'runtime');
  fs.mkdirSync(runtime, { mode: 0o700, recursive: true });
  const clean = { PATH: process.env.PATH, HOME: home, XDG_RUNTIME_DIR: runtime, ...env };
  const { stdout } = await run('dbus-run-session', ['--', 'sh', '-c', UNLOCKED, 'sh', process.execPath, ...given], {
    cwd,
    env: clean,
    timeout: 300_000,
    maxBuffer: 1 << 28,
  });
  return stdout;
}

module.exports = { FOLDER, inSession, missing };
