// Every example of the guide and of the package's own page runs, each in a process, a folder and a home of its own.

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

const TYPESCRIPT = path.join(sources(), 'target', 'tools', 'npm', 'types', 'node_modules');
const NODE = [process.execPath, '--unhandled-rejections=strict'];

/** What a block of each kind is written to, and the commands that run it. */
const RUN = {
  js: { file: 'example.mjs', commands: [[...NODE, 'example.mjs']] },
  cjs: { file: 'example.cjs', commands: [[...NODE, 'example.cjs']] },
  ts: {
    file: 'example.mts',
    commands: [
      [
        process.execPath,
        path.join(TYPESCRIPT, 'typescript', 'bin', 'tsc'),
        '--strict',
        '--module',
        'nodenext',
        '--target',
        'es2022',
        '--typeRoots',
        path.join(TYPESCRIPT, '@types'),
        '--types',
        'node',
        'example.mts',
      ],
      [...NODE, 'example.mjs'],
    ],
  },
  sh: { file: 'example.sh', commands: [['sh', '-eu', 'example.sh']] },
};

/** Why a block cannot be run here, or `null`. */
function missing({ kind }) {
  return kind === 'ts' && !fs.existsSync(TYPESCRIPT) ? `there is no TypeScript in ${TYPESCRIPT}` : null;
}

/** Whether it needs keytar itself: `keytar-differential.test.js` runs it where that is. */
function needsKeytar({ text }) {
  return text.includes("from 'keytar';\n");
}

/** An environment that says nothing to the library, with a home of its own. */
function environment(home) {
  const told =
    /^(STRONGROOM_|XDG_|DBUS_SESSION_BUS_ADDRESS$|CREDENTIALS_DIRECTORY$|FERNET_SECRET_KEY$|SECRET_BACKEND$|NODE_)/;
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
    const { file, commands } = RUN[kind];
    // Lines of a stack are those of the page.
    fs.writeFileSync(path.join(work, file), '\n'.repeat(line - 1) + text);
    let printed = '';
    for (const [program, ...given] of commands) {
      printed += (await run(program, given, { cwd: work, env: environment(home), timeout: 120_000 })).stdout;
    }
    return printed;
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

/** The pages, and which of their blocks are not run here. */
const PAGES = [
  ['docs/node.md', ['Install: console', 'keytar: js']],
  ['bindings/node/README.md', []],
];

for (const [page, other] of PAGES) {
  const file = path.join(sources(), page);
  const blocks = blocksOf(file);
  const isRun = (block) => block.kind in RUN && !needsKeytar(block);

  describe(page, { concurrency: 2 }, () => {
    for (const block of blocks.filter(isRun)) {
      test(`${block.section}:${block.line}`, async (t) => {
        const reason = missing(block);
        if (reason !== null) return t.skip(reason);
        const printed = await runs(block, file);
        const lines = printed.split('\n');
        for (const promised of printedBy(block.text)) {
          assert.ok(
            lines.includes(promised),
            `${page}:${block.line} says that it prints ${promised}, but printed\n${printed}`,
          );
        }
      });
    }

    test('only these are not run', () => {
      const left = blocks.filter((block) => !isRun(block));
      assert.deepEqual(
        left.map(({ section, kind }) => `${section}: ${kind}`),
        other,
      );
      assert.ok(blocks.length > left.length);
    });
  });
}
