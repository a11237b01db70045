// `strongroom/keytar`: what it keeps where, what it fails with, and when it opens what.

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { afterEach, test } = require('node:test');
const { promisify } = require('node:util');

const { StrongroomError, open, openSync } = require('strongroom');
const keytar = require('strongroom/keytar');

const { sources } = require('./sources.js');

const run = promisify(execFile);
const { keyring: VECTORS } = JSON.parse(fs.readFileSync(path.join(sources(), 'tests', 'vectors', 'keys.json'), 'utf8'));

afterEach(() => keytar.setManager(null));

function memory() {
  const manager = openSync({ backend: 'memory', environment: false });
  keytar.setManager(manager);
  return manager;
}

/** Runs a script in a process and a home of its own. */
async function inProcess(script, env, { type = 'commonjs' } = {}) {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'strongroom-keytar-'));
  try {
    const { stdout } = await run(process.execPath, [`--input-type=${type}`, '-e', script], {
      cwd: path.join(__dirname, '..'),
      env: { PATH: process.env.PATH, HOME: home, ...env },
      timeout: 60_000,
    });
    return { printed: JSON.parse(stdout), left: fs.readdirSync(home) };
  } finally {
    fs.rmSync(home, { recursive: true, force: true });
  }
}

test('accounts are the secrets that the vectors name, in both directions', async () => {
  const manager = memory();
  const accounts = VECTORS.filter(({ service, account }) => service !== '' && account !== '');
  assert.ok(accounts.length > 3);
  for (const { service, account, key } of accounts) {
    await keytar.setPassword(service, account, `password of ${key}`);
    assert.equal(await manager.getValue(key), `password of ${key}`);
    assert.equal(await keytar.deletePassword(service, account), true);
    assert.equal(await manager.getValue(key), null);
    await manager.set(key, `set as ${key}`);
    assert.equal(await keytar.getPassword(service, account), `set as ${key}`);
    assert.equal(await keytar.findPassword(service), `set as ${key}`);
    assert.deepEqual(await keytar.findCredentials(service), [{ account, password: `set as ${key}` }]);
  }
});

test('an account without a name, which only keyring of Python makes, is found', async () => {
  const { service, key } = VECTORS.find(({ service: of, account }) => of !== '' && account === '');
  await memory().set(key, 'pa55');
  assert.deepEqual(await keytar.findCredentials(service), [{ account: '', password: 'pa55' }]);
  assert.equal(await keytar.findPassword(service), 'pa55');
});

test('what else lies in the scope is no account', async () => {
  const manager = memory();
  await keytar.setPassword('service', 'm', 'pa55');
  await manager.set('app/service/a@production', 'a target is no account');
  await manager.set('app/service/b=FF', 'its name is no text');
  await manager.set('app/service2/a', 'another service');
  assert.deepEqual(await keytar.findCredentials('service'), [{ account: 'm', password: 'pa55' }]);
  assert.equal(await keytar.findPassword('service'), 'pa55');
});

test('a name comes back to the byte', async () => {
  memory();
  for (const name of ['\ufeffann', 'ann\0', '=41', '==', '🔑', ' ']) {
    await keytar.setPassword(name, name, name);
    assert.deepEqual(await keytar.findCredentials(name), [{ account: name, password: name }]);
  }
});

test('what was removed while accounts were searched, and what only looks like one, is passed over', async () => {
  const manager = memory();
  await keytar.setPassword('service', 'zoe', 'pa55');
  const entries = manager.entries.bind(manager);
  manager.entries = async function* (options) {
    yield { name: 'app/service/gone', isReference: false };
    yield { name: 'app/service/a reference', isReference: true };
    yield* entries(options);
  };
  assert.equal(await keytar.findPassword('service'), 'pa55');
  assert.deepEqual(await keytar.findCredentials('service'), [{ account: 'zoe', password: 'pa55' }]);
});

test('what a search holds besides its answer is wiped', async () => {
  const manager = memory();
  await keytar.setPassword('service', 'ann', 'pa55');
  const getMany = manager.getMany.bind(manager);
  let found;
  manager.getMany = async (keys) => {
    found = await getMany(keys);
    return found;
  };
  assert.equal((await keytar.findCredentials('service')).length, 1);
  assert.throws(() => found.secrets.get('app/service/ann').reveal(), { code: 'closed' });
});

test('all accounts of a service are found, sorted, however many they are', async () => {
  const manager = memory();
  const keys = Array.from({ length: 1500 }, (_, number) => `app/service/account${String(number).padStart(4, '0')}`);
  await manager.setMany(Object.fromEntries(keys.map((key) => [key, `password of ${key}`])));
  const found = await keytar.findCredentials('service');
  assert.deepEqual(
    found,
    keys.map((key) => ({ account: key.slice(-11), password: `password of ${key}` })),
  );
  assert.equal(await keytar.findPassword('service'), found[0].password);
});

