import { describe, expect, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isOnPath, oracle } from '../support/oracles.ts';
import { snapshot as linesOf } from '../store/sandbox.ts';
import { bareEnvironment, type Ended, endOf, NODE, run, SHAPES, start } from './shapes.ts';
import { withDirectory } from './tree.ts';
import { openssl } from './two-trees.ts';

const AT = ['--cert-dir', 'out/pki'];
const INIT = 'init --host-ip 192.0.2.10 --hostname cp1 --key-algorithm ECDSA-P256'.split(' ');
const RENEW = ['certs', 'renew', ...AT];
const ROLLBACK = ['rollback', ...AT];
const BACKUPS = 'out/pki-backups';

async function withPki(work: (cwd: string) => Promise<void>): Promise<void> {
  await withDirectory(async (cwd) => {
    expect(await run(NODE, [...INIT, ...AT], { cwd })).toMatchObject({ status: 0 });
    await work(cwd);
  });
}

/** Every file of the PKI with its mode, owner and contents. */
const filesIn = (cwd: string): readonly string[] =>
  linesOf(join(cwd, 'out')).filter((line) => line.startsWith('f') && !line.includes('pki-backups'));

/** The snapshots, the oldest first. */
const snapshotsIn = (cwd: string, backups = BACKUPS): readonly string[] =>
  readdirSync(join(cwd, backups)).toSorted();

const isMarked = (cwd: string, name = ''): boolean => existsSync(join(cwd, BACKUPS, name, 'untold'));

function expectPair(cwd: string, name: string): void {
  const pki = join(cwd, 'out/pki');
  expect(openssl(pki, 'x509', '-in', `${name}.crt`, '-noout', '-pubkey')).toBe(
    openssl(pki, 'pkey', '-in', `${name}.key`, '-pubout'),
  );
}

