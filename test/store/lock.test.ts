import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Holder } from '../../src/store/holder.ts';
import { judgeHolder, readHolder } from '../../src/store/holder.ts';
import { openStore } from '../../src/store/store.ts';
import type { Runner } from './sandbox.ts';
import { buildRunner, createSandbox, put, removeSandbox, runToEnd, snapshot, startRun } from './sandbox.ts';

let sandbox: string;
let runner: Runner;
let directory: string;
beforeAll(() => {
  sandbox = createSandbox();
  runner = buildRunner(sandbox);
});
afterAll(() => removeSandbox(sandbox));
beforeEach(() => {
  directory = mkdtempSync(join(sandbox, 'pki-'));
});

/** A lock of a process that was killed. */
async function leaveLock(): Promise<void> {
  const { signal } = await runToEnd(runner, { directories: [directory], files: [], killAt: 1 });
  expect(signal).toBe('SIGKILL');
  expect(readdirSync(directory)).toEqual(['.k8s-pki.lock']);
}

/** A lock as a process that has ended left it, but for `change`. */
function leaveLockOf(change: Readonly<Record<string, unknown>>): void {
  const record = { version: 1, ...readHolder(process), pid: spawnSync('true').pid, created: [], ...change };
  put(join(directory, '.k8s-pki.lock/Ab12Cd'), JSON.stringify(record));
}

async function expectTakenOver(): Promise<void> {
  const store = await openStore([directory], { self: process });
  expect(store.recovered).toEqual([]);
  await store.close();
  expect(readdirSync(directory)).toEqual([]);
}

async function expectRefused(says: string): Promise<void> {
  const before = snapshot(directory);
  const path = join(directory, '.k8s-pki.lock');
  await expect(openStore([directory], { self: process })).rejects.toMatchObject({
    code: 'ERR_LOCKED',
    message: expect.stringContaining(says),
    hint: expect.stringContaining(`rm -r ${path}`),
    detail: { path },
  });
  expect(snapshot(directory)).toEqual(before);
}

