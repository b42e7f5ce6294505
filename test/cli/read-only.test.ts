import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, lchownSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isOnPath, oracle } from '../support/oracles.ts';
import { run, type Shape, SHAPES } from './shapes.ts';
import { treeOf, withDirectory } from './tree.ts';

const HOST = ['--host-ip', '192.0.2.10', '--hostname', 'cp1', '--key-algorithm', 'ECDSA-P256'];
const FORMS = ['text', 'json', 'html'];

/** Nobody in particular; that nobody owns the files here, so that everything can be read. */
const ORDINARY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

function giveAway(directory: string): void {
  const { uid, gid } = ORDINARY;
  if (uid === undefined || gid === undefined) return;
  lchownSync(directory, uid, gid);
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }))
    lchownSync(join(directory, name), uid, gid);
}

/** A PKI in `out`, and an empty `work`, both an ordinary user's. */
function withPki(shape: Shape, body: (cwd: string) => void): Promise<void> {
  return withDirectory(async (cwd) => {
    await run(shape, ['init', ...HOST, '--cert-dir', 'out/pki'], { cwd });
    mkdirSync(join(cwd, 'work'));
    giveAway(cwd);
    chmodSync(cwd, 0o755);
    body(cwd);
  });
}

interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs words as an ordinary user. What they say goes to files: Node's own pipes are sockets. */
function runOrdinary(words: readonly string[], cwd: string): Finished {
  const [program = '', ...args] = words;
  const names = ['stdout', 'stderr'].map((name) => join(cwd, name));
  const descriptors = names.map((name) => openSync(name, 'w'));
  const { status } = spawnSync(program, args, {
    cwd: join(cwd, 'work'),
    stdio: ['ignore', ...descriptors],
    ...ORDINARY,
  });
  for (const descriptor of descriptors) closeSync(descriptor);
  const [stdout = '', stderr = ''] = names.map((name) => readFileSync(name, 'utf8'));
  return { status, stdout, stderr };
}

/** The calls that a run makes to the file system and the network, a line each. */
function trace(
  words: readonly string[],
  cwd: string,
): { readonly ended: Finished; readonly calls: readonly string[] } {
  const log = join(cwd, 'work/trace');
  const changes = 'ftruncate,fallocate,fchmod,fchown,fsetxattr,fremovexattr,copy_file_range,sendfile';
  const strace = ['strace', '-f', '-qq', '-s', '256', '-o', log, '-e', `trace=%file,%network,${changes}`];
  const ended = runOrdinary([...strace, ...words], cwd);
  const calls = readFileSync(log, 'utf8')
    .split('\n')
    .map((line) => line.replace(/^\d+ +/, ''));
  return { ended, calls };
}

const READS =
  /^(?:access|chdir|execve|exit|faccessat2?|fstat|getcwd|getxattr|l?stat|lgetxattr|l?listxattr|newfstatat|readlink(?:at)?|statfs|statx)\(/;
/** What belongs to no directory: whatever is written there is kept nowhere. */
const NOWHERE = /"\/(?:dev|proc)\//;

/** What of the calls could change something or reach somebody: everything but reading, by its name or its flags. */
function suspicious(calls: readonly string[]): readonly string[] {
  return calls.filter((call) => {
    if (!/^\w+\(/.test(call) || READS.test(call)) return false;
    const isOpen = /^open(?:at2?)?\(/.test(call);
    return !isOpen || (/O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE/.test(call) && !NOWHERE.test(call));
  });
}

const canTrace = isOnPath('strace') && spawnSync('strace', ['-qq', '-e', 'trace=none', 'true']).status === 0;

oracle(
  'strace',
  canTrace,
  'strace is not there or may not trace',
)('an audit by an ordinary user', () => {
  describe.each(SHAPES)('$name', (shape) => {
    test('opens nothing for writing, changes nothing and connects to nothing', async () => {
      await withPki(shape, (cwd) => {
        for (const form of FORMS) {
          const { ended, calls } = trace([...shape.command, 'verify', '../out', '-o', form], cwd);
          expect(ended).toMatchObject({ status: 0, stderr: '' });
          expect(suspicious(calls)).toEqual([]);
          // It was really looked at.
          for (const file of readdirSync(join(cwd, 'out/pki')).filter((name) => name.includes('.')))
            expect(calls).toContainEqual(expect.stringMatching(`^open.*/out/pki/${file}", O_RDONLY`));
        }
      });
    }, 60_000);

    test('is seen to change something where it is another command', async () => {
      await withPki(shape, (cwd) => {
        const { calls } = trace([...shape.command, 'init', ...HOST, '--cert-dir', 'pki'], cwd);
        for (const call of ['openat', 'mkdir', 'rename', 'unlink'])
          expect(suspicious(calls)).toContainEqual(expect.stringMatching(`^${call}`));
      });
    }, 60_000);
  });
});

/** Mounts the directory of a PKI on another one, so that nobody can write to it there, and runs what follows. */
const READ_ONLY = [
  'unshare',
  '--user',
  '--map-root-user',
  '--mount',
  'sh',
  '-c',
  'mount --bind "$0" "$1" && mount -o remount,bind,ro "$1" && ! touch "$1/pki/ca.crt" 2>/dev/null && shift && exec "$@"',
];
const canMount =
  isOnPath('unshare') &&
  spawnSync(
    'unshare',
    ['--user', '--map-root-user', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'],
    ORDINARY,
  ).status === 0;

oracle(
  'a read-only mount',
  canMount,
  'an ordinary user has no namespaces of users and mounts here',
)('an audit of it', () => {
  test.each(SHAPES)(
    'is the same as of any other directory: $name',
    async (shape) => {
      await withPki(shape, (cwd) => {
        // As long a name as that of the other, or columns would be wider.
        mkdirSync(join(cwd, 'ro1'));
        const before = treeOf(join(cwd, 'out'));
        const at = `${new Date(Date.now() + 60_000).toISOString().slice(0, 19)}Z`;
        const [mounted, plain] = [join(cwd, 'ro1'), join(cwd, 'out')];
        for (const form of FORMS) {
          const words = (directory: string): readonly string[] => [
            ...shape.command,
            'verify',
            directory,
            '-o',
            form,
            '--at',
            at,
          ];
          const there = runOrdinary([...READ_ONLY, plain, mounted, ...words(mounted)], cwd);
          const here = runOrdinary(words(plain), cwd);
          expect(there).toEqual({ ...here, stdout: here.stdout.replaceAll(plain, mounted) });
          expect(there).toMatchObject({ status: 0, stderr: '' });
        }
        expect(treeOf(join(cwd, 'out'))).toEqual(before);
      });
    },
    60_000,
  );
});
