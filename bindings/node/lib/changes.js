'use strict';
// Being told of changes.

const native = require('./native.js');
const { optionOf, several, wrongType } = require('./arguments.js');
const { follow, now, signalsOf, soon, unfollow } = require('./calling.js');
const { abortedBy } = require('./errors.js');
const { ASYNC_DISPOSE, DISPOSE, HANDLE } = require('./secret.js');

/** What signals end, of subscriptions that nobody has any more. */
const forgotten = new FinalizationRegistry(leave);

/** Changes as they come. Its documentation stands in `changes.d.ts`. */
class Subscription {
  #state;
  #isOver = false;
  /** The signal that was its end. */
  #endedBy;

  constructor(mark, handle, manager, signals) {
    if (mark !== HANDLE) throw new TypeError('a Subscription is made by subscribe() or subscribeSync()');
    // The manager is kept, so that not the collector decides when the changes end.
    this.#state = { handle, manager, signals, waiting: 0, isHolding: true };
    if (signals.length === 0) return;
    for (const signal of signals) follow(signal, this.#state, end);
    forgotten.register(this, this.#state, this.#state);
  }

  static own(of) {
    if (typeof of !== 'object' || of === null || !(#state in of)) throw wrongType('this', 'a Subscription', of);
    return of;
  }

  // --- the next one

  async next() {
    own(this);
    if (this.#isOver) return { value: undefined, done: true };
    if (this.#aborted() !== undefined) return this.#end();
    const state = this.#state;
    if (state.waiting++ === 0 && state.isHolding) native.holdLoop(true);
    try {
      const change = await soon(native.nextChange, state.handle, undefined);
      return change === null ? this.#end() : { value: change, done: false };
    } finally {
      if (--state.waiting === 0 && state.isHolding) native.holdLoop(false);
    }
  }

  nextSync(timeoutMs) {
    own(this);
    if (this.#isOver) return null;
    const change = this.#aborted() === undefined ? now(native.nextChange, this.#state.handle, timeoutMs) : null;
    if (change === null) this.#end();
    return change;
  }

  #aborted() {
    return this.#state.signals.find((signal) => signal.aborted);
  }

  /** What is answered at the end. Where a signal was it, all who waited are told so, or the first who asks. */
  #end() {
    if (!this.#isOver) {
      this.#endedBy = this.#aborted();
      this.close();
    }
    if (this.#endedBy !== undefined) throw abortedBy(this.#endedBy);
    return { value: undefined, done: true };
  }

  // --- the end

  close() {
    own(this);
    if (this.#isOver) return;
    this.#isOver = true;
    forgotten.unregister(this.#state);
    leave(this.#state);
    end(this.#state);
  }

  async return(value) {
    this.close();
    return { value, done: true };
  }

  [DISPOSE]() {
    this.close();
  }

  async [ASYNC_DISPOSE]() {
    this.close();
  }

  // --- whether the event loop goes on for who waits

  ref() {
    hold(own(this).#state, true);
    return this;
  }

  unref() {
    own(this);
    // Who waits for the end that has come already is to hear of it.
    if (!this.#isOver) hold(this.#state, false);
    return this;
  }

  [Symbol.asyncIterator]() {
    return own(this);
  }

  get [Symbol.toStringTag]() {
    return 'Subscription';
  }
}

const { own } = Subscription;
delete Subscription.own;

/** Ends what a subscription's state stands for. Those who wait hear of it before the process ends. */
function end(state) {
  native.unsubscribe(state.handle);
  state.manager = undefined;
  hold(state, true);
}

/** Whether the event loop goes on for those who wait. */
function hold(state, isHolding) {
  if (state.isHolding !== isHolding && state.waiting > 0) native.holdLoop(isHolding);
  state.isHolding = isHolding;
}

/** Has no signal end it any more. */
function leave(state) {
  for (const signal of state.signals) unfollow(signal, state);
}

/** What the native half is given in place of the options' keys, which may be anything to iterate over. */
function prepared(options) {
  // Of another object something else would be read: a `Map` has `keys`, too.
  if (options !== undefined && options !== null) native.checkNamed('options', 'an object', options);
  const keys = optionOf(options, 'keys');
  return keys === undefined || keys === null ? {} : { keys: several('keys', keys) };
}

async function subscribed(manager, options) {
  const given = [manager, prepared(options), options];
  // Of options with getters the signal is the one that ends the call, too.
  const signals = signalsOf(native.subscribe, [manager], options);
  return new Subscription(HANDLE, await soon(native.subscribe, ...given), manager, signals);
}

function subscribedNow(manager, options) {
  const handle = now(native.subscribe, manager, prepared(options), options);
  return new Subscription(HANDLE, handle, manager, signalsOf(native.subscribe, [manager]));
}

module.exports = { subscribed, subscribedNow };
