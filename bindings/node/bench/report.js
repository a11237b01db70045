'use strict';
// The rows that a benchmark prints and leaves behind as JSON lines.

const fs = require('node:fs');
const path = require('node:path');

/** A time with a unit that suits it. */
function withUnit(nanoseconds) {
  let [value, unit] = [nanoseconds, 'ns'];
  if (value >= 1e6) [value, unit] = [value / 1e6, 'ms'];
  else if (value >= 1e4) [value, unit] = [value / 1e3, 'µs'];
  const digits = value >= 1000 ? 0 : value >= 10 ? 1 : 3;
  return `${value.toFixed(digits)} ${unit}`;
}

/** The rows of one table. */
class Report {
  #bench;
  #lines;

  constructor(folder, name) {
    fs.mkdirSync(folder, { recursive: true });
    this.#bench = `node-${name}`;
    this.#lines = fs.openSync(path.join(folder, `${this.#bench}.jsonl`), 'w');
    console.log(`\n## Node.js: ${name}\n\n| name | floor | ours | ratio | target | ok? |\n|---|---|---|---|---|---|`);
  }

  /** A row beside its floor. `mostRatio` is the most that the ratio may be, `most` the most nanoseconds of ours. */
  beside(name, { floor, ours, ratio }, { mostRatio, most } = {}) {
    const kept = most === undefined ? ratio <= mostRatio : ours <= most;
    const target = most === undefined ? mostRatio && `<= ${mostRatio}x` : `<= ${withUnit(most)}`;
    this.#row(name, { floor, ours, ratio, shown: `${ratio.toFixed(2)}x`, target, kept });
  }

  /** A row beside something that is meant to be slower by far; `least` is how many times. */
  faster(name, { floor, ours, ratio }, { least } = {}) {
    const target = least && `>= ${least}x faster`;
    this.#row(name, {
      floor,
      ours,
      ratio,
      shown: `${(1 / ratio).toFixed(0)}x faster`,
      target,
      kept: 1 / ratio >= least,
    });
  }

  /** A figure that stands alone; `most` is the most that it may be. */
  alone(name, nanoseconds, { most } = {}) {
    this.#row(name, { ours: nanoseconds, target: most && `<= ${withUnit(most)}`, kept: nanoseconds <= most });
  }

  /** Something that could not be measured here, and why. */
  skipped(name, why) {
    console.log(`| ${name} | - | - | - | not measured: ${why} | - |`);
    this.#leave({ name, skipped: why });
  }

  #row(name, { floor = null, ours, ratio = null, shown = '-', target = '-', kept }) {
    const ok = target === '-' ? null : kept;
    const verdict = ok === null ? '-' : ok ? 'yes' : 'NO';
    const floorShown = floor === null ? '-' : withUnit(floor);
    console.log(`| ${name} | ${floorShown} | ${withUnit(ours)} | ${shown} | ${target} | ${verdict} |`);
    this.#leave({ name, unit: 'ns', floor, ours, ratio, target, ok });
  }

  #leave(line) {
    fs.writeSync(this.#lines, `${JSON.stringify({ bench: this.#bench, ...line })}\n`);
  }

  close() {
    fs.closeSync(this.#lines);
  }
}

module.exports = { Report };
