'use strict';
// Runs programs in processes of their own, which a watchdog ends where they hang.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const assert = require('node:assert/strict');

const native = require('../../lib/native.js');

/** For what hangs. What is only slow, on a machine that does much else, must not fail. */
const PATIENCE = 120_000;

const PREAMBLE = path.join(__dirname, 'preamble.js');

/** Why tests that need a `fault` backend are skipped; nothing where they are not. */
const skip = native.testingFaultCounters === undefined && 'the native half was built without the feature `testing`';

/**
 * Runs a program and gives what it wrote. It finds a folder of its own in `process.argv[2]`.
 *
 * @param {string} program
 * @param {object} [how]
 * @param {string[]} [how.flags] of Node.js
 * @param {object} [how.env] more variables of the environment
 * @param {number|null} [how.code] what it ends with
 * @param {string|null} [how.signal] what ends it
 * @param {(child: object) => Promise<void>} [how.meanwhile] what is done beside it
 */
async function alone(program, { flags = [], env = {}, code = 0, signal = null, meanwhile } = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'strongroom-node-'));
  try {
    const file = path.join(folder, 'program.js');
    fs.writeFileSync(file, `'use strict';\n${program}`);
    const child = spawn(process.execPath, ['--require', PREAMBLE, ...flags, file, folder], {
      env: { ...process.env, HOME: folder, NODE_OPTIONS: '', ...env },
    });
    const said = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr']) {
      child[stream].setEncoding('utf8').on('data', (text) => (said[stream] += text));
    }
    let hangs = false;
    const watchdog = setTimeout(() => {
      hangs = true;
      child.kill('SIGKILL');
    }, PATIENCE);
    const ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (...how) => resolve(how));
    });
    await Promise.all([meanwhile?.(child), ended]);
    clearTimeout(watchdog);
    const how = await ended;
    assert.deepEqual(how, [code, signal], `${hangs ? 'it hung\n' : ''}${said.stdout}\n${said.stderr}`);
    return said;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

module.exports = { alone, skip };
