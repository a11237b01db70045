'use strict';
// A step as an operation sees it: its arguments as JavaScript's, and the call itself.

const { value } = require('./documents.js');

/** A name of the files as JavaScript writes it: `if_absent` is `ifAbsent`. */
function camel(name) {
  return name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
}

/** A point in time of the files as a `Date`, which has no microseconds. */
function moment(microseconds) {
  return new Date(Math.floor(microseconds / 1000));
}

/** `expires_at` as it stands, or `expires_in_s` from now, as the option of that name. */
function expiry(args) {
  if ('expires_in_s' in args) return { expiresAt: new Date(Date.now() + args.expires_in_s * 1000) };
  return typeof args.expires_at === 'number' ? { expiresAt: moment(args.expires_at) } : {};
}

/** Those of these arguments that are stated, as they stand, as options. */
function stated(args, ...names) {
  const given = names.filter((name) => name in args);
  return Object.fromEntries(given.map((name) => [camel(name), args[name]]));
}

/** The options of a write that say what is known about the secret. */
function metadata(args) {
  return { ...stated(args, 'provider', 'scope_of_use', 'labels'), ...expiry(args) };
}

/** A step of a script. */
class Step {
  constructor(session, { args, save = {} }) {
    this.session = session;
    this.args = args;
    this.save = save;
  }

  text(name) {
    return this.session.fill(this.args[name]);
  }

  texts(name) {
    return this.args[name].map((text) => this.session.fill(text));
  }

  get key() {
    return this.text('key');
  }

  get value() {
    return value(this.args.value);
  }

  /** Those of these arguments that the step states, as they stand, as options. */
  words(...names) {
    return stated(this.args, ...names);
  }

  /** Those of these texts that the step states, filled in, as options. */
  filled(...names) {
    const given = names.filter((name) => name in this.args);
    return Object.fromEntries(given.map((name) => [camel(name), this.text(name)]));
  }

  /** The version that the step states, if it does, as the option of this name. */
  version(name) {
    return name in this.args ? { [camel(name)]: this.session.version(this.args[name]) } : {};
  }

  /**
   * Calls a verb of the manager that the steps go through, with these options and with what the step says about the
   * call itself. Where there is neither, no options are given.
   */
  ask(verb, given = [], options = {}) {
    const call = { ...options, ...this.words('prompt', 'actor', 'reason', 'request_id', 'timeout_ms') };
    const last = Object.keys(call).length === 0 ? [] : [call];
    return this.session.face.ask(this.session.manager, verb, ...given, ...last);
  }

  /** What a write answered; its version is saved where the step says so. */
  written(outcome) {
    if ('version' in this.save) this.session.save(this.save.version, outcome);
    return { created: outcome.created, version: outcome.version, number: outcome.number };
  }
}

module.exports = { Step, expiry, metadata, moment };
