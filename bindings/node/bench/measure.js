'use strict';
// Two things that do the same, timed in turns.

const { spawnSync } = require('node:child_process');
const { hrtime } = require('node:process');

/** How many batches of each side a row is made of. */
const BATCHES = 41;

/**
 * Nanoseconds that one of so many runs of a subject takes. A subject runs a loop, and may give a promise of its end. A
 * turn of the event loop counts too, because there Node.js finalizes what was collected.
 */
async function batch(subject, times) {
  const start = hrtime.bigint();
  const ended = subject(times);
  if (ended !== undefined) await ended;
  await new Promise((turned) => setImmediate(turned));
  return Number(hrtime.bigint() - start) / times;
}

function median(figures) {
  const sorted = [...figures].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** What all subjects take, batch by batch, in turns that alternate their order. One batch of each goes before, uncounted. */
async function turns(subjects, batches = BATCHES) {
  const taken = subjects.map(() => []);
  for (let turn = 0; turn <= batches; turn++) {
    const order = subjects.map((_, at) => at);
    for (const at of turn % 2 ? order : order.reverse()) {
      const took = await subjects[at]();
      if (turn) taken[at].push(took);
    }
  }
  return taken;
}

/**
 * Times both sides. A figure is the median of the batches, the ratio the median of the ratios of neighbours, so that a
 * clock that changes its frequency or a neighbour that takes the processor meets both.
 */
async function pair(floor, ours, { times, floorTimes = times }) {
  const [floors, figures] = await turns([() => batch(floor, floorTimes), () => batch(ours, times)]);
  const ratio = median(figures.map((took, at) => took / floors[at]));
  return { floor: median(floors), ours: median(figures), ratio };
}

/** Times one side alone. */
async function alone(ours, times) {
  const [figures] = await turns([() => batch(ours, times)]);
  return median(figures);
}

/** Tells at its end how much of the processor the process has used, in microseconds. */
const TELL = 'const { system, user } = process.cpuUsage(); process.stdout.write(String(system + user));';

/** Runs a program to its end: how long that took, and how much of the processor, both in nanoseconds. */
function start(program, folder) {
  const before = hrtime.bigint();
  const ended = spawnSync(process.execPath, ['--eval', `${program}; ${TELL}`], { cwd: folder, encoding: 'utf8' });
  const took = Number(hrtime.bigint() - before);
  if (ended.status !== 0) throw new Error(`${program} failed: ${ended.stderr}`);
  return { took, used: Number(ended.stdout) * 1e3 };
}

/**
 * Runs a bare program and others in turns.
 *
 * @returns the bare one's median, and by program the medians of what each turn took above its neighbour
 */
async function starts(bare, programs, folder) {
  const [bares, ...others] = await turns([bare, ...programs].map((program) => () => start(program, folder)));
  const above = (runs, what) => median(runs.map((run, at) => run[what] - bares[at][what]));
  return {
    bare: median(bares.map(({ took }) => took)),
    above: others.map((runs) => ({ took: above(runs, 'took'), used: above(runs, 'used') })),
  };
}

module.exports = { alone, pair, starts };
