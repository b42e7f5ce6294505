import { describe, expect, test } from '@jest/globals';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, watch } from 'node:fs';
import { open } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { bareEnvironment, type Ended, endOf, run, SHAPES, type Shape } from './shapes.ts';
import { treeOf, withDirectory } from './tree.ts';

const INIT = ['init', '--host-ip', '192.0.2.10', '--hostname', 'cp1', '--cert-dir', 'out/pki'];
const QUICK = [...INIT, '--key-algorithm', 'ECDSA-P256'];
// Fifteen of these keys take many seconds, so that whatever is done to the run comes while it generates.
const SLOW = [...INIT, '--key-algorithm', 'RSA-4096'];

const LOCK = '.k8s-pki.lock';
const STAGING = '.k8s-pki.staging';

/** A run under way; `child` is the program itself, with no shell before it. */
function startRun({ command: [program, ...first] }: Shape, args: readonly string[], cwd: string) {
  const child = spawn(program, [...first, ...args], { cwd, env: bareEnvironment(cwd) });
  return { child, ended: endOf(child) };
}

/** Waits until an entry whose name starts so is in a directory that is there. */
async function appears(directory: string, start: string): Promise<void> {
  const isThere = (): boolean => readdirSync(directory).some((name) => name.startsWith(start));
  const watcher = watch(directory);
  try {
    while (!isThere()) await once(watcher, 'change');
  } finally {
    watcher.close();
  }
}

/** Starts a run in an empty `out/pki` and waits until it has the lock. */
async function startLocked(shape: Shape, args: readonly string[], cwd: string) {
  const pki = join(cwd, 'out/pki');
  mkdirSync(pki, { recursive: true });
  const running = startRun(shape, args, cwd);
  await appears(pki, LOCK);
  return running;
}

/** The exit code as a shell has it, which adds 128 to the number of a signal that nobody has caught. */
function statusOf({ status, signal }: Pick<Ended, 'status' | 'signal'>): number | null {
  return signal === null ? status : 128 + constants.signals[signal];
}

function expectWhole(cwd: string): void {
  const names = treeOf(join(cwd, 'out')).map((line) => line.split(' ')[2]);
  expect(names.filter((name) => name?.includes('.k8s-pki'))).toEqual([]);
  expect(names).toHaveLength(28);
}

