import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { inspectPending, openStore } from '../../src/store/store.ts';
import { oracle } from '../support/oracles.ts';
import type { Runner, Running } from './sandbox.ts';
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

let sandbox: string;
let runner: Runner;
let commit: number;
beforeAll(async () => {
  sandbox = createSandbox();
  runner = buildRunner(sandbox);
  const { report } = await runToEnd(runner, { directories: directoriesOf(sandbox), files: filesOf(sandbox) });
  commit = report.steps.indexOf('commit');
});
afterAll(() => removeSandbox(sandbox));

const OUTER = 'kubernetes/.k8s-pki.staging';
const INNER = 'kubernetes/pki/.k8s-pki.staging';

/** A fresh root where a run was killed so many steps after the commit; 0: just before it. */
async function crash(afterCommit: number): Promise<string> {
  const root = mkdtempSync(join(sandbox, 'root-'));
  const order = { directories: directoriesOf(root), files: filesOf(root), killAt: commit + afterCommit };
  expect((await runToEnd(runner, order)).signal).toBe('SIGKILL');
  return root;
}

function startHolder(root: string): Running {
  return startRun(runner, { directories: directoriesOf(root), files: [], waits: true });
}

async function expectRefused(root: string, error: object): Promise<void> {
  // Of a run that is dead the lock is taken over and given back: only the rest stays as it was.
  rmSync(join(root, 'kubernetes/.k8s-pki.lock'), { recursive: true, force: true });
  rmSync(join(root, 'kubernetes/pki/.k8s-pki.lock'), { recursive: true, force: true });
  const before = snapshot(root);
  await expect(openStore(directoriesOf(root), { self: process })).rejects.toMatchObject(error);
  expect(snapshot(root)).toEqual(before);
}

describe('inspectPending', () => {
  test.each([
    ['roll-back', 0],
    ['finish', 1],
  ])('tells of an interrupted run and what becomes of it, and changes nothing: %s', async (outcome, at) => {
    const root = await crash(at);
    const before = snapshot(root);
    const path = join(root, OUTER);
    const files = filesOf(root).map((file) => file.path);
    for (const directories of [
      directoriesOf(root),
      directoriesOf(root).slice(0, 1),
      directoriesOf(root).slice(1),
    ]) {
      expect(await inspectPending(directories, { self: process })).toEqual([{ outcome, path, files }]);
    }
    expect(snapshot(root)).toEqual(before);
  });

  test('tells who holds the lock: the run may be under way', async () => {
    const root = await crash(1);
    renameSync(join(root, INNER), join(root, 'aside'));
    renameSync(join(root, OUTER), join(root, 'away'));
    const holder = startHolder(root);
    await holder.opened;
    renameSync(join(root, 'aside'), join(root, INNER));
    renameSync(join(root, 'away'), join(root, OUTER));
    const [pending] = await inspectPending(directoriesOf(root), { self: process });
    expect(pending?.heldBy).toContain(`process ${holder.child.pid} on `);
    holder.child.stdin.end();
    await holder.ended;
  });

  test('finds nothing where there is nothing', async () => {
    expect(await inspectPending([join(sandbox, 'none')], { self: process })).toEqual([]);
  });

  test('says why it cannot tell', async () => {
    const root = await crash(1);
    writeFileSync(join(root, OUTER, 'journal.json'), '{}');
    expect(await inspectPending(directoriesOf(root), { self: process })).toEqual([
      {
        outcome: 'unclear',
        path: join(root, OUTER, 'journal.json'),
        files: [],
        why: 'is damaged, or was written for another directory',
      },
    ]);
  });
});

