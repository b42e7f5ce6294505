import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { NewFile } from '../../src/store/staging.ts';
import { inspectPending, openStore } from '../../src/store/store.ts';
import { isOnPath, oracle } from '../support/oracles.ts';
import type { Runner } from './sandbox.ts';
import {
  buildNodeRunner,
  buildRunner,
  createSandbox,
  directoriesOf,
  filesOf,
  put,
  removeSandbox,
  runToEnd,
  snapshot,
} from './sandbox.ts';

let sandbox: string;
let runner: Runner;
let root: string;
beforeAll(() => {
  sandbox = createSandbox();
  runner = buildRunner(sandbox);
});
afterAll(() => removeSandbox(sandbox));
beforeEach(() => {
  root = mkdtempSync(join(sandbox, 'root-'));
});

/** A state that a run begins with, and what it is to write. */
interface Scenario {
  readonly title: string;
  readonly prepare: (root: string) => void;
  readonly files: (root: string) => readonly NewFile[];
  readonly removed?: (root: string) => readonly string[];
  readonly secluded?: (root: string) => string;
}

const SCENARIOS: readonly Scenario[] = [
  { title: 'into nothing', prepare: () => undefined, files: filesOf },
  {
    title: 'into a directory that is filled in part',
    prepare: (at) => {
      put(join(at, 'kubernetes/pki/ca.crt'), 'old', 0o644);
      put(join(at, 'kubernetes/pki/etcd/ca.crt'), 'old', 0o644);
    },
    files: (at) => filesOf(at).filter(({ path }) => !path.endsWith('pki/ca.crt')),
  },
  {
    title: 'over files that are there',
    prepare: (at) => {
      for (const { path } of filesOf(at)) put(path, 'old', 0o640);
    },
    files: (at) => filesOf(at, { replace: true }),
  },
  {
    title: 'over files that are there, beside what was in them',
    prepare: (at) => {
      for (const { path } of filesOf(at)) put(path, 'old', 0o640);
    },
    files: (at) => [
      ...filesOf(at, { replace: true }),
      ...filesOf(at).map(({ path, mode }) => ({
        path: path.replace('/kubernetes/', '/kubernetes/pki-backups/1/'),
        contents: 'old',
        mode,
        replace: false,
      })),
    ],
    secluded: (at) => join(at, 'kubernetes/pki-backups'),
  },
  {
    title: 'over files that are there, of which some go',
    prepare: (at) => {
      for (const { path } of filesOf(at)) put(path, 'old', 0o640);
    },
    files: (at) => filesOf(at, { replace: true }).slice(0, 1),
    removed: (at) =>
      filesOf(at)
        .slice(2)
        .map(({ path }) => path),
  },
];

/** What the next run found. */
interface Aftermath {
  readonly tree: readonly string[];
  readonly inspected: readonly string[];
  readonly recovered: readonly string[];
}

async function recoverAt(directories: readonly string[]): Promise<Aftermath> {
  const pending = await inspectPending(directories, { self: process });
  const store = await openStore(directories, { self: process });
  await store.close();
  return {
    tree: snapshot(root),
    inspected: pending.map(({ outcome }) => outcome),
    recovered: store.recovered.map(({ kind }) => kind),
  };
}

function reset({ prepare }: Scenario): readonly string[] {
  removeSandbox(join(root, 'kubernetes'));
  prepare(root);
  return snapshot(root);
}

function expectKeysHidden(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) expectKeysHidden(path);
    else if (readFileSync(path, 'utf8').includes('.key: new'))
      expect(lstatSync(path).mode & 0o777).toBe(0o600);
  }
}

