import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

/**
 * Everything below a directory, a line for each entry: kind, mode, owner, path; of files also the inode, the time of the
 * last write and a hash of the contents. What a lock does for a moment to the times of a directory is no change.
 */
export function treeOf(directory: string, root: string = directory): readonly string[] {
  return readdirSync(directory)
    .toSorted()
    .flatMap((name) => {
      const path = join(directory, name);
      const { mode, uid, gid, ino, mtimeNs } = lstatSync(path, { bigint: true });
      const entry = `${mode.toString(8)} ${uid}:${gid} ${relative(root, path)}`;
      const status = lstatSync(path);
      if (status.isDirectory()) return [entry, ...treeOf(path, root)];
      if (status.isSymbolicLink()) return [`${entry} -> ${readlinkSync(path)}`];
      if (!status.isFile()) return [entry];
      const hash = createHash('sha256').update(readFileSync(path)).digest('hex');
      return [`${entry} ${ino} ${mtimeNs} ${hash}`];
    });
}

/** Calls `body` with a fresh directory, which is removed afterwards. */
export async function withDirectory<T>(body: (directory: string) => T | Promise<T>): Promise<T> {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'k8s-pki-cli-')));
  try {
    return await body(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
