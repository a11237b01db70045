// Whether both systems of modules have the same names, the same objects; writes next to itself what the type checker
// must accept: that types and modules have exactly the same names, and so their classes.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { exports } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/** The check that a type has exactly these names. */
const same = (names, type) =>
  `export const _${count++}: Same<${type}, ${names.map((name) => JSON.stringify(name)).join(' | ') || 'never'}> = true;`;
let count = 0;

function* checks(there) {
  yield same(Object.keys(there), 'keyof typeof it');
  for (const [name, value] of Object.entries(there)) {
    if (name === 'default' || typeof value !== 'function' || !/^class\b/.test(String(value))) continue;
    const own = (object, besides) => Object.getOwnPropertyNames(object).filter((key) => !besides.includes(key));
    const members = own(value.prototype, ['constructor']);
    // Errors have fields that their constructor sets, and what all errors have.
    if (value.prototype instanceof Error) continue;
    yield same(members, `Extract<keyof it.${name}, string>`);
    yield same(own(value, ['length', 'name', 'prototype']), `Exclude<keyof typeof it.${name}, 'prototype'>`);
    for (const symbol of ['dispose', 'asyncDispose', 'iterator', 'asyncIterator']) {
      const typed = `typeof Symbol.${symbol} extends keyof it.${name} ? true : false`;
      yield `export const _${count++}: ${typed} = ${Symbol[symbol] in value.prototype};`;
    }
  }
}

const SAME = `type Same<Typed, There> = [Exclude<Typed, There>, Exclude<There, Typed>] extends [never, never]
  ? true
  : { onlyTyped: Exclude<Typed, There>; onlyThere: Exclude<There, Typed> };`;

for (const path of Object.keys(exports).filter((path) => !path.endsWith('.json'))) {
  const name = `strongroom${path.slice(1)}`;
  const required = require(name);
  const imported = await import(name);
  for (const key of Object.keys(required)) assert.equal(imported[key], required[key], `${name}: ${key}`);
  const more = Object.keys(imported).filter((key) => !(key in required) && key !== 'default');
  assert.deepEqual(more, [], name);
  const file = (suffix) => new URL(`names-of-${name.replace('/', '-')}.${suffix}`, import.meta.url);
  const text = (module, line) => [line, SAME, ...checks(module), ''].join('\n');
  writeFileSync(file('mts'), text(imported, `import * as it from '${name}';`));
  writeFileSync(file('cts'), text(required, `import it = require('${name}');`));
}
