// A script of calls that a module of keytar's functions is run through, in a process of its own: what each call
// answers, throws or rejects with is printed as JSON. `node calls.js MODULE`, where the module can be found.

/** What is no text, or none that keytar takes. `'x'` is what it takes. */
const GIVEN = [
  undefined,
  null,
  '',
  0,
  1,
  NaN,
  1n,
  false,
  true,
  Symbol('x'),
  [],
  ['x'],
  {},
  { length: 0 },
  { length: -1 },
  { length: 'many' },
  () => 'x',
  (one) => one,
  new String(''),
  new String('x'),
  Buffer.alloc(0),
  Buffer.from('x'),
  'x',
];

const PLACES = { getPassword: 2, setPassword: 3, deletePassword: 2, findPassword: 1, findCredentials: 1 };

/** Every way to give `places` arguments, but the one that calls the store. */
function combinations(places) {
  let found = [[]];
  for (let place = 0; place < places; place += 1) {
    found = found.flatMap((given) => GIVEN.map((next) => [...given, next]));
  }
  return found.filter((given) => given.some((argument) => argument !== 'x'));
}

const SERVICES = [
  'https://example.org',
  'my service',
  '.',
  '..',
  'a/b@c=d',
  'ü',
  '日本語',
  '🔑',
  '  ',
  '\n',
  '==',
  'x'.repeat(300),
];

/** The calls that go to the store, in this order. */
function stored() {
  const calls = [];
  for (const service of SERVICES) {
    calls.push(
      ['getPassword', service, 'ann'],
      ['findPassword', service],
      ['findCredentials', service],
      ['deletePassword', service, 'ann'],
      ['setPassword', service, 'ann', 'pa55'],
      ['getPassword', service, 'ann'],
      ['findPassword', service],
      ['setPassword', service, 'ann', 'changed'],
      ['findPassword', service],
      ['getPassword', service, 'Ann'],
      ['setPassword', service, 'Ann', 'other'],
      ['getPassword', service, 'ann'],
      ['findCredentials', service],
      ['deletePassword', service, 'Ann'],
      ['deletePassword', service, 'Ann'],
      ['findCredentials', service],
    );
  }
  for (const text of [' pa55 ', 'pa55\n', '\t', '"\'\\', 'ü日🔑', 'x'.repeat(10_000), '0', 'null']) {
    calls.push(
      ['setPassword', 'texts', 'ann', text],
      ['getPassword', 'texts', 'ann'],
      ['findPassword', 'texts'],
      ['findCredentials', 'texts'],
      ['deletePassword', 'texts', 'ann'],
    );
  }
  return calls.concat([
    ['setPassword', 'one', 'ann', 'pa55', 'more'],
    ['getPassword', 'one', 'ann', 'more'],
    ['findPassword', 'one', 'more'],
    ['findPassword', 'on'],
    ['findCredentials', 'one/ann'],
    ['getPassword', 'one/ann', 'ann'],
  ]);
}

/** Calls whose answers differ by what is known, by what they are about. */
const DIFFERENT = {
  'text behind a NUL': [
    ['setPassword', 'nul', 'ann', 'pa55\0more'],
    ['getPassword', 'nul', 'ann'],
  ],
  'half a character': [
    ['setPassword', 'half', 'ann', 'pa55\ud800'],
    ['getPassword', 'half', 'ann'],
  ],
  'a name of 2,000 bytes': [
    ['setPassword', 'x'.repeat(2000), 'ann', 'pa55'],
    ['getPassword', 'x'.repeat(2000), 'ann'],
  ],
};

function told(error) {
  return { class: error.constructor.name, name: error.name, message: error.message, code: error.code };
}

async function outcome(keytar, [name, ...given]) {
  let promise;
  try {
    promise = keytar[name](...given);
  } catch (error) {
    return { threw: told(error) };
  }
  if (!(promise instanceof Promise)) return { noPromise: typeof promise };
  try {
    const answer = await promise;
    // In what order accounts are told is the keystore's own matter.
    if (Array.isArray(answer)) answer.sort((one, other) => (one.account < other.account ? -1 : 1));
    return answer === undefined ? { nothing: true } : { answer };
  } catch (error) {
    return { rejected: told(error) };
  }
}

async function main() {
  const keytar = require(process.argv[2]);
  const shown = (call) =>
    call.map((part) => (typeof part === 'string' ? part : require('node:util').inspect(part))).join(' ');
  const same = [];
  for (const [name, places] of Object.entries(PLACES)) {
    for (const given of [[], ...combinations(places)]) {
      same.push([shown([name, ...given]), await outcome(keytar, [name, ...given])]);
    }
  }
  for (const call of stored()) same.push([shown(call), await outcome(keytar, call)]);
  const different = {};
  for (const [what, calls] of Object.entries(DIFFERENT)) {
    different[what] = [];
    for (const call of calls) different[what].push(await outcome(keytar, call));
  }
  process.stdout.write(JSON.stringify({ same, different }));
}

main();
