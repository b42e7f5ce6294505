import { randomBytes } from 'node:crypto';
import { fchmodSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PkiError } from '../errors.ts';
import { attempt } from './failure.ts';
import { entryAt } from './files.ts';
import { createFile, syncDirectories } from './flush.ts';

/**
 * Puts a file at an absolute path, in place of one that is there: whoever reads sees the old one or the new one whole, also
 * after a power failure. What is no ordinary file, such as a link or a device, is never replaced.
 *
 * @throws {PkiError} `ERR_OBSTACLE` where something else is at the path; `ERR_STORE` where the file system refuses.
 */
export async function replaceFile(path: string, contents: string, mode: number): Promise<void> {
  const what = { path, operation: 'write the file' };
  const entry = attempt(what, () => entryAt(path));
  if (entry !== undefined && !entry.isFile()) {
    const found = entry.isDirectory()
      ? 'a directory'
      : entry.isSymbolicLink()
        ? 'a symbolic link'
        : 'no file';
    throw new PkiError('ERR_OBSTACLE', `${path}: expected a file or nothing, found ${found}`, {
      detail: { obstacles: [{ path, expected: 'a file or nothing', found }] },
      hint: 'name the file itself, or leave --output-file out and redirect stdout',
    });
  }
  // Of another name than what is looked for there: node_exporter takes every *.prom.
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    await createFile(
      { path: temporary, contents, prepare: (descriptor) => fchmodSync(descriptor, mode) },
      what,
    );
    attempt(what, () => renameSync(temporary, path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  await syncDirectories([dirname(path)]);
}
