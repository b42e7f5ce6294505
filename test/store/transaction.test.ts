import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  symlinkSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { isPkiError } from '../../src/errors.ts';
import { resolveDirectory } from '../../src/store/directories.ts';
import type { NewFile } from '../../src/store/staging.ts';
import { openStore } from '../../src/store/store.ts';
import { oracle } from '../support/oracles.ts';
import type { Runner } from './sandbox.ts';
import {
  buildRunner,
  createSandbox,
  directoriesOf,
  filesOf,
  put,
  removeSandbox,
  runToEnd,
  snapshot,
  startRun,
} from './sandbox.ts';

const isRoot = process.getuid?.() === 0;
const asRoot = oracle('root', isRoot, 'the tests do not run as root');

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

interface WriteOptions {
  readonly onStep?: (step: string) => void;
  readonly signal?: AbortSignal;
}

async function write(files: readonly NewFile[], { onStep, signal }: WriteOptions = {}): Promise<void> {
  const store = await openStore(directoriesOf(root), { self: process, ...(onStep && { onStep }) });
  try {
    await store.commit(files, signal && { signal });
  } finally {
    await store.close();
  }
}

const MODES = [
  ['admin.conf', 0o600],
  ['pki', 0o755],
  ['pki/ca.crt', 0o644],
  ['pki/ca.key', 0o600],
  ['pki/etcd', 0o755],
  ['pki/etcd/ca.key', 0o600],
] as const;

