import { expect } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The files of `good` that `out` has with other contents, or not at all. */
export function changedIn(cwd: string): readonly string[] {
  const names = readdirSync(join(cwd, 'good'), { recursive: true, encoding: 'utf8', withFileTypes: true });
  const isSame = (path: string): boolean =>
    existsSync(join(cwd, 'out', path)) &&
    readFileSync(join(cwd, 'out', path)).equals(readFileSync(join(cwd, 'good', path)));
  return names
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(join(cwd, 'good/').length))
    .filter((path) => !isSame(path))
    .toSorted();
}

/** What openssl prints, which has to succeed. */
export function openssl(cwd: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('openssl', args, { cwd, encoding: 'utf8' });
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}