describe('a lock', () => {
  test('keeps another run out until it is given back', async () => {
    const first = startRun(runner, { directories: [directory], files: [], waits: true });
    expect(await first.opened).toBe(true);
    const before = snapshot(directory);
    const { report } = await runToEnd(runner, { directories: [directory], files: [] });
    expect(report).toMatchObject({
      code: 'ERR_LOCKED',
      message: expect.stringContaining(
        `another run is under way, the holder is process ${first.child.pid} on `,
      ),
      hint: 'wait until it has ended, then run again',
    });
    expect(snapshot(directory)).toEqual(before);
    first.child.stdin.end();
    await first.ended;
    await expectTakenOver();
  });

  test('keeps the same process out too', async () => {
    const store = await openStore([directory], { self: process });
    await expect(openStore([directory], { self: process })).rejects.toMatchObject({ code: 'ERR_LOCKED' });
    await store.close();
    await expectTakenOver();
  });

  test('of the inner directory gives the outer one back when it is refused', async () => {
    const inner = join(directory, 'pki');
    const store = await openStore([inner], { self: process });
    const before = snapshot(directory);
    await expect(openStore([inner, directory], { self: process })).rejects.toMatchObject({
      code: 'ERR_LOCKED',
    });
    expect(snapshot(directory)).toEqual(before);
    await store.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  test.each([
    ['fresh', false],
    ['left by a killed process', true],
  ])('is got by one of many that try at once: %s', async (_, isStale) => {
    if (isStale) await leaveLock();
    const runs = Array.from({ length: 4 }, () =>
      startRun(runner, { directories: [directory], files: [], waits: true }),
    );
    const opened = await Promise.all(runs.map((run) => run.opened));
    expect(opened.filter(Boolean)).toHaveLength(1);
    for (const run of runs) run.child.stdin.end();
    const ended = await Promise.all(runs.map((run) => run.ended));
    const codes = ended.map(({ report, stderr }) => report.code ?? stderr);
    expect(codes.toSorted()).toEqual(['', 'ERR_LOCKED', 'ERR_LOCKED', 'ERR_LOCKED']);
    expect(readdirSync(directory)).toEqual([]);
  });

  test('says who holds it, from the start', async () => {
    const store = await openStore([directory], { self: process });
    const folder = join(directory, '.k8s-pki.lock');
    const [name = ''] = readdirSync(folder);
    expect(JSON.parse(readFileSync(join(folder, name), 'utf8'))).toEqual({
      version: 1,
      ...readHolder(process),
      created: [],
    });
    await store.close();
  });
});

describe('a lock left behind', () => {
  test('by a killed process is taken over', async () => {
    await leaveLock();
    await expectTakenOver();
  });

  test('by a process whose pid another one has now is taken over', async () => {
    leaveLockOf({ pid: process.pid, startTicks: 1 });
    await expectTakenOver();
  });

  test('before the host was started again is taken over', async () => {
    leaveLockOf({ ...readHolder(process), bootId: 'another' });
    await expectTakenOver();
  });

  test('as an empty directory, by a crash in the middle of a take-over, is taken', async () => {
    mkdirSync(join(directory, '.k8s-pki.lock'));
    await expectTakenOver();
  });

  test('is taken over with the directories created for it', async () => {
    const inner = join(directory, 'out/pki');
    await runToEnd(runner, { directories: [inner], files: [], killAt: 1 });
    expect(snapshot(directory)).not.toEqual([]);
    const store = await openStore([inner], { self: process });
    await store.close();
    expect(snapshot(directory)).toEqual([]);
  });

  test('unfinished, under its temporary name, is swept away', async () => {
    mkdirSync(join(directory, '.k8s-pki.lock.Ab12Cd'));
    await expectTakenOver();
  });
});

describe('a doubtful lock is refused and stays:', () => {
  test('of another host', async () => {
    leaveLockOf({ hostName: 'elsewhere' });
    await expectRefused('on elsewhere');
  });

  test('of another pid namespace', async () => {
    leaveLockOf({ pidNamespace: 'pid:[1]' });
    await expectRefused('cannot tell whether another run is under way');
  });

  test('of a system that has no boot id', async () => {
    leaveLockOf({ bootId: null });
    await expectRefused('cannot tell');
  });

  test('that names a directory which it cannot have needed', async () => {
    leaveLockOf({ created: ['/etc'] });
    await expectRefused('not what this program writes');
  });

  test.each([
    ['of another version', { version: 2 }],
    ['without a pid', { pid: 'one' }],
    ['of a process group', { pid: -1 }],
    ['without a host', { hostName: 1 }],
    ['with a garbled start', { startTicks: 'x' }],
    ['with a garbled boot id', { bootId: 1 }],
  ])('%s', async (_, change) => {
    leaveLockOf(change);
    await expectRefused('not what this program writes');
  });

  test.each<[string, (path: string) => void, string]>([
    ['that is garbled', (path) => put(join(path, 'Ab12Cd'), '{"pid":'), 'not what this program writes'],
    ['that is empty inside', (path) => put(join(path, 'Ab12Cd'), ''), 'not what this program writes'],
    [
      'that holds a link',
      (path) => (mkdirSync(path), symlinkSync('/etc/hostname', join(path, 'a'))),
      'not what',
    ],
    ['that is a file', (path) => put(path, '4711'), 'it is not a directory'],
    ['that is a link', (path) => symlinkSync('/', path), 'it is not a directory'],
  ])('%s', async (_, make, says) => {
    make(join(directory, '.k8s-pki.lock'));
    await expectRefused(says);
  });
});

describe('judgeHolder', () => {
  const own: Holder = { pid: 1, startTicks: null, bootId: null, pidNamespace: null, hostName: 'mac' };
  const answer = (code: string | undefined) => ({
    pid: 1,
    kill: (): boolean => {
      if (code !== undefined) throw Object.assign(new Error(code), { code });
      return true;
    },
  });

  const claimant = { own: readHolder(process), self: process };

  // Larger than any pid that Linux gives out: /proc has no entry for it, as if there were no /proc.
  const holder: Holder = { ...own, pid: 2 ** 23 };

  test.each([
    ['is there', undefined, 'doubtful'],
    ['belongs to somebody else', 'EPERM', 'doubtful'],
    ['is gone', 'ESRCH', 'dead'],
  ])('without a start time: a process that %s', (_, code, verdict) => {
    expect(judgeHolder(holder, { own, self: answer(code) })).toBe(verdict);
  });

  test('takes a killed process that nobody has waited for as dead', async () => {
    // The shell becomes `sleep`, which never asks how its child ended.
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60']);
    try {
      const pid = Number((await once(parent.stdout, 'data'))[0]);
      const zombie = async (): Promise<Holder> => {
        for (;;) {
          const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
          const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
          if (fields[0] === 'Z') return { ...readHolder(process), pid, startTicks: Number(fields[19]) };
          await new Promise(setImmediate);
        }
      };
      expect(judgeHolder(await zombie(), claimant)).toBe('dead');
    } finally {
      parent.kill();
    }
  });

  test('takes the process that asks as alive', () => {
    expect(judgeHolder(claimant.own, claimant)).toBe('alive');
  });
});