describe('a run that is killed', () => {
  test.each(SCENARIOS)(
    'before any step of writing $title leaves the old state or the new one',
    async (scenario) => {
      const directories = directoriesOf(root);
      const files = scenario.files(root);
      reset(scenario);
      const secluded = scenario.secluded?.(root);
      const order = {
        directories,
        files,
        removed: scenario.removed?.(root) ?? [],
        ...(secluded && { secluded }),
      };
      const { report } = await runToEnd(runner, order);
      const complete = snapshot(root);
      const { steps } = report;
      const commit = steps.indexOf('commit');
      const firstUnlock = steps.findIndex((step) => step.startsWith('unlock'));

      const found: (Aftermath & { step: string })[] = [];
      const expected: typeof found = [];
      for (const [killAt, step] of steps.entries()) {
        const old = reset(scenario);
        const { signal } = await runToEnd(runner, { ...order, killAt, umask: 0 });
        expect(signal).toBe('SIGKILL');
        expectKeysHidden(root);
        found.push({ step, ...(await recoverAt(directories)) });

        if (killAt <= steps.findIndex((name) => name.startsWith('record'))) {
          expected.push({ step, tree: old, inspected: [], recovered: [] });
        } else if (killAt <= commit) {
          expected.push({ step, tree: old, inspected: ['roll-back'], recovered: ['rolled-back'] });
        } else if (killAt < firstUnlock) {
          expected.push({ step, tree: complete, inspected: ['finish'], recovered: ['finished'] });
        } else {
          expected.push({ step, tree: complete, inspected: [], recovered: [] });
        }
      }
      expect(found).toEqual(expected);
    },
  );

  test.each([
    ['finishing', 1],
    ['undoing', 0],
  ])('while %s what another one left is finished or undone all the same', async (_, afterCommit) => {
    const [, , scenario] = SCENARIOS;
    if (scenario === undefined) throw new Error('no scenario');
    const directories = directoriesOf(root);
    const files = scenario.files(root);
    const old = reset(scenario);
    const { steps } = (await runToEnd(runner, { directories, files })).report;
    const expected = afterCommit === 1 ? snapshot(root) : old;
    const crashed = { directories, files, killAt: steps.indexOf('commit') + afterCommit };

    reset(scenario);
    await runToEnd(runner, crashed);
    const recovering = (await runToEnd(runner, { directories, files: [] })).report;
    expect(recovering.recovered).toEqual([afterCommit === 1 ? 'finished' : 'rolled-back']);
    for (const killAt of recovering.steps.keys()) {
      reset(scenario);
      await runToEnd(runner, crashed);
      expect((await runToEnd(runner, { directories, files: [], killAt })).signal).toBe('SIGKILL');
      expect((await recoverAt(directories)).tree).toEqual(expected);
    }
  });

  test.each([
    ['the outer directory, where the journal is', 0],
    ['the inner directory, where only a marker is', 1],
  ])('is found in all of its directories by a run on %s', async (_, index) => {
    const [scenario] = SCENARIOS;
    if (scenario === undefined) throw new Error('no scenario');
    const directories = directoriesOf(root);
    const files = scenario.files(root);
    const { steps } = (await runToEnd(runner, { directories, files })).report;
    const complete = snapshot(root);
    for (const [afterCommit, tree, recovered] of [
      [0, [], ['rolled-back']],
      [1, complete, ['finished']],
    ] as const) {
      reset(scenario);
      await runToEnd(runner, { directories, files, killAt: steps.indexOf('commit') + afterCommit });
      const [directory = ''] = directories.slice(index);
      const aftermath = await recoverAt([directory]);
      expect(aftermath).toMatchObject({ tree, recovered });
    }
  });
});

const canTrace = isOnPath('strace') && spawnSync('strace', ['-qq', '-e', 'trace=none', 'true']).status === 0;

oracle(
  'strace',
  canTrace,
  'strace is not there or may not trace',
)('a run that is killed in a system call', () => {
  // The calls that change the tree; with SLOW=1 also those of which there are many.
  const CALLS = ['mkdir', 'rename', 'rmdir'];
  const MORE = ['link', 'unlink', 'unlinkat', 'fsync', 'fchmod', 'chmod', 'fchown', 'pwrite64', 'write'];
  const names = process.env['SLOW'] === '1' ? [...CALLS, ...MORE] : CALLS;

  let node: Runner;
  beforeAll(() => {
    node = buildNodeRunner(sandbox);
  });

  const prepare = (): readonly string[] => {
    removeSandbox(join(root, 'kubernetes'));
    put(join(root, 'kubernetes/pki/ca.crt'), 'old', 0o644);
    return snapshot(root);
  };

  /** How often each call is made, by the threads together. */
  async function countCalls(): Promise<ReadonlyMap<string, number>> {
    const log = join(root, 'strace.log');
    const wrapper = ['strace', '-f', '-qq', '-o', log, '-e', `trace=${names.join(',')}`];
    const order = { directories: directoriesOf(root), files: filesOf(root, { replace: true }) };
    await runToEnd(node, order, wrapper);
    const text = readFileSync(log, 'utf8');
    removeSandbox(log);
    return new Map(
      names.map((name) => [name, text.match(new RegExp(`^\\d+ +${name}\\(`, 'gm'))?.length ?? 0]),
    );
  }

  test('leaves the old state or the new one', async () => {
    const directories = directoriesOf(root);
    const files = filesOf(root, { replace: true });
    const old = prepare();
    const counts = await countCalls();
    const complete = snapshot(root);
    expect(counts.get('rename')).toBeGreaterThanOrEqual(files.length);

    let killed = 0;
    for (const [name, count] of counts) {
      for (let nth = 1; nth <= count; nth++) {
        prepare();
        const inject = `inject=${name}:signal=KILL:when=${nth}`;
        const { signal } = await runToEnd(node, { directories, files }, [
          'strace',
          '-f',
          '-qq',
          '-o',
          '/dev/null',
          '-e',
          inject,
        ]);
        if (signal === 'SIGKILL') killed += 1;
        const { tree, recovered } = await recoverAt(directories);
        expect([old, complete]).toContainEqual(tree);
        if (recovered.length > 0) expect(tree).toEqual(recovered[0] === 'finished' ? complete : old);
      }
    }
    expect(killed).toBeGreaterThan(files.length * 2);
  }, 300_000);

  test('creates every file so that only its owner can read it', async () => {
    const log = join(root, 'strace.log');
    const wrapper = ['strace', '-f', '-qq', '-o', log, '-e', 'trace=openat'];
    await runToEnd(node, { directories: directoriesOf(root), files: filesOf(root), umask: 0 }, wrapper);
    const created = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.includes('O_CREAT'));
    expect(created.length).toBeGreaterThanOrEqual(filesOf(root).length);
    for (const line of created)
      expect(line).toMatch(/O_WRONLY\|O_CREAT\|O_EXCL\|O_NOFOLLOW\|O_CLOEXEC, 0600\)/);
  });
});