test('an account that has expired or is no text is passed over where another one can be read', async () => {
  const manager = memory();
  await manager.set('app/expired/adam', 'hidden', { expiresAt: new Date(2001, 0) });
  await manager.set('app/bytes/adam', Buffer.from('hidden\xff', 'latin1'));
  for (const [service, code] of [
    ['expired', 'expired'],
    ['bytes', 'invalid_value'],
  ]) {
    for (const call of [
      () => keytar.getPassword(service, 'adam'),
      () => keytar.findPassword(service),
      () => keytar.findCredentials(service),
    ]) {
      await assert.rejects(call, (error) => {
        assert.ok(error instanceof StrongroomError);
        assert.equal(error.code, code);
        assert.ok(!`${error.message} ${error.help}`.includes('hidden'));
        return true;
      });
    }
    await keytar.setPassword(service, 'zoe', 'pa55');
    assert.equal(await keytar.findPassword(service), 'pa55');
    assert.deepEqual(await keytar.findCredentials(service), [{ account: 'zoe', password: 'pa55' }]);
  }
});

for (const [script, code] of [
  ['*:locked', 'locked'],
  ['*:denied', 'permission_denied'],
  ['*:unavailable', 'unavailable'],
  ['*:corrupt', 'integrity'],
]) {
  test(`a store that is ${code} is never "there is none"`, async () => {
    const manager = await open({
      backend: 'fault',
      settings: { 'fault.script': script, cache: 'off' },
      environment: false,
    });
    keytar.setManager(manager);
    for (const call of [
      () => keytar.getPassword('service', 'ann'),
      () => keytar.setPassword('service', 'ann', 'hidden-password'),
      () => keytar.deletePassword('service', 'ann'),
      () => keytar.findPassword('service'),
      () => keytar.findCredentials('service'),
    ]) {
      await assert.rejects(call, (error) => {
        assert.ok(error instanceof StrongroomError);
        assert.equal(error.code, code);
        assert.ok(!`${error.message} ${error.help} ${error.stack}`.includes('hidden-password'));
        return true;
      });
    }
  });
}

test('a failure of one account among others is the answer of the search', async () => {
  const manager = await open({
    backend: 'fault',
    settings: { 'fault.script': 'get*1:locked', cache: 'off' },
    environment: false,
  });
  keytar.setManager(manager);
  await keytar.setPassword('service', 'ann', 'pa55');
  await keytar.setPassword('service', 'zoe', 's3cret');
  await assert.rejects(keytar.findPassword('service'), { code: 'locked' });
  assert.equal(await keytar.findPassword('service'), 'pa55');
  await manager.close();
});

test('errors of arguments are thrown before any store is opened', async () => {
  let asked = 0;
  keytar.setManager(() => {
    asked += 1;
    return openSync({ backend: 'memory', environment: false });
  });
  for (const [call, kind, message] of [
    [() => keytar.getPassword(), Error, 'Service is required.'],
    [() => keytar.getPassword(1, ''), Error, 'Account is required.'],
    [() => keytar.getPassword('service', 1), TypeError, "Parameter 'username' must be a string"],
    [() => keytar.setPassword(1, 2, ''), Error, 'Password is required.'],
    [() => keytar.setPassword(1, 2, 3), TypeError, "Parameter 'service' must be a string"],
    [
      () => keytar.setPassword('service', 'ann', Buffer.from('pa55')),
      TypeError,
      "Parameter 'password' must be a string",
    ],
    [() => keytar.deletePassword('service', 1), TypeError, "Parameter 'username' must be a string"],
    [() => keytar.findPassword(''), Error, 'Service is required.'],
    [() => keytar.findPassword([]), Error, 'Service is required.'],
    [() => keytar.findCredentials(1), TypeError, "Parameter 'service' must be a string"],
  ]) {
    assert.throws(call, (error) => error.constructor === kind && error.message === message);
  }
  assert.equal(asked, 0);
});

test('first calls that come at once open one store', async () => {
  let asked = 0;
  keytar.setManager(async () => {
    asked += 1;
    return open({ backend: 'memory', environment: false });
  });
  const accounts = Array.from({ length: 50 }, (_, number) => `account${number}`);
  await Promise.all(accounts.map((account) => keytar.setPassword('service', account, `password of ${account}`)));
  for (const account of accounts) assert.equal(await keytar.getPassword('service', account), `password of ${account}`);
  assert.equal(asked, 1);
});