describe('recovery says what it did', () => {
  test.each([
    ['rolled-back', 0],
    ['finished', 1],
    ['finished', 3],
  ])('%s, killed %i steps after the commit', async (kind, at) => {
    const root = await crash(at);
    const store = await openStore(directoriesOf(root), { self: process });
    await store.close();
    expect(store.recovered).toEqual([{ kind, files: filesOf(root).map((file) => file.path) }]);
  });

  test('and goes on with the run that was asked for', async () => {
    const root = await crash(0);
    const { report } = await runToEnd(runner, { directories: directoriesOf(root), files: filesOf(root) });
    expect(report).toEqual({ steps: expect.any(Array), recovered: ['rolled-back'] });
    expect(snapshot(join(root, 'kubernetes'))).toHaveLength(filesOf(root).length + 2);
  });

  test('where an empty directory that it had created is gone by now, too', async () => {
    const root = await crash(1);
    rmdirSync(join(root, 'kubernetes/pki/etcd'));
    const store = await openStore(directoriesOf(root), { self: process });
    await store.close();
    expect(store.recovered).toMatchObject([{ kind: 'finished' }]);
    expect(snapshot(join(root, 'kubernetes'))).toHaveLength(filesOf(root).length + 2);
  });

  test('and not where nothing had been staged yet', async () => {
    const root = mkdtempSync(join(sandbox, 'root-'));
    put(join(root, OUTER, 'intent.json'), '{"version":1,"id":');
    mkdirSync(join(root, INNER), { recursive: true });
    put(join(root, INNER, 'marker.json'), '');
    chmodSync(join(root, OUTER), 0o700);
    const store = await openStore(directoriesOf(root), { self: process });
    await store.close();
    expect(store.recovered).toEqual([]);
    expect(snapshot(join(root, 'kubernetes')).map((line) => line.split(' ').at(-1))).toEqual(['pki']);
  });
});

