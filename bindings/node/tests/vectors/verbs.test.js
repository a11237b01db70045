'use strict';
// `verbs.json`: every script over every backend that suits it, through both forms of the verbs.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, describe, test } = require('node:test');

const strongroom = require('strongroom');

const { load, suits } = require('./documents.js');
const { FACES } = require('./faces.js');
const { Ran } = require('./parity.js');
const { Session, statedForOpening } = require('./session.js');
const { runStep } = require('./steps.js');

const FILE = load('verbs.json');
/** Fewer than these would be no run: the file's own counts say how many there are. */
const FEWEST = { scripts: 150, steps: 800 };

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'strongroom-vectors-'));
after(() => fs.rmSync(home, { recursive: true, force: true }));

/** The words of the file's backends that the native half was built without. */
function absentBackends() {
  const words = new Set();
  for (const backend of FILE.backends) {
    const folder = fs.mkdtempSync(path.join(home, 'probe-'));
    try {
      strongroom.openSync(statedForOpening([backend], folder)).closeSync();
    } catch (error) {
      if (error.code !== 'invalid_config' || error.setting !== 'backend') throw error;
      words.add(backend.options.backend);
    }
  }
  return words;
}

const ABSENT = absentBackends();

/** Those of the absent backends that a script opens. */
function missing(backend, script) {
  const others = script.steps.filter((step) => step.op === 'other').map((step) => step.args.options ?? {});
  const opened = [backend.options, ...others].map((options) => options.backend);
  return opened.filter((word) => ABSENT.has(word));
}

async function runScript(face, backend, script) {
  const session = await Session.open(face, backend, script, fs.mkdtempSync(path.join(home, 'script-')));
  for (const [number, step] of script.steps.entries()) {
    try {
      await runStep(session, step);
    } catch (failed) {
      failed.message = `step ${number}, ${JSON.stringify(step).slice(0, 300)}: ${failed.message}`;
      throw failed;
    }
  }
  await session.close();
}

for (const face of FACES) {
  describe(face.language, () => {
    const passed = new Set();
    const failed = new Set();
    const ran = new Ran();

    for (const script of FILE.scripts) {
      for (const backend of FILE.backends.filter((one) => suits(one, script))) {
        const lacking = missing(backend, script);
        const skip = lacking.length > 0 && `the native half was built without ${lacking.join(', ')}`;
        const name = `${script.name}, over ${backend.name}`;
        test(name, { skip }, async () => {
          failed.add(name);
          await runScript(face, backend, script);
          failed.delete(name);
          passed.add(script);
        });
      }
    }

    const skip = ABSENT.size > 0 && `absent backends: ${[...ABSENT].join(', ')}`;
    test('every script and every step ran', { skip }, () => {
      // Stands last: what it counts are the tests before it.
      const steps = [...passed].reduce((sum, script) => sum + script.steps.length, 0);
      assert.deepEqual([...failed], [], 'scripts that failed');
      assert.equal(passed.size, FILE.count, 'scripts that ran, and scripts that there are');
      assert.equal(steps, FILE.steps, 'steps that ran, and steps that there are');
      assert.ok(passed.size >= FEWEST.scripts && steps >= FEWEST.steps, 'the file of vectors has shrunk');
      assert.equal(new Set(FILE.scripts.map((script) => script.name)).size, FILE.count, 'names are unique');
      for (const script of passed) {
        ran.operation(face.language, 'open', script.name);
        for (const { op, error } of script.steps) {
          if (error === undefined && op !== 'other' && face.counts(op)) {
            ran.operation(face.language, op, script.name);
          }
        }
      }
      ran.write(face.language, 'verbs');
    });
  });
}