test('an opening that failed is tried again by the next call', async () => {
  let asked = 0;
  keytar.setManager(async () => {
    asked += 1;
    return open({ backend: asked === 1 ? 'no such word' : 'memory', environment: false });
  });
  const first = await Promise.allSettled([keytar.getPassword('service', 'ann'), keytar.findCredentials('service')]);
  assert.deepEqual(
    first.map(({ reason }) => reason?.code),
    ['invalid_config', 'invalid_config'],
  );
  assert.equal(asked, 1);
  assert.equal(await keytar.getPassword('service', 'ann'), null);
  assert.equal(await keytar.getPassword('service', 'zoe'), null);
  assert.equal(asked, 2);
});

test('a store that was replaced while it was opened does not come back', async () => {
  let release;
  keytar.setManager(
    () =>
      new Promise((resolve) => {
        release = resolve;
      }),
  );
  const early = keytar.getPassword('service', 'ann');
  const manager = memory();
  await manager.set('app/service/ann', 'of the later store');
  const former = openSync({ backend: 'memory', environment: false });
  await former.set('app/service/ann', 'of the former store');
  release(former);
  assert.equal(await early, 'of the former store');
  assert.equal(await keytar.getPassword('service', 'ann'), 'of the later store');
});

test('a store that was closed says so', async () => {
  await memory().close();
  await assert.rejects(keytar.getPassword('service', 'ann'), { name: 'StrongroomError', code: 'closed' });
});

test('a store that was closed is asked for again where a function gives it', async () => {
  const opened = [];
  keytar.setManager(async () => {
    opened.push(await open({ backend: 'memory', environment: false }));
    return opened.at(-1);
  });
  await keytar.setPassword('service', 'account', 'pa55');
  await opened[0].close();
  const calls = [keytar.getPassword('service', 'account'), keytar.findCredentials('service')];
  assert.deepEqual(await Promise.all(calls), [null, []]);
  assert.equal(opened.length, 2);
  await opened[1].close();
  await keytar.setPassword('service', 'account', 'new');
  assert.equal(await opened[2].getValue('app/service/account'), 'new');
  for (const verb of ['findPassword', 'deletePassword']) {
    await opened.at(-1).close();
    await keytar[verb]('service', 'account');
  }
  assert.equal(opened.length, 5);
});

test('a function that gives a closed store again is not asked for ever', async () => {
  const closed = openSync({ backend: 'memory', environment: false });
  closed.closeSync();
  let asked = 0;
  keytar.setManager(() => {
    asked += 1;
    return closed;
  });
  await assert.rejects(keytar.getPassword('service', 'account'), { code: 'closed' });
  assert.equal(asked, 2);
});

test('what is no store is refused', async () => {
  for (const wrong of [undefined, 'memory', {}, Promise.resolve(null)]) {
    assert.throws(() => keytar.setManager(wrong), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  }
  keytar.setManager(() => ({}));
  await assert.rejects(keytar.getPassword('service', 'ann'), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
});

const BEGIN = `
  const keytar = require('strongroom/keytar');
  const code = (error) => error.code;
`;

test('the store is what the environment says, asked at the first call and again after a failure', async () => {
  const { printed } = await inProcess(
    `${BEGIN}
    (async () => {
      const said = [await keytar.getPassword('service', 'ann').catch(code)];
      process.env.STRONGROOM_SECRETS_BACKEND = 'file';
      await keytar.setPassword('service', 'ann', 'pa55');
      const secrets = require('strongroom').openSync();
      said.push(secrets.backend.name, secrets.getValueSync('app/service/ann'));
      process.stdout.write(JSON.stringify(said));
    })();
  `,
    { STRONGROOM_SECRETS_BACKEND: 'no such word' },
  );
  assert.deepEqual(printed, ['invalid_config', 'file', 'pa55']);
});

test('loading it opens and writes nothing', async () => {
  const { printed, left } = await inProcess(
    `${BEGIN}
    process.stdout.write(JSON.stringify(Object.keys(keytar)));
  `,
    { STRONGROOM_SECRETS_BACKEND: 'no such word' },
  );
  assert.deepEqual(printed, [
    'getPassword',
    'setPassword',
    'deletePassword',
    'findPassword',
    'findCredentials',
    'setManager',
  ]);
  assert.deepEqual(left, []);
});

test('both systems of modules have the same functions, by name and as the default', async () => {
  const { printed } = await inProcess(
    `
    import { createRequire } from 'node:module';
    import keytar, * as named from 'strongroom/keytar';
    const required = createRequire(import.meta.url)('strongroom/keytar');
    const { default: _, ...functions } = { ...named };
    process.stdout.write(JSON.stringify([
      keytar === required, Object.keys(functions).sort(),
      Object.entries(functions).every(([name, value]) => required[name] === value),
    ]));
  `,
    {},
    { type: 'module' },
  );
  assert.deepEqual(printed, [true, Object.keys(keytar).sort(), true]);
});