describe('recovery touches nothing', () => {
  test('where a staged file was changed', async () => {
    const root = await crash(1);
    writeFileSync(join(root, OUTER, '3'), 'changed');
    await expectRefused(root, {
      code: 'ERR_STORE',
      message: `${join(root, OUTER)}: an interrupted run cannot be finished, 1 of its 4 files are gone or were changed since, the first is ${join(root, 'kubernetes/admin.conf')}`,
      hint: expect.stringContaining(`rm -r ${join(root, OUTER)} ${join(root, INNER)}`),
    });
  });

  test('where the mode of a staged file was changed', async () => {
    const root = await crash(1);
    chmodSync(join(root, OUTER, '3'), 0o644);
    await expectRefused(root, { code: 'ERR_STORE', message: expect.stringContaining('cannot be finished') });
  });

  test('where a staged file is gone', async () => {
    const root = await crash(1);
    unlinkSync(join(root, INNER, '0'));
    await expectRefused(root, { code: 'ERR_STORE', message: expect.stringContaining('cannot be finished') });
  });

  test('where a file that was put in place was changed since', async () => {
    const root = await crash(2);
    writeFileSync(join(root, 'kubernetes/pki/ca.crt'), 'changed');
    await expectRefused(root, { code: 'ERR_STORE', message: expect.stringContaining('cannot be finished') });
  });

  test('where a file that was to be removed was changed since', async () => {
    const root = mkdtempSync(join(sandbox, 'root-'));
    const directories = directoriesOf(root);
    const path = join(root, 'kubernetes/pki/ca.crt');
    const order = { directories, files: [], removed: [path] };
    put(path, 'old');
    const { steps } = (await runToEnd(runner, order)).report;
    put(path, 'old');
    await runToEnd(runner, { ...order, killAt: steps.indexOf(`remove ${path}`) });
    rmSync(path);
    put(path, 'changed');
    await expectRefused(root, {
      code: 'ERR_STORE',
      message: expect.stringContaining(`changed since, the first is ${path}`),
    });
    expect(readFileSync(path, 'utf8')).toBe('changed');
  });

  test('where something is in the way by now', async () => {
    const root = await crash(1);
    const path = join(root, 'kubernetes/admin.conf');
    put(path, 'of somebody else');
    await expectRefused(root, { code: 'ERR_OBSTACLE', detail: { obstacles: [{ path }] } });
  });

  test('where a directory on the way became a link', async () => {
    const root = await crash(1);
    const path = join(root, 'kubernetes/pki/etcd');
    rmdirSync(path);
    put(join(root, 'elsewhere/ca.key'), 'of somebody else');
    symlinkSync('../../elsewhere', path);
    await expectRefused(root, { code: 'ERR_OBSTACLE', detail: { obstacles: [{ path }] } });
  });

  test('where the journal that a marker stands for is gone', async () => {
    const root = await crash(1);
    rmSync(join(root, OUTER), { recursive: true });
    await expectRefused(root, {
      code: 'ERR_STORE',
      message: `${join(root, INNER, 'marker.json')}: an interrupted run was found, but this stands for a run whose journal is not in ${join(root, 'kubernetes')}`,
    });
  });

  test('where the tree was moved', async () => {
    const elsewhere = mkdtempSync(join(sandbox, 'root-'));
    renameSync(join(await crash(1), 'kubernetes'), join(elsewhere, 'kubernetes'));
    await expectRefused(elsewhere, {
      code: 'ERR_STORE',
      message: expect.stringContaining('another directory'),
    });
  });

  test.each<[string, (journal: Record<string, unknown>, root: string) => object]>([
    ['lists a file outside', (journal, root) => edited(journal, { path: join(root, 'passwd') })],
    [
      'lists a file by a way out',
      (journal, root) => edited(journal, { path: `${root}/kubernetes/../passwd` }),
    ],
    ['stages outside', (journal, root) => edited(journal, { site: root })],
    [
      'stages in another directory than the file',
      (journal, root) => edited(journal, { site: `${root}/kubernetes/x` }),
    ],
    ['creates a directory outside', (journal, root) => ({ ...journal, created: [join(root, 'created')] })],
    ['is of another version', (journal) => ({ ...journal, version: 2 })],
    ['has no directories', (journal) => ({ ...journal, directories: [] })],
    ['has a file without a hash', (journal) => edited(journal, { sha256Hex: undefined })],
    ['is for another directory', (journal) => ({ ...journal, directories: ['/etc'] })],
  ])('where the journal %s', async (_, change) => {
    const root = await crash(1);
    const path = join(root, OUTER, 'journal.json');
    const journal = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify(change(journal, root)));
    await expectRefused(root, {
      code: 'ERR_STORE',
      detail: { path },
      message: expect.stringContaining('is damaged'),
    });
  });

  function edited(journal: Record<string, unknown>, change: object): object {
    const [first, ...others] = Array.isArray(journal['files']) ? journal['files'] : [];
    return { ...journal, files: [...others, { ...first, ...change }] };
  }

  test.each<[string, (root: string) => void, string]>([
    [
      'journal can be written by others',
      (root) => chmodSync(join(root, OUTER, 'journal.json'), 0o660),
      'by others',
    ],
    ['folder can be written by others', (root) => chmodSync(join(root, OUTER), 0o777), 'by others'],
    [
      'folder is a file',
      (root) => (rmSync(join(root, OUTER), { recursive: true }), put(join(root, OUTER), '')),
      'is not a directory',
    ],
    [
      'journal is a link',
      (root) => {
        renameSync(join(root, OUTER, 'journal.json'), join(root, 'journal.json'));
        symlinkSync(join(root, 'journal.json'), join(root, OUTER, 'journal.json'));
      },
      'is no file that this program wrote',
    ],
  ])('where the %s', async (_, change, says) => {
    const root = await crash(1);
    change(root);
    await expectRefused(root, { code: 'ERR_STORE', message: expect.stringContaining(says) });
  });

  oracle(
    'root',
    process.getuid?.() === 0,
    'the tests do not run as root',
  )('of other users', () => {
    test.each([OUTER, `${OUTER}/journal.json`, INNER, `${INNER}/marker.json`])(
      'where %s is not ours',
      async (name) => {
        const root = await crash(1);
        chownSync(join(root, name), 4711, 4711);
        const directories = name.startsWith(INNER) ? directoriesOf(root).slice(1) : directoriesOf(root);
        const before = snapshot(root).filter((line) => !line.includes('.k8s-pki.lock'));
        await expect(openStore(directories, { self: process })).rejects.toMatchObject({
          code: 'ERR_STORE',
          message: expect.stringContaining('belongs to the user 4711'),
        });
        expect(snapshot(root).filter((line) => !line.includes('.k8s-pki.lock'))).toEqual(before);
      },
    );
  });
});

test('the staging folder of another run is left alone', async () => {
  const root = mkdtempSync(join(sandbox, 'root-'));
  const [kubernetes, pki] = directoriesOf(root);
  // A run on the inner directory alone was killed; now one on the outer alone stages in the inner as well.
  const killed = { directories: [pki], files: filesOf(root).slice(0, 3), killAt: commit - 3 };
  expect((await runToEnd(runner, killed)).signal).toBe('SIGKILL');
  const before = snapshot(root);
  const { report } = await runToEnd(runner, { directories: [kubernetes], files: filesOf(root) });
  expect(report).toMatchObject({
    code: 'ERR_STORE',
    detail: { path: join(root, INNER), errno: 'EEXIST' },
    hint: 'repeat the interrupted run that left it, which finishes or undoes it',
  });
  expect(snapshot(root)).toEqual(before);
});