describe.each(SHAPES)('a run on $name', (shape) => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'ends at %s within two seconds and leaves nothing behind',
    async (signal, status) => {
      await withDirectory(async (cwd) => {
        const running = startRun(shape, SLOW, cwd);
        // It creates these directories, and must remove them.
        await appears(cwd, 'out');
        await appears(join(cwd, 'out'), 'pki');
        await appears(join(cwd, 'out/pki'), LOCK);
        const before = Date.now();
        running.child.kill(signal);
        const { stdout, stderr, ...ended } = await running.ended;
        expect(statusOf(ended)).toBe(status);
        expect(Date.now() - before).toBeLessThan(2000);
        expect(stdout).toBe('');
        expect(stderr).toContain(`stopped by ${signal} before anything was written [ERR_INTERRUPTED]`);
        expect(treeOf(cwd)).toEqual([]);
      });
    },
    30_000,
  );

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'leaves alone at %s what was there before',
    async (signal) => {
      await withDirectory(async (cwd) => {
        const running = await startLocked(shape, SLOW, cwd);
        running.child.kill(signal);
        await running.ended;
        expect(treeOf(cwd).map((line) => line.split(' ')[2])).toEqual(['out', 'out/pki']);
      });
    },
    30_000,
  );

  test.each([
    ['before it has begun to write', LOCK, SLOW],
    ['while it writes', STAGING, QUICK],
  ])(
    'that is killed %s is made good by the same command',
    async (_, seen, args) => {
      await withDirectory(async (cwd) => {
        const pki = join(cwd, 'out/pki');
        mkdirSync(pki, { recursive: true });
        const { child, ended } = startRun(shape, args, cwd);
        await Promise.race([
          ended,
          Promise.all(['out', 'out/pki'].map((path) => appears(join(cwd, path), seen))),
        ]);
        child.kill('SIGKILL');
        await ended;
        expect(await run(shape, QUICK, { cwd })).toMatchObject({ status: 0 });
        expectWhole(cwd);
        expect(await run(shape, QUICK, { cwd })).toMatchObject({
          status: 0,
          stdout: expect.stringContaining('nothing to do'),
          stderr: '',
        });
      });
    },
    30_000,
  );

  test('that is killed at any moment is made good by the same command', async () => {
    await withDirectory(async (cwd) => {
      const started = performance.now();
      await run(shape, QUICK, { cwd });
      const milliseconds = performance.now() - started;
      for (const share of [0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 1]) {
        await run({ name: 'rm', command: ['/bin/rm'] }, ['-rf', 'out'], { cwd });
        const [program, ...first] = shape.command;
        const options = {
          cwd,
          timeout: Math.round(milliseconds * share),
          killSignal: 'SIGKILL',
          env: bareEnvironment(cwd),
        } as const;
        await endOf(spawn(program, [...first, ...QUICK], options));
        expect(await run(shape, QUICK, { cwd })).toMatchObject({ status: 0 });
        expectWhole(cwd);
      }
    });
  }, 60_000);

  test.each([
    ['a key', 'SIGINT', 130, ['import', 'secret', 'key', '--certificate-key-file', 'fifo']],
    ['a Secret', 'SIGTERM', 143, ['import', 'secret', 'fifo', '--certificate-key-file', 'key']],
    ['a token', 'SIGTERM', 143, ['kubeconfig', 'user', '--client-name', 'ci', '--token-file', 'fifo']],
    ['an archive', 'SIGINT', 130, ['verify', 'fifo']],
    ['Secrets', 'SIGTERM', 143, ['certs', 'check-expiration', 'fifo']],
  ] as const)(
    'that waits for %s from a pipe ends at %s',
    async (_, signal, status, args) => {
      await withDirectory(async (cwd) => {
        execFileSync('/bin/sh', ['-c', `umask 077; mkfifo fifo; printf %064d 7 > key`], { cwd });
        const before = treeOf(cwd);
        const { child, ended } = startRun(shape, args, cwd);
        // Opens once the run has.
        const writer = await open(join(cwd, 'fifo'), 'w');
        child.kill(signal);
        const { stdout, stderr, ...how } = await ended;
        await writer.close();
        expect(statusOf(how)).toBe(status);
        expect(stdout).toBe('');
        expect(stderr).toContain(`stopped by ${signal} before anything was written [ERR_INTERRUPTED]`);
        expect(treeOf(cwd)).toEqual(before);
      });
    },
    30_000,
  );

  test.each([
    ['SIGINT', 130, ['verify', '-']],
    ['SIGTERM', 143, ['import', 'secret', '-', '--certificate-key', '7'.repeat(64), '--cert-dir', 'out/pki']],
  ] as const)(
    'that waits for stdin ends at %s',
    async (signal, status, args) => {
      await withDirectory(async (cwd) => {
        const { child, ended } = startRun(shape, args, cwd);
        // More than a pipe holds: once all of it is taken, the run is reading.
        await new Promise((taken) => child.stdin.write('# more\n'.repeat(1_000_000), taken));
        child.kill(signal);
        const { stderr, ...how } = await ended;
        child.stdin.destroy();
        expect(statusOf(how)).toBe(status);
        expect(stderr).toContain(`stopped by ${signal} before anything was written [ERR_INTERRUPTED]`);
        expect(treeOf(cwd)).toEqual([]);
      });
    },
    30_000,
  );

  test('is refused while another one is at work, and does not disturb it', async () => {
    await withDirectory(async (cwd) => {
      const running = await startLocked(shape, SLOW, cwd);
      const second = await run(shape, QUICK, { cwd });
      expect(second).toMatchObject({ status: 3, stdout: '' });
      expect(second.stderr).toContain(
        `${join(cwd, 'out', LOCK)}: another run is under way, the holder is process ${running.child.pid} on `,
      );
      const dry = await run(shape, [...QUICK, '--dry-run'], { cwd });
      expect(dry.status).toBe(0);
      expect(existsSync(join(cwd, 'out/pki', LOCK))).toBe(true);
      running.child.kill('SIGTERM');
      await running.ended;
    });
  }, 90_000);

  test('and another one at the same moment give one PKI', async () => {
    await withDirectory(async (cwd) => {
      const ended: readonly Ended[] = await Promise.all([1, 2, 3].map(() => run(shape, QUICK, { cwd })));
      expect(ended.filter(({ stdout }) => stdout.includes('26 files created'))).toHaveLength(1);
      for (const { status, stdout, stderr } of ended) {
        if (status !== 0)
          expect({ status, stderr }).toEqual({ status: 3, stderr: expect.stringContaining(LOCK) });
        else expect(stdout).toMatch(/^(26 files created|nothing to do)/m);
      }
      expectWhole(cwd);
      expect(await run(shape, QUICK, { cwd })).toMatchObject({ status: 0 });
    });
  }, 90_000);
});
