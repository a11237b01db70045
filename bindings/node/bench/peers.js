'use strict';
// What Node.js programs read secrets with, each ready to be asked without a person and without a network.

const SERVICE = 'org/acme';
const USER = 'api_key';

function inSession() {
  if (process.env.DBUS_SESSION_BUS_ADDRESS === undefined) {
    throw new Error('there is no session of D-Bus; `cargo xtask bench node` starts one');
  }
}

/** Both entries of `@napi-rs/keyring` for one password, in the Secret Service: what it would fall back to is faster. */
function keyring(value) {
  inSession();
  const { AsyncEntry, Entry } = require('@napi-rs/keyring');
  const options = { linux: { store: 'secret-service' } };
  const entry = new Entry(SERVICE, USER, options);
  entry.setPassword(value);
  return { entry, later: new AsyncEntry(SERVICE, USER, options) };
}

/** `getPassword` of keytar for one password. */
async function keytar(value) {
  inSession();
  const module = require('keytar');
  await module.setPassword(SERVICE, USER, value);
  return () => module.getPassword(SERVICE, USER);
}

module.exports = { keyring, keytar };