describe('commit', () => {
  test.each([0o000, 0o022, 0o077, 0o277])('gives exact modes under umask %o', async (umask) => {
    const { report } = await runToEnd(runner, {
      directories: directoriesOf(root),
      files: filesOf(root),
      umask,
    });
    expect(report).not.toHaveProperty('message');
    const [kubernetes] = directoriesOf(root);
    const found = MODES.map(([name]) => [name, lstatSync(join(kubernetes, name)).mode & 0o7777]);
    expect(found).toEqual(MODES);
    expect(snapshot(kubernetes)).toHaveLength(MODES.length);
  });

  test('never holds a key that others could read, not for a moment', async () => {
    const look = (directory: string): readonly number[] =>
      readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
        const path = join(directory, entry.name);
        if (entry.isDirectory()) return look(path);
        return readFileSync(path, 'utf8').includes('.key: new') ? [lstatSync(path).mode & 0o777] : [];
      });
    const seen: number[] = [];
    await write(filesOf(root), { onStep: () => seen.push(...look(root)) });
    expect(seen.length).toBeGreaterThan(10);
    expect(new Set(seen)).toEqual(new Set([0o600]));
  });

  test('stages in folders that only the owner can enter', async () => {
    const modes: number[] = [];
    const [kubernetes, pki] = directoriesOf(root);
    await write(filesOf(root), {
      onStep: (step) => {
        if (step !== 'commit') return;
        for (const directory of [kubernetes, pki]) {
          modes.push(lstatSync(join(directory, '.k8s-pki.staging')).mode & 0o777);
        }
      },
    });
    expect(modes).toEqual([0o700, 0o700]);
  });

  test('adds what is missing to a directory, and leaves what is there alone', async () => {
    const [kubernetes, pki] = directoriesOf(root);
    put(join(pki, 'ca.crt'), 'old', 0o640);
    chmodSync(pki, 0o711);
    await write(filesOf(root).filter(({ path }) => !path.endsWith('pki/ca.crt')));
    expect(readFileSync(join(pki, 'ca.crt'), 'utf8')).toBe('old');
    expect(lstatSync(pki).mode & 0o777).toBe(0o711);
    expect(readFileSync(join(kubernetes, 'admin.conf'), 'utf8')).toBe('admin.conf: new\n');
  });

  test('removes what is there, with what it writes, and passes over what is not', async () => {
    const [kubernetes] = directoriesOf(root);
    for (const { path } of filesOf(root)) put(path, 'old');
    const [first, ...others] = filesOf(root, { replace: true });
    if (first === undefined) throw new Error('no file');
    const store = await openStore(directoriesOf(root), { self: process });
    const removed = [...others.map(({ path }) => path), join(kubernetes, 'none')];
    await store.commit([first], { removed });
    await store.close();
    expect(readdirSync(kubernetes, { recursive: true, encoding: 'utf8' }).toSorted()).toEqual([
      'pki',
      'pki/ca.crt',
      'pki/etcd',
    ]);
    expect(readFileSync(first.path, 'utf8')).toBe('pki/ca.crt: new\n');
  });

  test('removes nothing but a file', async () => {
    const [kubernetes, pki] = directoriesOf(root);
    put(join(pki, 'ca.crt'), 'old');
    symlinkSync('pki/ca.crt', join(kubernetes, 'link'));
    const before = snapshot(root);
    const store = await openStore(directoriesOf(root), { self: process });
    const gone = [join(pki, 'ca.crt'), join(kubernetes, 'link')];
    await expect(store.commit([], { removed: gone })).rejects.toMatchObject({
      code: 'ERR_OBSTACLE',
      detail: { obstacles: [{ path: join(kubernetes, 'link'), found: 'a symbolic link' }] },
    });
    await store.close();
    expect(snapshot(root)).toEqual(before);
  });

  test('replaces a file as a whole, with the mode asked for', async () => {
    const [, pki] = directoriesOf(root);
    const path = join(pki, 'ca.crt');
    put(path, 'old', 0o666);
    const { ino } = lstatSync(path);
    await write([{ path, contents: 'new', mode: 0o644, replace: true }]);
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(lstatSync(path).mode & 0o7777).toBe(0o644);
    expect(lstatSync(path).ino).not.toBe(ino);
  });

  test('writes bytes that are no text as they are, and opens what is secluded to its owner alone', async () => {
    const directories = directoriesOf(root);
    const secluded = join(root, 'kubernetes/pki-backups');
    const bytes = Buffer.from([0xff, 0x00, 0xfe, 0x0a]);
    const [file] = filesOf(root);
    if (file === undefined) throw new Error('no file');
    const kept = { ...file, path: join(secluded, '1/pki/ca.crt'), contents: bytes, mode: 0o600 };
    const store = await openStore(directories, { self: process, secluded: [secluded] });
    await store.commit([file, kept]);
    await store.close();
    expect(readFileSync(kept.path)).toEqual(bytes);
    const modeOf = (path: string): number => lstatSync(path).mode & 0o777;
    const closed = ['', '1', '1/pki'].map((path) => modeOf(join(secluded, path)));
    expect(closed).toEqual([0o700, 0o700, 0o700]);
    expect(modeOf(join(root, 'kubernetes/pki'))).toBe(0o755);
  });

  test('opens to its owner alone what it makes to put a lock in, where that is secluded', async () => {
    const [file] = filesOf(root);
    const secluded = join(root, 'elsewhere/pki-backups');
    const options = { self: process, beside: [secluded], secluded: [secluded] };
    const store = await openStore(directoriesOf(root), options);
    await store.commit([{ ...Object(file), path: join(secluded, '1') }]);
    await store.close();
    const modes = [secluded, join(root, 'elsewhere')].map((path) => lstatSync(path).mode & 0o777);
    expect(modes).toEqual([0o700, 0o755]);
  });

  test('has its journal where whoever opens the target directories finds it, not in one beside them', async () => {
    const [, pki] = directoriesOf(root);
    // Of all, this one comes first.
    const beside = [join(root, 'a-backups')];
    const [file] = filesOf(root);
    if (file === undefined) throw new Error('no file');
    put(file.path, 'old');
    const files = [
      { ...file, replace: true },
      { ...file, path: join(root, 'a-backups/ca.crt'), contents: 'old' },
    ];
    const { steps } = (await runToEnd(runner, { directories: [pki], beside, files })).report;
    for (const killAt of steps.keys()) {
      put(file.path, 'old');
      removeSandbox(join(root, 'a-backups'));
      const order = { directories: [pki], beside, files, killAt };
      expect((await runToEnd(runner, order)).signal).toBe('SIGKILL');
      const store = await openStore([pki], { self: process });
      await store.close();
      const isNew = readFileSync(file.path, 'utf8') === file.contents;
      expect(isNew).toBe(killAt > steps.indexOf('commit'));
      if (isNew) expect(readFileSync(join(root, 'a-backups/ca.crt'), 'utf8')).toBe('old');
    }
  });

  test('writes nothing for no files', async () => {
    await write([]);
    expect(snapshot(root)).toEqual([]);
  });

  test('follows a target directory that is a link, once', async () => {
    mkdirSync(join(root, 'disk'));
    symlinkSync('disk', join(root, 'kubernetes'));
    const directory = await resolveDirectory(join(root, 'kubernetes/pki'));
    const store = await openStore([directory], { self: process });
    await store.commit([{ path: join(directory, 'ca.crt'), contents: '', mode: 0o644, replace: false }]);
    await store.close();
    expect(lstatSync(join(root, 'disk/pki/ca.crt')).isFile()).toBe(true);
  });

  test('is not begun in a directory that a link leads to meanwhile', async () => {
    const [kubernetes] = directoriesOf(root);
    mkdirSync(join(root, 'elsewhere'));
    symlinkSync('elsewhere', kubernetes);
    await expect(write(filesOf(root))).rejects.toMatchObject({
      code: 'ERR_STORE',
      detail: { path: kubernetes },
    });
    expect(readdirSync(join(root, 'elsewhere'))).toEqual([]);
  });

  test('is done more than once, until the store is closed', async () => {
    const [, pki] = directoriesOf(root);
    const store = await openStore([pki], { self: process });
    await store.commit([{ path: join(pki, 'a'), contents: '1', mode: 0o600, replace: false }]);
    await store.commit([{ path: join(pki, 'a'), contents: '2', mode: 0o600, replace: true }]);
    await store.close();
    await store.close();
    await expect(store.commit([])).rejects.toThrow(TypeError);
    expect(snapshot(pki)).toHaveLength(1);
    expect(readFileSync(join(pki, 'a'), 'utf8')).toBe('2');
  });

  test.each<[string, (pki: string) => readonly string[]]>([
    ['a path outside of the directories', (pki) => [join(dirname(dirname(pki)), 'passwd')]],
    ['a path that leads out of them', (pki) => [`${pki}/../../passwd`]],
    ['a target directory itself', (pki) => [dirname(pki)]],
    ['the same path twice', (pki) => [join(pki, 'a'), join(pki, 'a')]],
    ['a file inside another', (pki) => [join(pki, 'a'), join(pki, 'a/b')]],
  ])('takes %s for a mistake of the caller', async (_, paths) => {
    const files = paths(directoriesOf(root)[1]).map((path) => ({
      path,
      contents: '',
      mode: 0o600,
      replace: false,
    }));
    await expect(write(files)).rejects.toThrow(RangeError);
    expect(snapshot(root)).toEqual([]);
  });
});

