import type { Stats } from 'node:fs';
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, statSync } from 'node:fs';
import { errnoOf, unless } from './failure.ts';

/** A file that was read. */
export interface RegularFile {
  readonly kind: 'file';
  /** Decoded as UTF-8; bytes that are none become U+FFFD. */
  readonly contents: string;
  /** The twelve permission bits of the file itself, not of a link to it. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whether the path is a symbolic link that leads to the file: such a file is read and never written. */
  readonly isLink: boolean;
}

/** A file that was read, as its bytes. */
export interface RawFile extends Omit<RegularFile, 'contents'> {
  readonly bytes: Uint8Array;
}

/** What lies at a path. */
export type FileState = RegularFile | OtherState;

type OtherState =
  /** Nothing; whether there is room for a file shows when it is written. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'directory' }
  /** A FIFO, a socket or a device; never opened. */
  | { readonly kind: 'special' }
  /** A symbolic link to nothing. */
  | { readonly kind: 'dangling-link' }
  | { readonly kind: 'too-large'; readonly bytes: number }
  | { readonly kind: 'unreadable'; readonly errno: string };

/** No file of a PKI comes near this; a larger one is something else, and is not read. */
export const MAXIMUM_FILE_BYTES: number = 1024 * 1024;

// What stands in /proc has no size until it is read. A command line there is far shorter than this.
const UNSIZED_BYTES = 128 * 1024;

function readContents(descriptor: number, size: number): Uint8Array {
  const room = size === 0 ? UNSIZED_BYTES : size;
  const bytes = Buffer.alloc(room);
  let length = 0;
  let bytesRead = -1;
  while (length < room && bytesRead !== 0) {
    bytesRead = readSync(descriptor, bytes, length, room - length, null);
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}

/** What is at `path` itself, a link not followed; undefined where nothing is, also because a parent is no directory. */
export function entryAt(path: string): Stats | undefined {
  return unless(['ENOTDIR'], () => lstatSync(path, { throwIfNoEntry: false }));
}

/** Whether what `path` leads to gives its bytes one after the other: a file, or a pipe such as a shell makes for `<(…)`. */
export function isStream(path: string): boolean {
  const target = unless(['ENOTDIR', 'EACCES', 'ELOOP'], () => statSync(path, { throwIfNoEntry: false }));
  return target?.isFile() === true || target?.isFIFO() === true;
}

/** What lies at `path`. Reads at most `maximumBytes`, never throws for what the file system says, never waits on a FIFO. */
export function readFileState(path: string, maximumBytes: number = MAXIMUM_FILE_BYTES): FileState {
  const state = readFileBytes(path, maximumBytes);
  if (state.kind !== 'file') return state;
  const { bytes, ...rest } = state;
  return { ...rest, contents: Buffer.from(bytes).toString('utf8') };
}

/** The same, of a file the bytes as they are. */
export function readFileBytes(path: string, maximumBytes: number = MAXIMUM_FILE_BYTES): RawFile | OtherState {
  try {
    const entry = entryAt(path);
    if (entry === undefined) return { kind: 'absent' };
    const isLink = entry.isSymbolicLink();
    const target = isLink ? statSync(path, { throwIfNoEntry: false }) : entry;
    if (target === undefined) return { kind: 'dangling-link' };
    if (target.isDirectory()) return { kind: 'directory' };
    if (!target.isFile()) return { kind: 'special' };
    // O_NONBLOCK: were a FIFO put there since, opening it would wait for a writer.
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { size, mode, uid, gid } = fstatSync(descriptor);
      if (size > maximumBytes) return { kind: 'too-large', bytes: size };
      return {
        kind: 'file',
        bytes: readContents(descriptor, size),
        mode: mode & 0o7777,
        uid,
        gid,
        isLink,
      };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return { kind: 'unreadable', errno };
  }
}

/**
 * What lies at each of the absolute paths, read through symbolic links. Files of more than 1 MiB are not read.
 * Takes no lock: what another run is about to change may be read as it was.
 */
export async function readFiles(paths: readonly string[]): Promise<ReadonlyMap<string, FileState>> {
  return new Map(paths.map((path) => [path, readFileState(path)]));
}
