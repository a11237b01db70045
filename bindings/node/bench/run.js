'use strict';
// Times the package that is installed beside what else Node.js programs read secrets with.
//
// `cargo xtask bench node` installs it and the others and runs this in a session with an unlocked keyring. By hand, where
// all of them are installed: `node run.js STORES ROWS`, two folders. One for temporary files may lie in memory, where a
// durable write costs nothing.

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { openSync } = require('strongroom');

const { alone, pair, starts } = require('./measure.js');
const peers = require('./peers.js');
const { Report } = require('./report.js');

const KEY = 'org/acme/api_key';
const VALUE = 'sk-0123456789abcdefghijklmnopqrstuvwxyz';
const SECRETS = 1000;
const [CACHED, UNCACHED, DURABLE, FOREIGN] = [20_000, 500, 20, 10];

/** Keeps what a loop has read, so that the engine cannot leave the reading out. */
const read = { last: undefined };

/** The encrypted store of a folder. */
function openStore(folder, settings = {}) {
  const keyFile = path.join(folder, 'secrets.key');
  if (!fs.existsSync(keyFile)) {
    fs.writeFileSync(keyFile, crypto.randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
  }
  const stated = {
    'encrypted.path': path.join(folder, 'secrets.strongroom'),
    'encrypted.key_file': keyFile,
    ...settings,
  };
  return openSync({ app: 'bench', backend: 'encrypted', settings: stated, environment: false });
}

function fill(store) {
  for (let at = 0; at < SECRETS; at++) store.setSync(`org/acme/other_${at}`, VALUE);
  store.setSync(KEY, VALUE);
}

async function cached(rows, store) {
  process.env.BENCH_API_KEY = VALUE;
  const table = new Map([[KEY, VALUE]]);
  for (let at = 0; at < SECRETS; at++) table.set(`org/acme/other_${at}`, VALUE);
  const absent = async (key) => table.get(key);

  const environment = (times) => {
    for (let at = 0; at < times; at++) read.last = process.env.BENCH_API_KEY;
  };
  const lookUp = (times) => {
    for (let at = 0; at < times; at++) read.last = table.get(KEY);
  };
  const awaited = async (times) => {
    for (let at = 0; at < times; at++) read.last = await absent(KEY);
  };
  const value = (times) => {
    for (let at = 0; at < times; at++) read.last = store.getValueSync(KEY);
  };
  const secret = (times) => {
    for (let at = 0; at < times; at++) read.last = store.getSync(KEY);
  };
  const revealed = (times) => {
    for (let at = 0; at < times; at++) read.last = store.getSync(KEY).reveal();
  };
  const valueLater = async (times) => {
    for (let at = 0; at < times; at++) read.last = await store.getValue(KEY);
  };
  const secretLater = async (times) => {
    for (let at = 0; at < times; at++) read.last = await store.get(KEY);
  };

  const report = new Report(rows, 'cached');
  const row = async (name, floor, ours, targets) =>
    report.beside(name, await pair(floor, ours, { times: CACHED }), targets);
  await row('getValueSync, a string (floor: process.env.X)', environment, value, { mostRatio: 0.55 });
  await row('getSync (floor: process.env.X)', environment, secret);
  await row('getSync and reveal (floor: process.env.X)', environment, revealed);
  await row('getValueSync, a string (floor: a look-up in a Map)', lookUp, value);
  const floor = '(floor: await of an async function that looks into a Map)';
  await row(`await getValue ${floor}`, awaited, valueLater, { most: 400 });
  await row(`await get ${floor}`, awaited, secretLater);
  report.close();
}

async function besidePeers(rows, store) {
  const report = new Report(rows, 'peers');
  const value = (times) => {
    for (let at = 0; at < times; at++) read.last = store.getValueSync(KEY);
  };
  const valueLater = async (times) => {
    for (let at = 0; at < times; at++) read.last = await store.getValue(KEY);
  };
  const secret = (times) => {
    for (let at = 0; at < times; at++) read.last = store.getSync(KEY).reveal();
  };
  const row = async (name, floor, ours, targets) =>
    report.faster(name, await pair(floor, ours, { times: CACHED, floorTimes: FOREIGN }), targets);
  const why = (error) => error.message.split('\n')[0];

  let ring;
  try {
    ring = peers.keyring(VALUE);
  } catch (error) {
    report.skipped('@napi-rs/keyring', why(error));
  }
  if (ring !== undefined) {
    assert.equal(ring.entry.getPassword(), VALUE);
    assert.equal(await ring.later.getPassword(), VALUE);
    const password = (times) => {
      for (let at = 0; at < times; at++) read.last = ring.entry.getPassword();
    };
    const passwordLater = async (times) => {
      for (let at = 0; at < times; at++) read.last = await ring.later.getPassword();
    };
    const least = { least: 1000 };
    await row('getValueSync (floor: getPassword of @napi-rs/keyring, gnome-keyring)', password, value, least);
    await row('getSync and reveal (floor: the same)', password, secret);
    await row('await getValue (floor: await of the same of its AsyncEntry)', passwordLater, valueLater, least);
  }

  try {
    const getPassword = await peers.keytar(VALUE);
    assert.equal(await getPassword(), VALUE);
    const password = async (times) => {
      for (let at = 0; at < times; at++) read.last = await getPassword();
    };
    await row('await getValue (floor: await of getPassword of keytar, gnome-keyring)', password, valueLater);
  } catch (error) {
    report.skipped('keytar', why(error));
  }
  report.close();
}

/** What is not cached, and what is written; beside files, in which programs keep secrets that have no store. */
async function stored(rows, folder) {
  const report = new Report(rows, 'stored');
  const file = path.join(folder, 'secret.txt');
  fs.writeFileSync(file, VALUE);
  const [handle, memory] = [fs.openSync(file, 'r+'), openSync({ backend: 'memory', settings: { cache: 'off' } })];
  const later = await fs.promises.open(file, 'r+');
  const encrypted = openStore(folder, { cache: 'off' });
  memory.setSync(KEY, VALUE);

  const reading = (store) => (times) => {
    for (let at = 0; at < times; at++) read.last = store.getValueSync(KEY);
  };
  const readingLater = (store) => async (times) => {
    for (let at = 0; at < times; at++) read.last = await store.getValue(KEY);
  };
  const write = (store) => (times) => {
    for (let at = 0; at < times; at++) store.setSync(KEY, VALUE);
  };
  const writeLater = (store) => async (times) => {
    for (let at = 0; at < times; at++) await store.set(KEY, VALUE);
  };
  const readFile = (times) => {
    for (let at = 0; at < times; at++) read.last = fs.readFileSync(file, 'utf8');
  };
  const readFileLater = async (times) => {
    for (let at = 0; at < times; at++) read.last = await fs.promises.readFile(file, 'utf8');
  };
  const writeFile = (times) => {
    for (let at = 0; at < times; at++) {
      fs.writeSync(handle, VALUE, 0);
      fs.fdatasyncSync(handle);
    }
  };
  const writeFileLater = async (times) => {
    for (let at = 0; at < times; at++) {
      await later.write(VALUE, 0);
      await later.datasync();
    }
  };

  const beside = async (name, floor, ours, times) => report.beside(name, await pair(floor, ours, { times }));
  const figure = async (name, ours, times) => report.alone(name, await alone(ours, times));
  await figure('getValueSync, not cached, memory', reading(memory), UNCACHED);
  await figure('await getValue, not cached, memory', readingLater(memory), UNCACHED);
  await figure('setSync, memory', write(memory), UNCACHED);
  await figure('await set, memory', writeLater(memory), UNCACHED);
  await beside('getValueSync, not cached, encrypted (floor: readFileSync)', readFile, reading(encrypted), UNCACHED);
  const floor = '(floor: await of fs.promises.readFile)';
  await beside(`await getValue, not cached, encrypted ${floor}`, readFileLater, readingLater(encrypted), UNCACHED);
  await beside('setSync, durable (floor: writeSync and fdatasyncSync)', writeFile, write(encrypted), DURABLE);
  await beside('await set, durable (floor: the same by promises)', writeFileLater, writeLater(encrypted), DURABLE);

  for (const store of [memory, encrypted]) store.closeSync();
  await later.close();
  fs.closeSync(handle);
  report.close();
}

async function imports(rows) {
  const programs = [
    "require('strongroom')",
    "import('strongroom')",
    "require('@napi-rs/keyring')",
    "require('keytar')",
  ];
  const others = programs.filter((program, at) => at < 2 || isInstalled(program.slice("require('".length, -2)));
  const { bare, above } = await starts('', others, __dirname);
  const report = new Report(rows, 'import');
  report.alone('node without a program, from start to end', bare);
  others.forEach((program, at) => {
    report.alone(`${program}, above that`, above[at].took, at === 0 ? { most: 8e6 } : {});
    report.alone('the same in processor time, which a busy machine changes little', above[at].used);
  });
  report.close();
}

function isInstalled(name) {
  try {
    require(name);
    return true;
  } catch {
    return false;
  }
}

const load = () =>
  os
    .loadavg()
    .map((load) => load.toFixed(2))
    .join(', ');

async function main() {
  const [stores, rows] = process.argv.slice(2);
  if (rows === undefined) throw new Error('run.js STORES ROWS: the folders where stores are made and rows are left');
  console.log(`\nNode.js ${process.versions.node}, load ${load()}`);
  const folder = fs.mkdtempSync(path.join(stores, 'node-'));
  const store = openStore(folder);
  try {
    fill(store);
    assert.equal(store.getValueSync(KEY), VALUE);
    assert.equal((await store.get(KEY)).reveal(), VALUE);
    await cached(rows, store);
    await besidePeers(rows, store);
    await stored(rows, folder);
    await imports(rows);
  } finally {
    store.closeSync();
    fs.rmSync(folder, { recursive: true });
  }
  console.log(`\nload at the end ${load()}`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