describe('what is in the way', () => {
  const OUTSIDE = 'outside.key';

  test.each<[string, string, (path: string) => void, string]>([
    ['a file', 'pki/ca.key', (path) => put(path, 'old'), 'expected nothing, found a regular file'],
    [
      'a directory',
      'pki/ca.key',
      (path) => mkdirSync(path, { recursive: true }),
      'expected nothing, found a directory',
    ],
    [
      'a link',
      'pki/ca.key',
      (path) => symlinkSync(`../../${OUTSIDE}`, path),
      'expected nothing, found a symbolic link',
    ],
    ['a link to nothing', 'pki/ca.key', (path) => symlinkSync('/nowhere', path), 'found a symbolic link'],
    ['a FIFO', 'pki/ca.key', (path) => spawnSync('mkfifo', [path]), 'found a FIFO, socket or device'],
    [
      'a file for a parent',
      'pki/etcd',
      (path) => put(path, 'old'),
      'expected a directory, found a regular file',
    ],
    [
      'a link for a parent',
      'pki/etcd',
      (path) => symlinkSync('../../elsewhere', path),
      'expected a directory, found a symbolic link',
    ],
  ])('is refused and stays: %s', async (_, name, make, says) => {
    put(join(root, OUTSIDE), 'outside');
    put(join(root, 'elsewhere/ca.key'), 'of somebody else');
    const path = join(root, 'kubernetes', name);
    mkdirSync(dirname(path), { recursive: true });
    make(path);
    const before = snapshot(root);
    await expect(write(filesOf(root))).rejects.toMatchObject({
      code: 'ERR_OBSTACLE',
      message: expect.stringContaining(`${path}: `),
      detail: { obstacles: [{ path }] },
    });
    await expect(write(filesOf(root))).rejects.toThrow(says);
    expect(snapshot(root)).toEqual(before);
  });

  test('is not replaced through a link or where it is a directory either', async () => {
    put(join(root, OUTSIDE), 'outside');
    const [, pki] = directoriesOf(root);
    mkdirSync(join(pki, 'ca.crt'), { recursive: true });
    symlinkSync(`../../${OUTSIDE}`, join(pki, 'ca.key'));
    const before = snapshot(root);
    await expect(write(filesOf(root, { replace: true }))).rejects.toMatchObject({
      detail: {
        obstacles: [
          { path: join(pki, 'ca.crt'), expected: 'a regular file', found: 'a directory' },
          { path: join(pki, 'ca.key'), expected: 'a regular file', found: 'a symbolic link' },
        ],
      },
    });
    expect(snapshot(root)).toEqual(before);
  });

  test('is listed all at once', async () => {
    for (const { path } of filesOf(root)) put(path, 'old');
    const refused = await write(filesOf(root)).catch((error: unknown) => error);
    expect(isPkiError(refused, 'ERR_OBSTACLE') && refused.detail.obstacles).toHaveLength(
      filesOf(root).length,
    );
  });
});