describe.each(SHAPES)('rollback on $name', (shape) => {
  const done = async (cwd: string, args: readonly string[]): Promise<Ended> => {
    const ended = await run(shape, args, { cwd });
    expect({ args, ...ended }).toMatchObject({ status: 0 });
    return ended;
  };

  test('knows the snapshots of these directories alone, and so does what removes old ones', async () => {
    await withDirectory(async (cwd) => {
      const of = (at: string): string[] => ['--cert-dir', `s/pki${at}`, '--kubeconfig-dir', `s/k${at}`];
      for (const at of ['1', '2']) await done(cwd, [...INIT, ...of(at)]);
      await done(cwd, ['certs', 'renew', 'apiserver', ...of('1')]);
      const renewed = readFileSync(join(cwd, 's/pki1/apiserver.crt'), 'utf8');
      const [first = ''] = snapshotsIn(cwd, 's/pki-backups');

      const none = await run(shape, ['rollback', ...of('2')], { cwd });
      expect(none.status).toBe(2);
      expect(none.stderr).toContain('there is no snapshot of these directories, but one of others');
      expect(none.stderr).toContain(`--cert-dir ${cwd}/s/pki1 --kubeconfig-dir ${cwd}/s/k1`);
      const other = await run(shape, ['rollback', first, ...of('2')], { cwd });
      expect(other.status).toBe(2);
      expect(other.stderr).toContain(`there is no snapshot ${first} of these directories`);

      for (const _ of [1, 2]) await done(cwd, ['certs', 'renew', 'apiserver', ...of('2'), '--keep', '1']);
      expect(snapshotsIn(cwd, 's/pki-backups')).toHaveLength(2);
      const list = await done(cwd, ['rollback', '--list', ...of('1')]);
      expect(list.stdout.match(/certs renew/g)).toHaveLength(1);
      await done(cwd, ['rollback', ...of('1')]);
      expect(readFileSync(join(cwd, 's/pki1/apiserver.crt'), 'utf8')).not.toBe(renewed);
    });
  }, 60_000);

  test('brings a certificate back with its key, also where that had stayed', async () => {
    await withPki(async (cwd) => {
      const before = filesIn(cwd);
      await done(cwd, [...RENEW, 'apiserver', '--keep-key']);
      await done(cwd, [...RENEW, 'apiserver']);
      const after = filesIn(cwd);
      await done(cwd, [...ROLLBACK, ...snapshotsIn(cwd).slice(0, 1)]);
      expect(filesIn(cwd)).toEqual(before);
      await done(cwd, ROLLBACK);
      expect(filesIn(cwd)).toEqual(after);
    });
  }, 60_000);

  test.each([
    ['recover', ['recover', ...AT]],
    ['init --reissue', [...INIT, ...AT, '--control-plane-endpoint', 'lb:6443', '--reissue']],
  ])(
    'of %s takes back what it has created, and brings it again',
    async (name, command) => {
      await withPki(async (cwd) => {
        for (const path of ['admin.conf', 'pki/sa.pub']) rmSync(join(cwd, 'out', path));
        if (name === 'recover') rmSync(join(cwd, 'out/pki/apiserver.key'));
        chmodSync(join(cwd, 'out/scheduler.conf'), 0o400);
        const before = filesIn(cwd);
        await done(cwd, command);
        expectPair(cwd, 'apiserver');
        const after = filesIn(cwd);
        expect(after.length).toBeGreaterThan(before.length);

        const planned = await done(cwd, [...ROLLBACK, '--dry-run']);
        expect(planned.stdout).toMatch(/ would be put back from .*, 2 files removed; nothing was changed/);
        expect(filesIn(cwd)).toEqual(after);
        const { stdout } = await done(cwd, ROLLBACK);
        expect(stdout).toContain(`${cwd}/out/admin.conf (removed: it was not there)\n`);
        expect(filesIn(cwd)).toEqual(before);
        await done(cwd, ROLLBACK);
        expect(filesIn(cwd)).toEqual(after);
        await done(cwd, ROLLBACK);
        expect(filesIn(cwd)).toEqual(before);
      });
    },
    60_000,
  );

  test('takes back what was created also where it was changed since: it is in its own snapshot', async () => {
    await withPki(async (cwd) => {
      rmSync(join(cwd, 'out/admin.conf'));
      const before = filesIn(cwd);
      await done(cwd, ['recover', ...AT]);
      const [first = ''] = snapshotsIn(cwd);
      await done(cwd, [...RENEW, 'admin.conf']);
      const after = filesIn(cwd);
      await done(cwd, [...ROLLBACK, first]);
      expect(filesIn(cwd)).toEqual(before);
      await done(cwd, ROLLBACK);
      expect(filesIn(cwd)).toEqual(after);

      // What is no file any more is nobody's to remove.
      renameSync(join(cwd, 'out/admin.conf'), join(cwd, 'out/other'));
      symlinkSync('other', join(cwd, 'out/admin.conf'));
      const refused = await run(shape, [...ROLLBACK, first], { cwd });
      expect(refused.status).toBe(3);
      expect(refused.stderr).toContain('admin.conf: expected a regular file, found a symbolic link');
    });
  }, 60_000);

  test('refuses a snapshot that has a certificate and not its key, where that is another one by now', async () => {
    await withPki(async (cwd) => {
      await done(cwd, [...RENEW, 'apiserver', '--keep-key']);
      const [first = ''] = snapshotsIn(cwd);
      // As a release before this one has taken it.
      const manifest = join(cwd, BACKUPS, first, 'snapshot.json');
      const { files, ...rest } = JSON.parse(readFileSync(manifest, 'utf8'));
      const kept = files.filter(({ path }: { readonly path: string }) => path === 'pki/apiserver.crt');
      expect([files.length, kept.length]).toEqual([2, 1]);
      writeFileSync(manifest, JSON.stringify({ ...rest, files: kept }));
      await done(cwd, [...RENEW, 'apiserver']);
      const before = filesIn(cwd);

      const refused = await run(shape, [...ROLLBACK, first], { cwd });
      expect(refused.status).toBe(3);
      expect(refused.stderr).toContain(`${cwd}/out/pki/apiserver.crt: the private key beside it`);
      expect(refused.stderr).toContain('go back to the newer snapshots first');
      expect(filesIn(cwd)).toEqual(before);
      await done(cwd, ROLLBACK);
      await done(cwd, [...ROLLBACK, first]);
      expectPair(cwd, 'apiserver');
    });
  }, 60_000);

  test('takes no older snapshot where the newest is damaged, and says which', async () => {
    await withPki(async (cwd) => {
      for (const _ of [1, 2]) await done(cwd, [...RENEW, 'apiserver']);
      const before = filesIn(cwd);
      const [first = '', second = ''] = snapshotsIn(cwd);
      const manifest = join(cwd, BACKUPS, second, 'snapshot.json');
      const whole = readFileSync(manifest, 'utf8');
      const why = `${manifest}: is gone, cannot be read, or is no description of a snapshot`;
      for (const spoiled of ['{', whole.replace('"pki/apiserver.crt"', '"../../evil"'), undefined]) {
        if (spoiled === undefined) rmSync(manifest);
        else writeFileSync(manifest, spoiled);
        for (const command of [ROLLBACK, [...ROLLBACK, '--dry-run'], [...ROLLBACK, second]]) {
          const { status, stderr } = await run(shape, command, { cwd });
          expect({ status, stderr }).toEqual({
            status: 3,
            stderr: `error: ${why} [ERR_STORE]\n  hint: nothing was changed: name another snapshot; k8s-pki rollback --list lists them\n`,
          });
        }
        const list = await done(cwd, [...ROLLBACK, '--list']);
        expect(list.stdout).toContain(first);
        expect(list.stderr).toBe(`warning: ${why}\n`);
        expect(filesIn(cwd)).toEqual(before);
      }
      // A folder that was made and never filled holds nothing that could be wanted.
      for (const entry of readdirSync(join(cwd, BACKUPS, second)))
        rmSync(join(cwd, BACKUPS, second, entry), { recursive: true });
      mkdirSync(join(cwd, BACKUPS, second, 'pki'));
      const list = await done(cwd, [...ROLLBACK, '--list']);
      expect(list.stderr).toBe('');
      const planned = await done(cwd, [...ROLLBACK, '--dry-run']);
      expect(planned.stdout).toContain(first);
      await done(cwd, [...ROLLBACK, first]);
    });
  }, 60_000);

  test('knows every snapshot, however many files there are in all of them', async () => {
    await withPki(async (cwd) => {
      for (const _ of [1, 2]) await done(cwd, [...RENEW, 'apiserver']);
      const names = snapshotsIn(cwd);
      for (const name of names)
        spawnSync('sh', ['-c', 'seq 10001 | xargs touch'], { cwd: join(cwd, BACKUPS, name) });
      const { stdout } = await done(cwd, [...ROLLBACK, '--list']);
      expect(stdout.match(/^\d{8}T\d{6}\.\d{3}Z/gm)).toEqual(names.toReversed());
    });
  }, 60_000);

  test('tells what has to be restarted, and has it done', async () => {
    await withPki(async (cwd) => {
      await done(cwd, [...RENEW, 'scheduler.conf']);
      const { stdout, stderr } = await done(cwd, [...ROLLBACK, '--hook', '/bin/cat >told; echo seen']);
      expect(stdout).toContain('kube-scheduler: restart it: ');
      expect(stderr).toBe('seen\n');
      expect(JSON.parse(readFileSync(join(cwd, 'told'), 'utf8'))).toMatchObject({
        schema: 'k8s-pki/reload/v1',
        steps: [{ component: 'kube-scheduler', files: [join(cwd, 'out/scheduler.conf')] }],
      });
      const failed = await run(shape, [...ROLLBACK, '--hook', 'exit 3', '-o', 'json'], { cwd });
      expect(failed).toMatchObject({ status: 1, stderr: expect.stringContaining('the hook ended with 3') });
      expect(JSON.parse(failed.stdout)).toMatchObject({ reload: { steps: [{ effect: 'restart' }] } });
      const next = await done(cwd, [...RENEW, 'all', '--if-expiring', '1d']);
      expect(next.stdout).toContain('kube-scheduler: restart it: ');
    });
  }, 60_000);

  test('lists or goes back, not both, and says what is there in the place of snapshots', async () => {
    await withPki(async (cwd) => {
      for (const surplus of [['20261126T021500.000Z'], ['--dry-run'], ['--hook', 'true']]) {
        const { status, stderr, stdout } = await run(shape, [...ROLLBACK, '--list', ...surplus], { cwd });
        expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
        expect(stderr).toContain('--list lists every snapshot and does nothing');
      }
      const backups = join(cwd, BACKUPS);
      for (const [put, found] of [
        [(): void => writeFileSync(backups, ''), 'a regular file'],
        [(): void => symlinkSync('pki', backups), 'a symbolic link'],
      ] as const) {
        put();
        const { status, stderr } = await run(shape, [...ROLLBACK, '--list'], { cwd });
        expect(status).toBe(3);
        expect(stderr).toContain(`${backups}: expected a directory, found ${found}`);
        rmSync(backups);
      }
    });
  }, 60_000);

  test('is closed to others, also where whoever has made the directory has left it open', async () => {
    await withPki(async (cwd) => {
      mkdirSync(join(cwd, BACKUPS));
      chmodSync(join(cwd, BACKUPS), 0o777);
      await done(cwd, [...RENEW, 'apiserver']);
      expect(lstatSync(join(cwd, BACKUPS)).mode & 0o777).toBe(0o700);
    });
  }, 60_000);
});

