// A run of its own on a store, for tests that stop it from outside. What it is told stands in its first argument.
import { isPkiError } from '../../src/errors.ts';
import type { NewFile } from '../../src/store/staging.ts';
import { openStore } from '../../src/store/store.ts';

/** What a run does. */
export interface RunOrder {
  readonly directories: readonly string[];
  readonly files: readonly NewFile[];
  readonly removed?: readonly string[];
  /** Kills itself before this step, counted from 0. */
  readonly killAt?: number;
  readonly umask?: number;
  readonly beside?: readonly string[];
  readonly secluded?: string;
  /** Says `open` when it has the locks, and goes on when its input ends. */
  readonly waits?: boolean;
}

/** What a run says when it is through: one line of JSON. */
export interface RunReport {
  readonly steps: readonly string[];
  readonly recovered: readonly string[];
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string;
  readonly detail?: unknown;
}

async function untilInputEnds(): Promise<void> {
  process.stdout.write('open\n');
  for await (const _ of process.stdin);
}

async function run(order: RunOrder): Promise<RunReport> {
  if (order.umask !== undefined) process.umask(order.umask);
  const steps: string[] = [];
  const recovered: string[] = [];
  const interruption = new AbortController();
  process.once('SIGINT', () => {
    interruption.abort('SIGINT');
    process.stdout.write('interrupted\n');
  });
  const onStep = (step: string): void => {
    if (steps.length === order.killAt) process.kill(process.pid, 'SIGKILL');
    steps.push(step);
  };
  try {
    const { beside = [], secluded } = order;
    const store = await openStore(order.directories, {
      self: process,
      onStep,
      beside,
      ...(secluded && { secluded: [secluded] }),
    });
    try {
      recovered.push(...store.recovered.map(({ kind }) => kind));
      if (order.waits === true) await untilInputEnds();
      const { files, removed = [] } = order;
      await store.commit(files, { signal: interruption.signal, removed });
    } finally {
      await store.close();
    }
    return { steps, recovered };
  } catch (error) {
    for (const code of ['ERR_STORE', 'ERR_LOCKED', 'ERR_OBSTACLE', 'ERR_INTERRUPTED'] as const) {
      if (!isPkiError(error, code)) continue;
      const { message, hint, detail } = error;
      return { steps, recovered, code, message, detail, ...(hint === undefined ? {} : { hint }) };
    }
    throw error;
  }
}

run(JSON.parse(process.argv[2] ?? '')).then(
  (report) => process.stdout.write(`${JSON.stringify(report)}\n`),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 70;
  },
);
