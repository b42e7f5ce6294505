/*
 * The blocks of a tar archive as POSIX.1-2017 has them (pax, "ustar Interchange Format" and "pax Extended Header"), with what
 * GNU tar adds ("Basic Tar Format", "GNU Extensions to the Archive Format") and what Unix v7 had before either.
 */

/** Archives are made of blocks of this size. */
export const BLOCK_BYTES = 512;

/** What a header says of the entry that follows it. */
export interface TarHeader {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** One character: `0` a file, `5` a directory … */
  readonly flag: string;
  readonly linkName: string;
  /** Of a sparse file of GNU tar: more blocks with its map follow before the contents. */
  readonly hasMoreMap: boolean;
}

const CHECKSUM = { start: 148, end: 156 } as const;

function textAt(block: Uint8Array, start: number, length: number): string {
  const field = Buffer.from(block.subarray(start, start + length));
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? length : end);
}

/** A number in octal digits or, where the first bit is set, as GNU tar and star have larger ones: in base 256. */
function numberAt(block: Uint8Array, start: number, length: number): number | undefined {
  const field = block.subarray(start, start + length);
  const [first = 0] = field;
  if ((first & 0x80) === 0) {
    const digits = /^ *([0-7]*)[ \0]*$/.exec(Buffer.from(field).toString('latin1'))?.[1];
    return digits === undefined ? undefined : Number.parseInt(digits || '0', 8);
  }
  // A negative number is a time before 1970; nothing else that is read here can be one.
  const value = field.reduce((before, byte, at) => before * 256 + (at === 0 ? byte & 0x7f : byte), 0);
  return Number.isSafeInteger(value) ? value : undefined;
}

function hasChecksum(block: Uint8Array): boolean {
  // The sum of all bytes, those of the sum itself taken for spaces.
  const sum = block.reduce(
    (before, byte, at) => before + (at >= CHECKSUM.start && at < CHECKSUM.end ? 0x20 : byte),
    0,
  );
  return numberAt(block, CHECKSUM.start, CHECKSUM.end - CHECKSUM.start) === sum;
}

/** Whether a block is one of those that end an archive. */
export function isEndBlock(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

/** The header that a block is; undefined where its checksum or a number in it says that it is none. */
export function parseTarHeader(block: Uint8Array): TarHeader | undefined {
  if (block.length !== BLOCK_BYTES || !hasChecksum(block)) return undefined;
  const size = numberAt(block, 124, 12);
  if (size === undefined) return undefined;
  const name = textAt(block, 0, 100);
  // GNU tar has other things in the place of the prefix, and another magic word.
  const prefix =
    Buffer.from(block.subarray(257, 263)).toString('latin1') === 'ustar\0' ? textAt(block, 345, 155) : '';
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: (numberAt(block, 100, 8) ?? 0) & 0o7777,
    uid: numberAt(block, 108, 8) ?? 0,
    gid: numberAt(block, 116, 8) ?? 0,
    size,
    flag: String.fromCharCode(block[156] || 0x30),
    linkName: textAt(block, 157, 100),
    hasMoreMap: block[482] === 1,
  };
}

/** Whether another block of a sparse file's map follows this one. */
export function hasMoreMap(block: Uint8Array): boolean {
  return block[504] === 1;
}

/**
 * Whether an archive begins with these bytes: with a header, also a damaged one, or with its end. What has no magic word (Unix
 * v7) is known by its checksum.
 */
export function isTar(head: Uint8Array): boolean {
  if (Buffer.from(head.subarray(257, 262)).toString('latin1') === 'ustar') return true;
  const block = head.subarray(0, BLOCK_BYTES);
  return block.length === BLOCK_BYTES && (isEndBlock(block) || parseTarHeader(block) !== undefined);
}

/** The records of a pax header, `27 path=etc/kubernetes/pki\n`; undefined where they are not such. */
export function parsePaxRecords(bytes: Uint8Array): ReadonlyMap<string, string> | undefined {
  const buffer = Buffer.from(bytes);
  const records = new Map<string, string>();
  for (let start = 0; start < buffer.length; ) {
    const digits = /^[1-9]\d{0,9} /.exec(buffer.toString('latin1', start, start + 11))?.[0];
    if (digits === undefined) return undefined;
    const end = start + Number(digits);
    const equals = buffer.indexOf('=', start + digits.length);
    if (equals === -1 || equals >= end || end > buffer.length || buffer[end - 1] !== 0x0a) return undefined;
    const key = buffer.toString('utf8', start + digits.length, equals);
    records.set(key, buffer.toString('utf8', equals + 1, end - 1));
    start = end;
  }
  return records;
}
