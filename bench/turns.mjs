// Contenders against each other: each has its turn in every round, so that what else the host does meets all alike.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KUBERNETES_DIR } from '../conformance/kubeadm.mjs';
import { mustRun } from '../conformance/processes.mjs';

/** What `work` gives in a folder that has an empty `KUBERNETES_DIR`. The folder is gone afterwards. */
export function inFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'k8s-pki-bench-'));
  try {
    mkdirSync(join(folder, KUBERNETES_DIR), { recursive: true });
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A contender: gives the milliseconds of `start(folder)()`, without those of laying out and clearing away. */
export const timed = (start) => () =>
  inFolder((folder) => {
    const work = start(folder);
    // What the one before has left to write would else be waited for by whoever flushes a file.
    mustRun('sync', ['-f', folder]);
    const begin = performance.now();
    work();
    return performance.now() - begin;
  });

function spreadOf(values) {
  if (values.length === 0 || !values.every(Number.isFinite))
    throw new Error(`no times: ${values.join(', ')}`);
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part) => sorted[Math.floor(sorted.length * part)];
  return { median: at(1 / 2), low: at(1 / 4), high: at(3 / 4) };
}

/** A time with the middle half of its turns and, where there is something to hold it against, how many times that it is. */
export function cellOf(time, base) {
  const [median, low, high] = [time.median, time.low, time.high].map(Math.round);
  const ratio = base === undefined ? '' : `, ${(time.median / base.median).toFixed(2)} ×`;
  return `${median} ms (${low}–${high})${ratio}`;
}

/** The median and the quartiles of each contender's milliseconds. A first round of all is not counted. */
export function measure(contenders, rounds) {
  const entries = Object.entries(contenders).map(([name, contender]) => ({ name, contender, times: [] }));
  for (const { contender } of entries) contender();
  for (let round = 0; round < rounds; round += 1) {
    for (const { contender, times } of entries) times.push(contender());
  }
  return Object.fromEntries(entries.map(({ name, times }) => [name, spreadOf(times)]));
}
