'use strict';
// What verbs answer in the fields of `tests/vectors/README.md`; values as bytes, points in time as `Date`s.

/** What is known about a secret besides its value. */
function known(about) {
  return {
    provider: about.provider,
    scope_of_use: about.scopeOfUse,
    labels: about.labels,
    expires: about.expiresAt !== null,
    expires_at: about.expiresAt,
    created_at: about.createdAt,
    version: about.version,
  };
}

function secret(found) {
  return found === null ? null : { ...known(found), value: found.bytes() };
}

function described(found) {
  return found === null ? null : { ...known(found), expired: found.expired };
}

function generated(made) {
  const bytes = made.bytes();
  return { length: bytes.length, symbols: !/^[0-9A-Za-z]*$/.test(Buffer.from(bytes).toString('latin1')) };
}

function page(found) {
  return {
    names: found.entries.map((entry) => entry.name),
    expired: found.entries.filter((entry) => entry.expired).map((entry) => entry.name),
    providers: found.entries.map((entry) => entry.provider),
    more: found.next !== null,
    next: found.next,
  };
}

function kept(versions) {
  return {
    count: versions.length,
    versions: versions.map((entry) => entry.version),
    current: versions.find((entry) => entry.current)?.version ?? null,
    expires_at: versions.map((entry) => entry.expiresAt),
  };
}

function change(found) {
  if (found === null) return null;
  return { kind: found.kind, key: found.key, version: found.version, health: found.health };
}

function several(found) {
  return {
    values: Object.fromEntries([...found.secrets].map(([key, one]) => [key, one.bytes()])),
    failures: Object.fromEntries([...found.failures].map(([key, error]) => [key, error.code])),
  };
}

module.exports = { change, described, generated, kept, page, secret, several };
