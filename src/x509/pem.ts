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

/**
 * Parses all blocks of a PEM text in order, whatever they hold. Text around them is skipped, as OpenSSL and Go do; inside
 * a block nothing is: what a damaged file still shows is not taken for the whole of it.
 *
 * @throws {PkiError} `ERR_PEM` for a block without its END line, and for contents that are no base64.
 */
export function parsePemBlocks(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: { readonly label: string; readonly lines: string[] } | undefined;
  for (const line of text.split('\n').map((untrimmed) => untrimmed.trimEnd())) {
    if (open === undefined) {
      const label = BEGIN.exec(line)?.[1];
      if (label !== undefined) open = { label, lines: [] };
    } else if (!line.startsWith('-----')) {
      open.lines.push(line);
    } else if (line === `-----END ${open.label}-----`) {
      blocks.push(parseBlock(open.label, open.lines));
      open = undefined;
    } else {
      throw pemError(open.label, {
        expected: `-----END ${open.label}-----`,
        found: 'another line of dashes',
      });
    }
  }
  if (open !== undefined) {
    throw pemError(open.label, { expected: `-----END ${open.label}-----`, found: 'the end of the text' });
  }
  return blocks;
}

function parseBlock(label: string, lines: readonly string[]): PemBlock {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const header = /^([^:]+): *(.*)$/.exec(line);
    if (header?.[1] === undefined || header[2] === undefined) break;
    headers.set(header[1], header[2]);
  }
  const base64 = lines.slice(headers.size).join('');
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) {
    throw pemError(label, { expected: 'base64', found: 'something else' });
  }
  return { label, headers, der: Buffer.from(base64, 'base64') };
}

// The lines themselves are never named: they may be key material.
function pemError(
  label: string,
  detail: { readonly expected: string; readonly found: string },
): PkiError<'ERR_PEM'> {
  return new PkiError(
    'ERR_PEM',
    `block ${label} is damaged: expected ${detail.expected}, found ${detail.found}`,
    {
      detail,
      hint: 'bring the file back from where it was made',
    },
  );
}

/** Encodes one PEM block: lines of 64 columns, a newline at the end (RFC 7468 section 2). */
export function encodePem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der.buffer, der.byteOffset, der.length)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