describe('an interruption', () => {
  /** A step before which something happens once. */
  const before = (wanted: number, happen: () => void): ((step: string) => void) => {
    let step = 0;
    return () => {
      if (step++ === wanted) happen();
    };
  };
  const prepare = (): readonly string[] => {
    removeSandbox(join(root, 'kubernetes'));
    put(join(root, 'kubernetes/pki/etcd/other.key'), 'old');
    return snapshot(root);
  };
  /** The steps of a run where one directory is there, and the last one at which it can be stopped. */
  async function trace(): Promise<{ steps: readonly string[]; commit: number }> {
    prepare();
    const steps: string[] = [];
    await write(filesOf(root), { onStep: (step) => steps.push(step) });
    return { steps, commit: steps.indexOf('commit') };
  }

  test('undoes everything up to the commit, and nothing after it', async () => {
    const { steps, commit } = await trace();
    for (const [at, step] of steps.entries()) {
      const old = prepare();
      const interruption = new AbortController();
      const onStep = before(at, () => interruption.abort('SIGTERM'));
      const outcome = await write(filesOf(root), { onStep, signal: interruption.signal }).catch(
        (error: unknown) => error,
      );
      if (at < commit) {
        expect(outcome).toMatchObject({ code: 'ERR_INTERRUPTED', detail: { signal: 'SIGTERM' } });
        expect(snapshot(root)).toEqual(old);
      } else {
        expect([step, outcome]).toEqual([step, undefined]);
        expect(snapshot(root)).toHaveLength(old.length + filesOf(root).length);
      }
    }
  });

  test('by a failure at any step before the commit leaves no trace', async () => {
    const { steps, commit } = await trace();
    for (const [at, step] of steps.slice(0, commit + 1).entries()) {
      const old = prepare();
      const onStep = before(at, () => {
        throw new Error(`stopped before ${step}`);
      });
      await expect(write(filesOf(root), { onStep })).rejects.toThrow(`stopped before ${step}`);
      expect(snapshot(root)).toEqual(old);
    }
  });

  test('removes the directories that the run created', async () => {
    const interruption = new AbortController();
    const store = await openStore(directoriesOf(root), { self: process });
    expect(snapshot(root)).not.toEqual([]);
    interruption.abort('SIGINT');
    await expect(store.commit(filesOf(root), interruption)).rejects.toMatchObject({
      code: 'ERR_INTERRUPTED',
    });
    await store.close();
    expect(snapshot(root)).toEqual([]);
  });

  test('by Ctrl-C between opening and writing leaves no trace', async () => {
    const run = startRun(runner, { directories: directoriesOf(root), files: filesOf(root), waits: true });
    expect(await run.opened).toBe(true);
    run.child.kill('SIGINT');
    await run.interrupted;
    run.child.stdin.end();
    const { report } = await run.ended;
    expect(report).toMatchObject({ code: 'ERR_INTERRUPTED', detail: { signal: 'SIGINT' } });
    expect(snapshot(root)).toEqual([]);
  });
});

asRoot('owners', () => {
  test('of files that are replaced are kept', async () => {
    for (const { path } of filesOf(root)) put(path, 'old');
    const [, pki] = directoriesOf(root);
    chownSync(join(pki, 'ca.crt'), 4711, 4712);
    await write(filesOf(root, { replace: true }));
    expect(lstatSync(join(pki, 'ca.crt'))).toMatchObject({ uid: 4711, gid: 4712 });
    expect(lstatSync(join(pki, 'ca.key'))).toMatchObject({ uid: 0, gid: 0 });
  });

  test('that cannot be kept stop the run before anything is changed', async () => {
    const files = filesOf(root, { replace: true });
    for (const { path } of files) put(path, 'old', 0o666);
    spawnSync('chown', ['-R', '4711:4711', root]);
    const [, pki] = directoriesOf(root);
    chownSync(join(pki, 'ca.crt'), 4711, 0);
    const before = snapshot(root);
    const wrapper = ['setpriv', '--reuid=4711', '--regid=4711', '--clear-groups'];
    const { report } = await runToEnd(runner, { directories: directoriesOf(root), files }, wrapper);
    expect(report).toMatchObject({
      code: 'ERR_STORE',
      detail: { path: join(pki, 'ca.crt'), errno: 'EPERM' },
    });
    expect(report.message).toContain('cannot keep the owner 4711:0 of the file');
    expect(snapshot(root)).toEqual(before);
  });
});
