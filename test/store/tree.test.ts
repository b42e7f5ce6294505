import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { followLinks } from '../../src/store/directories.ts';
import { listDirectories, listTree } from '../../src/store/tree.ts';
import { createSandbox, put, removeSandbox } from './sandbox.ts';

let sandbox: string;
beforeAll(() => {
  sandbox = createSandbox();
});
afterAll(() => removeSandbox(sandbox));

describe('listTree', () => {
  test('has every entry that is no directory, sorted, and the directories with mode and owner', () => {
    const top = join(sandbox, 'pki');
    put(join(top, 'b/c'), '');
    put(join(top, 'a'), '');
    spawnSync('mkfifo', [join(top, 'pipe')]);
    symlinkSync('b', join(top, 'link'));
    chmodSync(join(top, 'b'), 0o2750);
    const { files, directories, isCut } = listTree(top);
    expect(files).toEqual(['a', 'b/c', 'link', 'pipe']);
    expect([...directories.keys()]).toEqual(['', 'b']);
    const owner = { uid: process.getuid?.(), gid: process.getgid?.() };
    expect(directories.get('b')).toEqual({ status: { mode: 0o2750, ...owner } });
    expect(isCut).toBe(false);
  });

  test('says what cannot be read, and that there was more than it lists', () => {
    expect(listTree(join(sandbox, 'nowhere'))).toEqual({
      files: [],
      directories: new Map([['', { errno: 'ENOENT' }]]),
      isCut: false,
    });
    const deep = join(sandbox, 'deep');
    put(join(deep, '1/2/3/4/5/6/7/file'), '');
    put(join(deep, '1/2/3/4/5/6/7/8/file'), '');
    expect(listTree(deep)).toMatchObject({ files: ['1/2/3/4/5/6/7/file'], isCut: true });
    const wide = join(sandbox, 'wide');
    mkdirSync(wide);
    spawnSync('sh', ['-c', 'seq 10001 | xargs touch'], { cwd: wide });
    expect(listTree(wide)).toMatchObject({ files: { length: 9999 }, isCut: true });
  });

  test('has what lies in a directory itself before what lies deeper', () => {
    const top = join(sandbox, 'crowded');
    mkdirSync(join(top, 'backup'), { recursive: true });
    spawnSync('sh', ['-c', 'seq 10001 | xargs touch'], { cwd: join(top, 'backup') });
    const beside = Array.from({ length: 50 }, (_, index) => `beside-${index}`);
    for (const name of beside) put(join(top, name), '');
    const { files, isCut } = listTree(top);
    expect(files.filter((path) => !path.includes('/'))).toEqual(beside.toSorted());
    expect(isCut).toBe(true);
  });
});

test('listTree looks only into those directories at the top that are entered', () => {
  const top = join(sandbox, 'entered');
  put(join(top, 'b/c'), '');
  put(join(top, 'in/b/c'), '');
  put(join(top, 'a'), '');
  const { files, directories } = listTree(top, (name) => name === 'in');
  expect(files).toEqual(['a', 'in/b/c']);
  expect([...directories.keys()]).toEqual(['', 'in', 'in/b']);
  expect(listTree(top, () => false)).toMatchObject({ files: ['a'], isCut: false });
});

test('listDirectories has every directory right in one, and nothing of what lies in them', () => {
  const top = join(sandbox, 'many');
  mkdirSync(top);
  spawnSync('sh', ['-c', 'seq 10001 | xargs mkdir'], { cwd: top });
  put(join(top, '1/b/c'), '');
  put(join(top, 'a'), '');
  symlinkSync('1', join(top, 'link'));
  const { names, errno } = listDirectories(top);
  expect(errno).toBeUndefined();
  expect(names.map(Number).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 10_001 }, (_, n) => n + 1),
  );
  expect(listDirectories(join(sandbox, 'nowhere'))).toEqual({ names: [], errno: 'ENOENT' });
});

describe('followLinks', () => {
  const lead = (name: string): string => followLinks(join(sandbox, 'links', name));

  test.each<readonly [what: string, name: string, target: string]>([
    ['a file', 'file', 'links/file'],
    ['a link', 'near', 'links/file'],
    ['a link behind a link', 'far', 'links/file'],
    ['a file behind a linked directory', 'elsewhere/file', 'target/file'],
    ['nothing', 'none/file', 'links/none/file'],
    ['nothing behind a linked directory', 'elsewhere/none', 'target/none'],
    ['a link to nothing', 'dangling', 'nowhere/file'],
    ['what lies behind a link to nothing', 'lost/file', 'nowhere/lost/file'],
    ['a link to itself', 'circle', 'links/circle'],
  ])('leads from %s to where it lies', (_, name, target) => {
    const links = join(sandbox, 'links');
    put(join(links, 'file'), '');
    put(join(sandbox, 'target/file'), '');
    spawnSync(
      'sh',
      [
        '-c',
        'ln -sf file near; ln -sf near far; ln -sfn ../target elsewhere; ln -sf ../nowhere/file dangling; ln -sfn ../nowhere/lost lost; ln -sf circle circle',
      ],
      { cwd: links },
    );
    expect(lead(name)).toBe(join(sandbox, target));
  });
});
