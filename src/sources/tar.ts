import { posix } from 'node:path';
import type { FileState } from '../store/files.ts';
import type { DirectoryState } from '../store/tree.ts';
import { untilBroken } from './bytes.ts';
import { type ByteReader, byteReader } from './reader.ts';
import { unreadableSource } from './source.ts';
import {
  BLOCK_BYTES,
  hasMoreMap,
  isEndBlock,
  parsePaxRecords,
  parseTarHeader,
  type TarHeader,
} from './tar-header.ts';

/** What an archive has under a path: what the store would find there, or a link before it is followed. */
export type ArchiveEntry = FileState | { readonly kind: 'link'; readonly target: string };

type DirectoryStatus = NonNullable<DirectoryState['status']>;

/** What an archive holds, by path: relative to its top, without `.` and `..`. */
export interface Archive {
  readonly entries: ReadonlyMap<string, ArchiveEntry>;
  /** What it says of directories, by path; that of its top is `.`. */
  readonly directories: ReadonlyMap<string, DirectoryStatus>;
  /** The paths that came again, and took the place of what was there. */
  readonly twice: readonly string[];
  /** Why not all of it could be read. */
  readonly damage?: string;
}

// As the store has them: no file of a PKI, and no directory of one, comes near.
const MAXIMUM_FILE_BYTES = 1024 * 1024;
const MAXIMUM_ENTRIES = 10_000;
const MAXIMUM_KEPT_BYTES = 32 * 1024 * 1024;

const TOO_MUCH = 'archive what belongs to the PKI alone: tar -czf evidence.tar.gz -C / etc/kubernetes';

/** The path that a name stands for below the top of the archive: nothing leads out of it, no `/` and no `..`. */
export function pathInside(name: string): string {
  return posix.join('/', name).replace(/\/$/, '').slice(1);
}

/** What is there in a form that is not read here: with holes, or the rest of a file that began on another volume. */
const NOT_READ: FileState = { kind: 'unreadable', errno: 'ENOTSUP' };
const CUT_OFF: FileState = { kind: 'unreadable', errno: 'EIO' };

type Kind = 'file' | 'hardLink' | 'link' | 'directory' | 'special' | 'sparse' | 'other' | 'none';

/** What the flags of POSIX and of GNU tar stand for. */
const KINDS: Readonly<Record<string, Kind>> = {
  '0': 'file',
  '7': 'file',
  '1': 'hardLink',
  '2': 'link',
  '3': 'special',
  '4': 'special',
  '5': 'directory',
  '6': 'special',
  D: 'directory',
  S: 'sparse',
  // The name of the volume; access control lists and inodes of Solaris.
  V: 'none',
  A: 'none',
  I: 'none',
};

/** Those that are followed by contents. A directory of GNU tar's incremental archives has a list of names. */
const WITH_CONTENTS: readonly Kind[] = ['file', 'sparse', 'other', 'none'];

/** What precedes an entry and belongs to it: names that are too long for a header, and whatever else pax has. */
interface Prelude {
  readonly name?: string;
  readonly linkName?: string;
  readonly records?: ReadonlyMap<string, string>;
}

interface Reading {
  readonly name: string;
  readonly reader: ByteReader;
  readonly entries: Map<string, ArchiveEntry>;
  readonly directories: Map<string, DirectoryStatus>;
  readonly twice: Set<string>;
  keptBytes: number;
  count: number;
  damage: string | undefined;
  globalRecords: ReadonlyMap<string, string>;
}

