import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../../src/store/replace.ts';
import { createSandbox, removeSandbox } from './sandbox.ts';

let sandbox: string;
beforeEach(() => {
  sandbox = createSandbox();
});
afterEach(() => removeSandbox(sandbox));

describe('a file that is put in place of another', () => {
  test('has its mode whatever the umask, and nothing is left beside it', async () => {
    const path = join(sandbox, 'k8s.prom');
    const before = process.umask(0o077);
    try {
      await replaceFile(path, 'first\n', 0o644);
      await replaceFile(path, 'second\n', 0o644);
    } finally {
      process.umask(before);
    }
    expect(readFileSync(path, 'utf8')).toBe('second\n');
    expect(lstatSync(path).mode & 0o777).toBe(0o644);
    expect(readdirSync(sandbox)).toEqual(['k8s.prom']);
  });

  test('is whole to whoever has the old one open: that is another file', async () => {
    const path = join(sandbox, 'k8s.prom');
    writeFileSync(path, 'old\n');
    const descriptor = openSync(path, 'r');
    try {
      await replaceFile(path, 'new and longer\n', 0o644);
      expect(readFileSync(descriptor, 'utf8')).toBe('old\n');
    } finally {
      closeSync(descriptor);
    }
  });

  test.each([
    ['a directory', (path: string) => mkdirSync(path)],
    ['a symbolic link', (path: string) => symlinkSync('elsewhere', path)],
  ])('is not put in place of %s', async (found, make) => {
    const path = join(sandbox, 'k8s.prom');
    make(path);
    await expect(replaceFile(path, 'x', 0o644)).rejects.toMatchObject({
      code: 'ERR_OBSTACLE',
      detail: { obstacles: [{ path, found }] },
    });
    expect(readdirSync(sandbox)).toEqual(['k8s.prom']);
  });

  test('leaves nothing where the directory is not there', async () => {
    const path = join(sandbox, 'nowhere', 'k8s.prom');
    await expect(replaceFile(path, 'x', 0o644)).rejects.toMatchObject({
      code: 'ERR_STORE',
      detail: { path, errno: 'ENOENT' },
    });
    expect(readdirSync(sandbox)).toEqual([]);
  });
});
