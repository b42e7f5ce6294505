import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { readChunks } from '../../src/store/chunks.ts';
import { resolveDirectory } from '../../src/store/directories.ts';
import type { FileState } from '../../src/store/files.ts';
import { readFiles } from '../../src/store/files.ts';
import { createSandbox, put, removeSandbox } from './sandbox.ts';

let sandbox: string;
beforeAll(() => {
  sandbox = createSandbox();
});
afterAll(() => removeSandbox(sandbox));

async function stateOf(name: string): Promise<FileState | undefined> {
  const path = join(sandbox, name);
  return (await readFiles([path])).get(path);
}

describe('readFiles', () => {
  test('gives contents, permission bits and owner of a file', async () => {
    put(join(sandbox, 'ca.crt'), 'schlüssel\n', 0o640);
    expect(await stateOf('ca.crt')).toEqual({
      kind: 'file',
      contents: 'schlüssel\n',
      mode: 0o640,
      uid: process.getuid?.(),
      gid: process.getgid?.(),
      isLink: false,
    });
  });

  test('reads what has no size until it is read', async () => {
    const path = '/proc/self/status';
    expect((await readFiles([path])).get(path)).toMatchObject({ contents: expect.stringMatching(/^Name:/) });
  });

  test('gives all twelve permission bits', async () => {
    put(join(sandbox, 'odd'), '', 0o600);
    chmodSync(join(sandbox, 'odd'), 0o4640);
    expect(await stateOf('odd')).toMatchObject({ mode: 0o4640, contents: '' });
  });

  test('reads through a link, and says that it is one', async () => {
    put(join(sandbox, 'real.key'), 'key', 0o600);
    symlinkSync('real.key', join(sandbox, 'link.key'));
    expect(await stateOf('link.key')).toMatchObject({ contents: 'key', mode: 0o600, isLink: true });
  });

  test.each<[string, (path: string) => void, FileState]>([
    ['nothing', () => undefined, { kind: 'absent' }],
    ['a directory', (path) => mkdirSync(path), { kind: 'directory' }],
    ['a link to a directory', (path) => symlinkSync('/', path), { kind: 'directory' }],
    ['a link to nothing', (path) => symlinkSync('/nowhere/at/all', path), { kind: 'dangling-link' }],
    ['a link to itself', (path) => symlinkSync(path, path), { kind: 'unreadable', errno: 'ELOOP' }],
    ['a device', (path) => symlinkSync('/dev/zero', path), { kind: 'special' }],
    ['a FIFO', (path) => spawnSync('mkfifo', [path]), { kind: 'special' }],
    [
      'a file of 1 MiB and a byte',
      (path) => put(path, 'x'.repeat(1_048_577)),
      { kind: 'too-large', bytes: 1_048_577 },
    ],
  ])('knows %s from a file, and does not wait', async (name, make, expected) => {
    make(join(sandbox, name));
    expect(await stateOf(name)).toEqual(expected);
  });

  test('finds nothing below a file', async () => {
    put(join(sandbox, 'etcd'), 'a file');
    expect(await stateOf('etcd/ca.crt')).toEqual({ kind: 'absent' });
  });

  test('gives a state for each path', async () => {
    const paths = ['a', 'b', 'c'].map((name) => join(sandbox, 'none', name));
    expect([...(await readFiles(paths)).keys()]).toEqual(paths);
  });
});

describe('readChunks', () => {
  test('advises another user only where reading is not permitted', async () => {
    await expect(readChunks(sandbox).next()).rejects.toMatchObject({
      code: 'ERR_STORE',
      detail: { path: sandbox, errno: 'EISDIR' },
      hint: 'name a file',
    });
    await expect(readChunks(join(sandbox, 'nowhere')).next()).rejects.toMatchObject({
      detail: { errno: 'ENOENT' },
      hint: undefined,
    });
  });
});

describe('resolveDirectory', () => {
  test('follows links, also before directories that are not there yet', async () => {
    mkdirSync(join(sandbox, 'disk'));
    symlinkSync('disk', join(sandbox, 'kubernetes'));
    expect(await resolveDirectory(join(sandbox, 'kubernetes'))).toBe(join(sandbox, 'disk'));
    expect(await resolveDirectory(join(sandbox, 'kubernetes/pki/etcd'))).toBe(join(sandbox, 'disk/pki/etcd'));
  });

  test('makes a relative path absolute', async () => {
    expect(await resolveDirectory('out/../none')).toBe(join(process.cwd(), 'none'));
  });

  test.each<[string, (path: string) => void, string]>([
    ['a file', (path) => put(path, ''), 'found a file'],
    ['a link to nothing', (path) => symlinkSync('/nowhere/at/all', path), 'found a symbolic link to nothing'],
    ['a link in a circle', (path) => symlinkSync(path, path), 'symbolic links lead in a circle'],
  ])('refuses %s', async (name, make, says) => {
    const path = join(sandbox, `refused ${name}`);
    make(path);
    await expect(resolveDirectory(path)).rejects.toMatchObject({
      code: 'ERR_STORE',
      message: expect.stringContaining(says),
      detail: { path },
    });
  });

  test('refuses a path through a file', async () => {
    const path = join(sandbox, 'through');
    put(path, '');
    await expect(resolveDirectory(join(path, 'pki'))).rejects.toMatchObject({
      code: 'ERR_STORE',
      detail: { errno: 'ENOTDIR' },
    });
  });

  test('is not led astray by a link that is moved later', async () => {
    mkdirSync(join(sandbox, 'first'));
    mkdirSync(join(sandbox, 'second'));
    const link = join(sandbox, 'moving');
    symlinkSync('first', link);
    const resolved = await resolveDirectory(link);
    unlinkSync(link);
    symlinkSync('second', link);
    expect(resolved).toBe(join(sandbox, 'first'));
  });
});