describe.each(SHAPES)('a hook on $name', (shape) => {
  test('that has failed is called again by the next run, for all that is still as it was left, until it succeeds', async () => {
    await withPki(async (cwd) => {
      const due = [...RENEW, 'all', '--if-expiring', '1d'];
      const failed = await run(shape, [...RENEW, 'scheduler.conf', '--hook', 'exit 1'], { cwd });
      expect(failed.status).toBe(1);
      expect(failed.stderr).toContain('tells of them again');
      expect(snapshotsIn(cwd).map((name) => isMarked(cwd, name))).toEqual([true]);

      // Whoever only looks takes nothing off.
      const planned = await run(shape, [...due, '--dry-run'], { cwd });
      expect(planned.stdout).toContain('kube-scheduler: restart it: ');
      const again = await run(shape, [...due, '--hook', 'exit 1'], { cwd });
      expect(again.status).toBe(1);
      expect(again.stderr).toMatch(/^notice: what has to take up 1 file that an earlier run has changed /m);

      // What is not told yet outlives what lets go of old snapshots.
      const more = [...RENEW, 'admin.conf', 'controller-manager.conf', '--keep', '1'];
      await run(shape, [...more, '--hook', 'exit 1'], { cwd });
      expect(snapshotsIn(cwd).map((name) => isMarked(cwd, name))).toEqual([true, true]);
      const reissue = [...INIT, ...AT, '--reissue', '--hook', '/bin/cat >told'];
      expect(await run(shape, reissue, { cwd })).toMatchObject({ status: 0 });
      const { steps, copies } = JSON.parse(readFileSync(join(cwd, 'told'), 'utf8'));
      expect(steps.map(({ component }: { readonly component: string }) => component)).toEqual([
        'kube-controller-manager',
        'kube-scheduler',
      ]);
      expect(copies).toEqual([join(cwd, 'out/admin.conf')]);
      expect(snapshotsIn(cwd).map((name) => isMarked(cwd, name))).toEqual([false, false]);
      expect(await run(shape, due, { cwd })).toMatchObject({
        status: 0,
        stdout: 'nothing to do: nothing is due\n',
        stderr: '',
      });
    });
  }, 60_000);

  test('is told nothing of what was taken back meanwhile', async () => {
    await withPki(async (cwd) => {
      await run(shape, [...RENEW, 'scheduler.conf', '--hook', 'exit 1'], { cwd });
      expect(await run(shape, ROLLBACK, { cwd })).toMatchObject({ status: 0 });
      expect(await run(shape, [...RENEW, 'all', '--if-expiring', '1d'], { cwd })).toMatchObject({
        stdout: 'nothing to do: nothing is due\n',
        stderr: '',
      });
    });
  }, 60_000);

  test('is stopped with all that it has started', async () => {
    await withPki(async (cwd) => {
      const hook = '/bin/sh -c "echo \\$\\$ >pid; while :; do /bin/sleep 1; done"; :';
      const [program, ...first] = shape.command;
      const args = [...first, ...RENEW, 'scheduler.conf', '--hook', hook];
      const child = spawn(program, args, { cwd, env: bareEnvironment(cwd) });
      const ended = endOf(child);
      const path = join(cwd, 'pid');
      while (!existsSync(path) || readFileSync(path, 'utf8') === '')
        await new Promise((wake) => setTimeout(wake, 20));
      const pid = Number(readFileSync(path, 'utf8'));
      child.kill('SIGINT');
      const { signal, stderr } = await ended;
      expect(signal).toBe('SIGINT');
      expect(stderr).toContain('error: the hook was ended by SIGTERM');
      const stat = `/proc/${pid}/stat`;
      expect(existsSync(stat) ? readFileSync(stat, 'utf8') : ' Z ').toContain(' Z ');
      expect(snapshotsIn(cwd).map((name) => isMarked(cwd, name))).toEqual([true]);
    });
  }, 60_000);
});

