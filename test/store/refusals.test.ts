import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../src/store/store.ts';
import { isOnPath, oracle } from '../support/oracles.ts';
import type { RunOrder, RunReport } from './run.ts';
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
  chmodSync(root, 0o755);
});

const isRoot = process.getuid?.() === 0;
const asRoot = oracle('root', isRoot, 'the tests do not run as root');

/** What a run in a mount namespace of its own reported, and whether the tree was the same before and after. */
interface Mounted {
  readonly report: RunReport;
  readonly isUnchanged: boolean;
}

/** A run after `mounts`, shell commands that find the root in $ROOT; the mounts are gone when it has ended. */
async function runMounted(mounts: string, order: RunOrder): Promise<Mounted> {
  const script = `
    ${mounts}
    list() { find "$ROOT" -printf '%y %m %U:%G %p %l\\n' | sort; find "$ROOT" -type f -exec sha256sum {} + | sort; }
    list > "$ROOT.before"; "$@"; list > "$ROOT.after"`;
  const wrapper = ['env', `ROOT=${root}`, 'unshare', '-m', 'sh', '-euc', script, 'sh'];
  const { report, stderr } = await runToEnd(runner, order, wrapper);
  expect(stderr).toBe('');
  const [before, after] = ['before', 'after'].map((name) => readFileSync(`${root}.${name}`, 'utf8'));
  return { report, isUnchanged: before === after };
}

const canMount =
  isRoot &&
  isOnPath('unshare') &&
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 't', '/mnt']).status === 0;
const withMounts = oracle('mount', canMount, 'mounting needs root and mount namespaces');

withMounts('a file system', () => {
  const order = (): RunOrder => ({ directories: directoriesOf(root), files: filesOf(root) });

  test.each(Array.from({ length: 12 }, (_, pages) => pages))(
    'that is full but for %i pages leaves the old state or takes the new one',
    async (pages) => {
      const fill = `mount -t tmpfs -o size=64k t "$ROOT"; head -c $((65536 - ${pages} * 4096)) /dev/zero > "$ROOT/filler"`;
      const { report, isUnchanged } = await runMounted(fill, order());
      // Of 4 KiB each: two locks, the journal, the marker and the four files. The locks are there first.
      if (pages >= 8) return expect(report).not.toHaveProperty('code');
      expect(report).toMatchObject({ code: 'ERR_STORE', detail: { errno: 'ENOSPC' } });
      expect(report.message).toContain('no space left on the device (ENOSPC)');
      expect(report.hint).toBe('free some space, then run again');
      return expect(isUnchanged).toBe(true);
    },
  );

  test('that is full for names leaves the old state', async () => {
    const { report, isUnchanged } = await runMounted('mount -t tmpfs -o nr_inodes=12 t "$ROOT"', order());
    expect(report).toMatchObject({ code: 'ERR_STORE', detail: { errno: 'ENOSPC' } });
    expect(isUnchanged).toBe(true);
  });

  test('that is read-only is left alone', async () => {
    const mounts = 'mount -t tmpfs t "$ROOT"; mkdir -p "$ROOT/kubernetes/pki"; mount -o remount,ro "$ROOT"';
    const { report, isUnchanged } = await runMounted(mounts, order());
    expect(report).toMatchObject({
      code: 'ERR_STORE',
      message: `${root}/kubernetes/.k8s-pki.lock: cannot take the lock: the file system is read-only (EROFS)`,
      hint: 'mount it writable, then run again',
    });
    expect(isUnchanged).toBe(true);
  });

  test('that is read-only below the target directory is left alone', async () => {
    const etcd = '"$ROOT/kubernetes/pki/etcd"';
    const { report, isUnchanged } = await runMounted(
      `mkdir -p ${etcd}; mount -t tmpfs -o ro t ${etcd}`,
      order(),
    );
    expect(report).toMatchObject({ code: 'ERR_STORE', detail: { errno: 'EROFS' } });
    expect(isUnchanged).toBe(true);
  });

  test.each([
    ['another file system', 'mount -t tmpfs t "$ROOT/kubernetes/pki/etcd"'],
    ['the same file system', 'mkdir "$ROOT/disk"; mount --bind "$ROOT/disk" "$ROOT/kubernetes/pki/etcd"'],
  ])('mounted below the target directory is written to: %s', async (_, mount) => {
    const { report } = await runMounted(`mkdir -p "$ROOT/kubernetes/pki/etcd"; ${mount}`, order());
    expect(report).not.toHaveProperty('message');
    expect(readFileSync(`${root}.after`, 'utf8')).toContain(`f 600 0:0 ${root}/kubernetes/pki/etcd/ca.key`);
    expect(readFileSync(`${root}.after`, 'utf8')).not.toContain('.k8s-pki.');
  });

  test('mounted on a file keeps that file, and the others', async () => {
    for (const { path } of filesOf(root)) put(path, 'old');
    const mount = 'touch "$ROOT/other"; mount --bind "$ROOT/other" "$ROOT/kubernetes/pki/ca.key"';
    const files = filesOf(root, { replace: true });
    const { report, isUnchanged } = await runMounted(mount, { ...order(), files });
    expect(report).toMatchObject({
      code: 'ERR_STORE',
      message: `${root}/kubernetes/pki/ca.key: cannot replace the file: it is a mount point of its own (EXDEV)`,
    });
    expect(isUnchanged).toBe(true);
  });
});

