'use strict';
// Every example of the guide and of the package's own page runs, each in a process, an empty folder and a home of its own.

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { describe, test } = require('node:test');
const { promisify } = require('node:util');

const { sources } = require('./sources.js');

const run = promisify(execFile);
const PACKAGE = path.join(__dirname, '..');

/** The fenced blocks of a page: in which section they stand, what they are, on which line they begin, their text. */
function blocksOf(page) {
  const blocks = [];
  let section = '';
  let open = null;
  for (const [number, line] of fs.readFileSync(page, 'utf8').split('\n').entries()) {
    if (open === null && line.startsWith('## ')) section = line.slice(3);
    if (line.startsWith('```')) {
      if (open === null) {
        open = { section, kind: line.slice(3), line: number + 2, text: '' };
      } else {
        blocks.push(open);
        open = null;
      }
    } else if (open !== null) {
      open.text += `${line}\n`;
    }
  }
  assert.equal(open, null, `every block of ${page} ends`);
  return blocks;
}

/** What a block is written to, and how it is run. */
const RUN = {
  js: { file: 'example.mjs', command: [process.execPath, '--unhandled-rejections=strict', 'example.mjs'] },
  cjs: { file: 'example.cjs', command: [process.execPath, '--unhandled-rejections=strict', 'example.cjs'] },
  sh: { file: 'example.sh', command: ['sh', '-eu', 'example.sh'] },
};

/** An environment that says nothing to the library, with a home of its own. */
function environment(home) {
  const told = /^(STRONGROOM_|XDG_|DBUS_SESSION_BUS_ADDRESS$|CREDENTIALS_DIRECTORY$|FERNET_SECRET_KEY$|SECRET_BACKEND$|NODE_)/;
  const kept = Object.entries(process.env).filter(([name]) => !told.test(name));
  const found = `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH ?? ''}`;
  return { ...Object.fromEntries(kept), HOME: home, PATH: found };
}

async function runs({ kind, line, text }, page) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'strongroom-docs-'));
  try {
    const home = path.join(folder, 'home');
    const work = path.join(folder, 'work');
    fs.mkdirSync(home);
    fs.mkdirSync(path.join(work, 'node_modules'), { recursive: true });
    fs.symlinkSync(PACKAGE, path.join(work, 'node_modules', 'strongroom'), 'dir');
    const { file, command } = RUN[kind];
    // Lines of a stack are those of the page.
    fs.writeFileSync(path.join(work, file), '\n'.repeat(line - 1) + text);
    const [program, ...given] = command;
    const { stdout } = await run(program, given, { cwd: work, env: environment(home), timeout: 120_000 });
    return stdout;
  } catch (error) {
    error.message = `${path.basename(page)}:${line}\n${error.stdout ?? ''}${error.stderr ?? ''}${error.message}`;
    throw error;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** What an example says that it prints: comments `// ` behind its calls of `console.log`. */
function printedBy(text) {
  return [...text.matchAll(/console\.log\(.*\); +\/\/ (.*)$/gm)].map(([, printed]) => printed);
}

for (const [page, other] of [['docs/node.md', 2], ['bindings/node/README.md', 1]]) {
  const file = path.join(sources(), page);
  const blocks = blocksOf(file);
  const runnable = blocks.filter(({ kind }) => kind in RUN);

  describe(page, { concurrency: 2 }, () => {
    for (const block of runnable) {
      test(`${block.section}:${block.line}`, async () => {
        const printed = await runs(block, file);
        const lines = printed.split('\n');
        for (const promised of printedBy(block.text)) {
          assert.ok(lines.includes(promised), `${page}:${block.line} says that it prints ${promised}, but printed\n${printed}`);
        }
      });
    }

    test('only what cannot be run here is not run', () => {
      assert.equal(blocks.length - runnable.length, other);
      assert.ok(runnable.length > 0);
    });
  });
}