const UNSHARED = ['unshare', '--user', '--map-root-user', '--mount'] as const;
const canMount =
  isOnPath('unshare') &&
  spawnSync(UNSHARED[0], [...UNSHARED.slice(1), 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

oracle(
  'unshare',
  canMount,
  'unshare is not there or may not mount',
)('a snapshot that cannot be removed', () => {
  test.each(SHAPES)(
    'is warned of on $name, and the run is done all the same',
    async (shape) => {
      await withPki(async (cwd) => {
        await run(shape, [...RENEW, 'apiserver'], { cwd });
        const [first = ''] = snapshotsIn(cwd);
        cpSync(join(cwd, BACKUPS, first), join(cwd, 'copy'), { recursive: true });
        const mounted = join(cwd, BACKUPS, first, 'pki');
        const shell = ['/bin/sh', '-c', '/bin/mount --bind "$0" "$0" && exec "$@"', mounted];
        const env = { ...bareEnvironment(cwd), PATH: process.env['PATH'] ?? '' };
        const args = [...RENEW, 'scheduler.conf', '--keep', '1', '--hook', '/bin/cat >told'];
        const unshared = ['/usr/bin/env', ...UNSHARED, ...shell, ...shape.command, ...args];
        const ended = await endOf(start(unshared, { cwd, env }));
        expect(ended.status).toBe(0);
        expect(ended.stderr).toMatch(
          new RegExp(`^warning: ${join(cwd, BACKUPS, first)}: cannot remove the directory: .*EBUSY`, 'm'),
        );
        expect(ended.stdout).toContain('kube-scheduler: restart it: ');
        expect(existsSync(join(cwd, 'told'))).toBe(true);
        expect(existsSync(join(cwd, BACKUPS, first, 'snapshot.json'))).toBe(true);

        await run(shape, [...RENEW, 'scheduler.conf', '--keep', '1'], { cwd });
        expect(snapshotsIn(cwd)).not.toContain(first);
      });
    },
    60_000,
  );
});

oracle(
  'strace',
  isOnPath('strace'),
  'strace is not on the PATH',
)('a rollback that is killed', () => {
  const RENAMES = 'rename,renameat,renameat2';
  // Two locks are taken by rename, then it commits, then puts in place three files of its own snapshot and the one of the PKI.
  test.each(SHAPES.flatMap((shape) => [3, 4, 7].map((count) => [shape.name, count, shape] as const)))(
    'on %s at rename %i has brought everything back once it is repeated, with its name or without',
    async (_, count, shape) => {
      for (const named of [false, true])
        await withPki(async (cwd) => {
          const before = filesIn(cwd);
          await run(shape, [...RENEW, 'scheduler.conf'], { cwd });
          const [first = ''] = snapshotsIn(cwd);
          const command = named ? [...ROLLBACK, first] : ROLLBACK;
          const inject = `inject=${RENAMES}:signal=KILL:when=${count}`;
          const trace = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${RENAMES}`, '-e', inject];
          const env = { ...bareEnvironment(cwd), PATH: process.env['PATH'] ?? '' };
          const strace = ['/usr/bin/env', 'strace', ...trace, ...shape.command, ...command];
          expect(await endOf(start(strace, { cwd, env }))).toMatchObject({ signal: 'SIGKILL', stdout: '' });

          const left = linesOf(join(cwd, 'out'));
          const dry = await run(shape, [...command, '--dry-run'], { cwd });
          expect(linesOf(join(cwd, 'out'))).toEqual(left);
          if (count === 3) {
            expect(dry).toMatchObject({
              status: 0,
              stderr: expect.stringContaining('will take it back first'),
            });
            expect(dry.stdout).toContain(`1 file would be put back from ${join(cwd, BACKUPS, first)}`);
          } else {
            expect(dry).toMatchObject({ status: 3, stdout: '' });
            expect(dry.stderr).toContain('will finish it first [ERR_STORE]\n');
            expect(dry.stderr).toContain('run k8s-pki rollback without --dry-run, or any other command');
          }

          const again = await run(shape, command, { cwd });
          expect(again).toMatchObject({ status: 0 });
          expect(again.stdout).toContain(`1 file put back from ${join(cwd, BACKUPS, first)}; what was`);
          expect(again.stdout).toContain('kube-scheduler: restart it: ');
          expect(filesIn(cwd)).toEqual(before);
          expect(snapshotsIn(cwd).map((name) => isMarked(cwd, name))).toEqual([false, false]);
        });
    },
    60_000,
  );
});