asRoot('an immutable file', () => {
  test('is not replaced, and neither are the others', async () => {
    const files = filesOf(root, { replace: true });
    for (const { path } of files) put(path, 'old');
    const [, pki] = directoriesOf(root);
    const before = snapshot(root);
    const isImmutable = spawnSync('chattr', ['+i', join(pki, 'ca.key')]).status === 0;
    try {
      const { report } = await runToEnd(runner, { directories: directoriesOf(root), files });
      if (!isImmutable) return;
      expect(report).toMatchObject({
        code: 'ERR_STORE',
        detail: { path: join(pki, 'ca.key'), errno: 'EPERM' },
      });
      expect(snapshot(root)).toEqual(before);
    } finally {
      spawnSync('chattr', ['-i', join(pki, 'ca.key')]);
    }
  });
});

describe('a user without the right to write', () => {
  const unprivileged = isRoot ? ['setpriv', '--reuid=4711', '--regid=4711', '--clear-groups'] : [];

  test('is told so, and nothing is changed', async () => {
    mkdirSync(join(root, 'kubernetes/pki'), { recursive: true });
    chmodSync(join(root, 'kubernetes'), 0o555);
    const before = snapshot(root);
    const { report } = await runToEnd(
      runner,
      { directories: directoriesOf(root), files: filesOf(root) },
      unprivileged,
    );
    expect(report).toMatchObject({
      code: 'ERR_STORE',
      message: `${root}/kubernetes/.k8s-pki.lock: cannot take the lock: permission denied (EACCES)`,
      hint: 'run as a user who may write there',
    });
    expect(snapshot(root)).toEqual(before);
  });
});

const canTrace = isOnPath('strace') && spawnSync('strace', ['-qq', '-e', 'trace=none', 'true']).status === 0;

oracle(
  'strace',
  canTrace,
  'strace is not there or may not trace',
)('a system call that fails', () => {
  let node: Runner;
  beforeAll(() => {
    node = buildNodeRunner(sandbox);
  });
  const failing = (call: string, nth: number | string, errno = 'EIO'): readonly string[] => {
    const inject = `inject=${call}:error=${errno}:when=${nth}`;
    return ['strace', '-f', '-qq', '-o', '/dev/null', '-e', inject];
  };

  test('by which a directory is not there yet, though another run makes it that moment, is asked again', async () => {
    const directories = directoriesOf(root);
    const missing = join(root, 'kubernetes/pki');
    mkdirSync(missing, { recursive: true });
    const { report } = await runToEnd(node, { directories, files: filesOf(root) }, [
      ...failing('readlink', 1, 'ENOENT'),
      '-P',
      missing,
    ]);
    expect(report).not.toHaveProperty('code');
    expect(snapshot(join(root, 'kubernetes'))).toHaveLength(filesOf(root).length + 2);
  });

  // The first two renames are the locks, the third is the commit.
  test.each([1, 2, 3])('before the commit leaves the old state: rename %i', async (nth) => {
    const order = { directories: directoriesOf(root), files: filesOf(root) };
    const { report } = await runToEnd(node, order, failing('rename', nth));
    expect(report).toMatchObject({ code: 'ERR_STORE', detail: { errno: 'EIO' } });
    expect(snapshot(root)).toEqual([]);
  });

  test.each([1, 5, 9, 13])('in flushing leaves the old state: fsync %i', async (nth) => {
    const order = { directories: directoriesOf(root), files: filesOf(root) };
    const { report } = await runToEnd(node, order, failing('fsync', nth));
    expect(report).toMatchObject({ code: 'ERR_STORE', detail: { errno: 'EIO' } });
    expect(snapshot(root)).toEqual([]);
  });

  test('after the commit is made up for by the next run', async () => {
    const order = { directories: directoriesOf(root), files: filesOf(root) };
    const { report } = await runToEnd(node, order, failing('rename', 5));
    expect(report).toMatchObject({
      code: 'ERR_STORE',
      detail: { errno: 'EIO', operation: 'put the file in place' },
      hint: 'all files are written, but not all are in place: mend this, and the next writing run finishes it',
    });
    const store = await openStore(directoriesOf(root), { self: process });
    await store.close();
    expect(store.recovered).toMatchObject([{ kind: 'finished' }]);
    expect(snapshot(join(root, 'kubernetes'))).toHaveLength(filesOf(root).length + 2);
  });

  test('never lets key material into a message', async () => {
    for (const [call, nth] of [
      ['write', '1+'],
      ['fchmod', 1],
      ['link', 1],
    ] as const) {
      const order = { directories: directoriesOf(root), files: filesOf(root, { replace: true }) };
      const { report, stderr } = await runToEnd(node, order, failing(call, nth));
      expect(JSON.stringify({ report, stderr })).not.toContain('ca.key: new');
    }
  });
});

test('a commit that cannot be finished is not followed by another one of the same store', async () => {
  const [, pki] = directoriesOf(root);
  const store = await openStore([pki], {
    self: process,
    onStep: (step) => {
      if (step.startsWith('place')) throw new Error('stopped');
    },
  });
  await expect(store.commit(filesOf(root).slice(0, 1))).rejects.toThrow('stopped');
  const before = snapshot(root);
  await expect(store.commit(filesOf(root).slice(1, 2))).rejects.toMatchObject({
    code: 'ERR_STORE',
    detail: { path: join(pki, '.k8s-pki.staging'), errno: 'EEXIST' },
  });
  expect(snapshot(root)).toEqual(before);
  await store.close();
  expect(lstatSync(join(pki, '.k8s-pki.staging')).isDirectory()).toBe(true);
});
