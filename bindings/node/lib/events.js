'use strict';
// The library's events, on the channel `strongroom` of `node:diagnostics_channel`.

const diagnostics = require('node:diagnostics_channel');

const native = require('./native.js');

const channel = diagnostics.channel('strongroom');
let isHeard = false;
let isTelling = false;

/** Sees whether anyone subscribes. To be called before a verb, whose events are told only then. */
function listen() {
  if (channel.hasSubscribers !== isHeard) {
    isHeard = channel.hasSubscribers;
    native.hear(isHeard);
  }
}

/** Publishes what has happened. */
function tell() {
  if (!isHeard || isTelling) return;
  isTelling = true;
  try {
    const { events, dropped } = native.takeEvents();
    for (const event of events) channel.publish(event);
    if (dropped > 0) {
      const message = `${dropped} events were not told: too many at once`;
      channel.publish({ level: 'warn', target: 'strongroom', message });
    }
  } catch {
    // What cannot be told is lost: the answer of the call that it belongs to is not.
  } finally {
    native.told();
    isTelling = false;
  }
}

native.onEvents(tell);

module.exports = { listen, tell };