const paddingOf = (size: number): number => (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;

/** The contents of an entry; undefined where the archive ends before they do. */
async function readContents(reading: Reading, size: number): Promise<Uint8Array | undefined> {
  const bytes = await reading.reader.read(size);
  const isWhole = bytes.length === size && (await reading.reader.skip(paddingOf(size))) === paddingOf(size);
  if (!isWhole) reading.damage ??= 'ends in the middle of a file';
  return bytes.length === size ? bytes : undefined;
}

async function skipContents(reading: Reading, size: number): Promise<void> {
  const length = size + paddingOf(size);
  if ((await reading.reader.skip(length)) < length) reading.damage ??= 'ends in the middle of a file';
}

/** What precedes an entry, with this piece of it; undefined where the header is that of the entry itself. */
async function readPrelude(
  reading: Reading,
  { flag, size }: TarHeader,
  before: Prelude,
): Promise<Prelude | undefined> {
  if (!'xXgLNK'.includes(flag)) return undefined;
  if (size > MAXIMUM_FILE_BYTES) {
    reading.damage ??= 'holds a name of more than 1 MiB';
    await skipContents(reading, size);
    return before;
  }
  const contents = await readContents(reading, size);
  if (contents === undefined) return before;
  const text = Buffer.from(contents).toString('utf8').replace(/\0.*$/s, '');
  if (flag === 'K') return { ...before, linkName: text };
  if (flag === 'L' || flag === 'N') return { ...before, name: text };
  const records = parsePaxRecords(contents);
  if (records === undefined) reading.damage ??= 'holds a pax header that cannot be read';
  if (flag !== 'g') return { ...before, records: records ?? new Map() };
  reading.globalRecords = new Map([...reading.globalRecords, ...(records ?? [])]);
  return before;
}

const numberOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

/** An entry with everything that was said of it. */
interface Entry {
  readonly path: string;
  readonly kind: Kind;
  readonly size: number;
  readonly linkName: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

function entryOf(
  header: TarHeader,
  { name, linkName, records }: Prelude,
  globalRecords: Reading['globalRecords'],
): Entry {
  const all = new Map([...globalRecords, ...(records ?? [])]);
  // POSIX: of one entry's own records alone; a path for all of them would be none.
  const fullName = records?.get('path') ?? name ?? header.name;
  // GNU tar, "Storing Sparse Files": in a pax archive the map is in records, and the name may be there too.
  const isSparse = [...(records?.keys() ?? [])].some((key) => key.startsWith('GNU.sparse.'));
  const kind = isSparse ? 'sparse' : (KINDS[header.flag] ?? 'other');
  return {
    path: pathInside(records?.get('GNU.sparse.name') ?? fullName),
    // As before POSIX, when a directory had no flag of its own.
    kind: kind === 'file' && fullName.endsWith('/') ? 'directory' : kind,
    size: numberOf(records?.get('size')) ?? header.size,
    linkName: records?.get('linkpath') ?? linkName ?? header.linkName,
    mode: header.mode,
    uid: numberOf(all.get('uid')) ?? header.uid,
    gid: numberOf(all.get('gid')) ?? header.gid,
  };
}

async function readFile(reading: Reading, { size, mode, uid, gid }: Entry): Promise<ArchiveEntry> {
  if (size > MAXIMUM_FILE_BYTES) {
    await skipContents(reading, size);
    return { kind: 'too-large', bytes: size };
  }
  reading.keptBytes += size;
  if (reading.keptBytes > MAXIMUM_KEPT_BYTES) {
    throw unreadableSource(
      reading.name,
      `holds more than ${MAXIMUM_KEPT_BYTES / MAXIMUM_FILE_BYTES} MiB of files`,
      { hint: TOO_MUCH },
    );
  }
  const bytes = await readContents(reading, size);
  if (bytes === undefined) return CUT_OFF;
  return { kind: 'file', contents: Buffer.from(bytes).toString('utf8'), mode, uid, gid, isLink: false };
}

async function readEntry(reading: Reading, header: TarHeader, prelude: Prelude): Promise<void> {
  const entry = entryOf(header, prelude, reading.globalRecords);
  const { path, kind, size, linkName } = entry;
  reading.count += 1;
  if (reading.count > MAXIMUM_ENTRIES) {
    throw unreadableSource(reading.name, `holds more than ${MAXIMUM_ENTRIES} files and directories`, {
      hint: TOO_MUCH,
    });
  }
  if (header.flag === 'S' && header.hasMoreMap) {
    let block: Uint8Array = await reading.reader.read(BLOCK_BYTES);
    while (hasMoreMap(block)) block = await reading.reader.read(BLOCK_BYTES);
  }
  const put = (state: ArchiveEntry): void => {
    const before = reading.entries.get(path);
    if (before !== undefined && before.kind !== 'directory') reading.twice.add(path);
    if (path !== '') reading.entries.set(path, state);
  };
  if (kind === 'file') {
    put(await readFile(reading, entry));
    return;
  }
  // A link to a file that is in the archive has the file's contents again only in pax archives; older programs wrote
  // its size and nothing behind it.
  const hasContents =
    WITH_CONTENTS.includes(kind) ||
    header.flag === 'D' ||
    (kind === 'hardLink' && prelude.records !== undefined);
  if (hasContents) await skipContents(reading, size);
  switch (kind) {
    case 'hardLink':
      put(reading.entries.get(pathInside(linkName)) ?? { kind: 'unreadable', errno: 'ENOENT' });
      break;
    case 'link':
      put({ kind: 'link', target: linkName });
      break;
    case 'directory':
      reading.directories.set(path || '.', { mode: entry.mode, uid: entry.uid, gid: entry.gid });
      put({ kind });
      break;
    case 'special':
      put({ kind });
      break;
    case 'sparse':
    case 'other':
      put(NOT_READ);
      break;
    case 'none':
      break;
  }
}

async function readEntries(reading: Reading): Promise<void> {
  let prelude: Prelude = {};
  for (;;) {
    const block = await reading.reader.read(BLOCK_BYTES);
    if (block.length === 0) {
      reading.damage ??= 'has no end: something may be missing';
      return;
    }
    if (isEndBlock(block) && block.length === BLOCK_BYTES) return;
    const header = parseTarHeader(block);
    if (header === undefined) {
      // As GNU tar does it: the next header that is whole may be of a file that is.
      reading.damage ??= 'holds bytes that belong to no file';
      continue;
    }
    const more = await readPrelude(reading, header, prelude);
    if (more === undefined) await readEntry(reading, header, prelude);
    prelude = more ?? {};
  }
}

/**
 * Reads a tar archive as it comes: ustar, pax, GNU and Unix v7. Writes nothing, follows nothing, keeps files of up to 1 MiB.
 * Of one that is damaged it gives what could be read and says so.
 *
 * @throws {PkiError} `ERR_SOURCE` where it holds more than any PKI.
 */
export async function parseTar(name: string, chunks: AsyncIterable<Uint8Array>): Promise<Archive> {
  const reading: Reading = {
    name,
    reader: byteReader(untilBroken(chunks, () => (reading.damage ??= 'is no whole gzip file'))),
    entries: new Map(),
    directories: new Map(),
    twice: new Set(),
    keptBytes: 0,
    count: 0,
    damage: undefined,
    globalRecords: new Map(),
  };
  await readEntries(reading);
  // What is behind the end is not looked at, and is read all the same: a program that writes it into a pipe waits for that,
  // and the checksum of gzip comes last.
  await reading.reader.skip(Number.MAX_SAFE_INTEGER);
  const { entries, directories, twice, damage } = reading;
  return { entries, directories, twice: [...twice], ...(damage === undefined ? {} : { damage }) };
}
