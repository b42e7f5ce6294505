import { PkiError } from '../errors.ts';

interface Explanation {
  readonly says: string;
  readonly hint?: string;
}

const EXPLANATIONS: ReadonlyMap<string, Explanation> = new Map([
  ['EACCES', { says: 'permission denied', hint: 'run as a user who may write there' }],
  ['EBUSY', { says: 'in use by the system', hint: 'look whether something is mounted there' }],
  ['EDQUOT', { says: 'the disk quota is used up', hint: 'free some space, then run again' }],
  [
    'EEXIST',
    {
      says: 'it is already there',
      hint: 'repeat the interrupted run that left it, which finishes or undoes it',
    },
  ],
  ['EIO', { says: 'input/output error', hint: 'look at the kernel log and at the disk' }],
  ['EISDIR', { says: 'it is a directory', hint: 'name a file' }],
  ['ELOOP', { says: 'symbolic links lead in a circle, or one is where none may be' }],
  ['EMFILE', { says: 'too many open files', hint: 'raise the limit (ulimit -n), then run again' }],
  ['ENAMETOOLONG', { says: 'the path is too long' }],
  ['ENOENT', { says: 'it is not there' }],
  ['ENOSPC', { says: 'no space left on the device', hint: 'free some space, then run again' }],
  ['ENOTDIR', { says: 'a part of the path is not a directory' }],
  [
    'EPERM',
    {
      says: 'operation not permitted',
      hint: 'run as the owner, and look for an immutable attribute (lsattr)',
    },
  ],
  ['EROFS', { says: 'the file system is read-only', hint: 'mount it writable, then run again' }],
  [
    'EXDEV',
    { says: 'it is a mount point of its own', hint: 'unmount it, or write to where it is mounted from' },
  ],
]);

/** What the store was doing when the file system refused. */
export interface Attempt {
  readonly path: string;
  /** A verb phrase: `create the directory`. */
  readonly operation: string;
  /** What to do next where it is not permitted; absent, or against another error number: what generally helps. */
  readonly hint?: string;
}

/** The error number of a failed system call, such as `ENOSPC`; undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  const { code } = error;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/** A failed system call as `ERR_STORE`. Whatever is no failed system call comes back as it is. */
export function storeError(error: unknown, { path, operation, hint }: Attempt): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  const explanation = EXPLANATIONS.get(errno);
  const says = explanation === undefined ? errno : `${explanation.says} (${errno})`;
  const isForbidden = errno === 'EACCES' || errno === 'EPERM';
  const advice = (isForbidden ? hint : undefined) ?? explanation?.hint;
  return new PkiError('ERR_STORE', `${path}: cannot ${operation}: ${says}`, {
    detail: { path, operation, errno },
    ...(advice === undefined ? {} : { hint: advice }),
    cause: error,
  });
}

/**
 * What `action` gives.
 *
 * @throws {PkiError} `ERR_STORE` where the file system refuses.
 */
export function attempt<T>(what: Attempt, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw storeError(error, what);
  }
}

/** What `action` gives, or undefined where it fails with one of these error numbers. */
export function unless<T>(errnos: readonly string[], action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (errnos.includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}
