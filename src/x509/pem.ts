import { PkiError } from '../errors.ts';

/** One block of a PEM text (RFC 7468; headers as in RFC 1421). */
export interface PemBlock {
  /** `CERTIFICATE`, `RSA PRIVATE KEY`, … */
  readonly label: string;
  /** Absent in nearly all blocks; `Proc-Type` marks an encrypted key. */
  readonly headers: ReadonlyMap<string, string>;
  readonly der: Uint8Array;
}

// RFC 7468 section 3; the empty label, which that allows, says nothing of what is in the block.
const BEGIN = /^-----BEGIN ([!-,.-~](?:[ -]?[!-,.-~])*)-----$/;

/** A block that cannot be read, and why. */
export interface DamagedPemBlock {
  readonly label: string;
  readonly expected: string;
  readonly found: string;
}

/** Everything that a text holds as PEM, and what stands around that. */
export interface PemText {
  /** In the order of the text. */
  readonly parts: readonly (PemBlock | DamagedPemBlock)[];
  /** The lines that belong to no block. */
  readonly around: string;
}

// A block that does not begin at the start of its line is none to Go and OpenSSL; a byte order mark counts as a sign of it.
const INDENTED = /^[\s\uFEFF]+-----BEGIN ([A-Z0-9 ]+)-----$/;

const END_OF_TEXT = 'the end of the text';

/** All CAs that browsers trust are 150. A mebibyte of small blocks keeps whoever looks at each of them busy for minutes. */
const MAXIMUM_BLOCKS = 256;

/**
 * Takes a PEM text apart, whatever its blocks hold. Text around them is passed over, as OpenSSL and Go do; inside a block
 * nothing is. A block that cannot be read hides none that follows, up to 256 of both.
 */
export function readPem(text: string): PemText {
  if (!text.includes('-----BEGIN ')) return { parts: [], around: text };
  const parts: (PemBlock | DamagedPemBlock)[] = [];
  const around: string[] = [];
  let open: { readonly label: string; readonly lines: string[] } | undefined;
  const damage = (label: string, expected: string, found: string): void => {
    parts.push({ label, expected, found });
  };
  for (const line of text.split('\n').map((untrimmed) => untrimmed.trimEnd())) {
    // Nearly all lines, and looked at no closer: a file may have a million.
    if (!line.includes('-----')) {
      (open?.lines ?? around).push(line);
      continue;
    }
    const label = BEGIN.exec(line)?.[1];
    if (label !== undefined && parts.length >= MAXIMUM_BLOCKS) {
      damage(label, `no more than ${MAXIMUM_BLOCKS} blocks in a file`, 'more');
      return { parts, around: around.join('\n') };
    }
    if (open === undefined) {
      const indented = INDENTED.exec(line)?.[1];
      if (label !== undefined) open = { label, lines: [] };
      else if (indented === undefined) around.push(line);
      else
        damage(
          indented,
          'its first line at the start of a line',
          `${line.startsWith('\uFEFF') ? 'a byte order mark' : 'blanks'} before it`,
        );
    } else if (!line.startsWith('-----')) {
      open.lines.push(line);
    } else {
      const end = `-----END ${open.label}-----`;
      if (line === end) parts.push(parseBlock(open.label, open.lines));
      else damage(open.label, end, 'another line of dashes');
      open = label === undefined ? undefined : { label, lines: [] };
    }
  }
  if (open !== undefined) damage(open.label, `-----END ${open.label}-----`, END_OF_TEXT);
  return { parts, around: around.join('\n') };
}

/** The blocks of a PEM text that can be read, in order. */
export function readableBlocks({ parts }: PemText): readonly PemBlock[] {
  return parts.filter((part) => 'der' in part);
}

/**
 * Parses all blocks of a PEM text in order, whatever they hold: what a damaged file still shows is not taken for the whole
 * of it.
 *
 * @throws {PkiError} `ERR_PEM` for a block without its END line, and for contents that are no base64.
 */
export function parsePemBlocks(text: string): readonly PemBlock[] {
  return readPem(text).parts.map((part) => {
    if ('found' in part) throw damageError(part);
    return part;
  });
}

function parseBlock(label: string, lines: readonly string[]): PemBlock | DamagedPemBlock {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const header = /^([^:]+): *(.*)$/.exec(line);
    if (header?.[1] === undefined || header[2] === undefined) break;
    headers.set(header[1], header[2]);
  }
  const base64 = lines.slice(headers.size).join('');
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) {
    return { label, expected: 'base64', found: 'something else' };
  }
  return { label, headers, der: Buffer.from(base64, 'base64') };
}

/** What to say of a block that cannot be read. Its lines are never named: they may be key material. */
export function damageError({ label, expected, found }: DamagedPemBlock): PkiError<'ERR_PEM'> {
  const what = found === END_OF_TEXT ? 'cut off' : 'damaged';
  return new PkiError('ERR_PEM', `block ${label} is ${what}: expected ${expected}, found ${found}`, {
    detail: { expected, found },
    hint: 'bring the file back from where it was made',
  });
}

/** Encodes one PEM block: lines of 64 columns, a newline at the end (RFC 7468 section 2). */
export function encodePem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der.buffer, der.byteOffset, der.length)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
