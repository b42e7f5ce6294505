import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { isPkiError } from '../../src/errors.ts';
import { holdsPrivateKey } from '../../src/x509/pem-form.ts';
import { encodePem, parsePemBlocks } from '../../src/x509/pem.ts';

const block = encodePem('CERTIFICATE', Buffer.alloc(100, 1));

function errorOf(text: string): unknown {
  try {
    return parsePemBlocks(text);
  } catch (error) {
    return error;
  }
}

describe('encodePem', () => {
  test('writes lines of 64 columns and ends in a newline', () => {
    const lines = block.split('\n');
    expect(lines.map((line) => line.length)).toEqual([27, 64, 64, 8, 25, 0]);
  });

  test('is read back byte for byte, also where several blocks follow each other', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 4 }), (contents) => {
        const blocks = parsePemBlocks(contents.map((der) => encodePem('X509 CRL', der)).join(''));
        expect(blocks.map(({ label, der }) => [label, Buffer.from(der).toString('hex')])).toEqual(
          contents.map((der) => ['X509 CRL', Buffer.from(der).toString('hex')]),
        );
      }),
    );
  });
});

describe('parsePemBlocks', () => {
  test.each([
    ['CRLF', block.replaceAll('\n', '\r\n')],
    ['blanks at the ends of lines', block.replaceAll('\n', ' \t\n')],
    ['text around blocks', `subject=CN = kubernetes\n${block}and more text\n-----BEGIN of nothing\n`],
    ['one long line', block.replace(/(?<=[^-])\n(?=[^-])/g, '')],
    ['no newline at the end', block.trimEnd()],
  ])('tolerates %s', (_, text) => {
    expect(parsePemBlocks(text).map(({ der }) => der.length)).toEqual([100]);
  });

  test('gives blocks of every kind in order', () => {
    const text = `${encodePem('EC PARAMETERS', Buffer.alloc(8))}${encodePem('EC PRIVATE KEY', Buffer.alloc(9))}`;
    expect(parsePemBlocks(text).map(({ label }) => label)).toEqual(['EC PARAMETERS', 'EC PRIVATE KEY']);
  });

  test.each(['A', 'Ed25519 PRIVATE KEY', 'X509 CRL', 'a-b', '(x)~!/,.'])(
    'reads a block with the label %s, as RFC 7468 section 3 allows',
    (label) => {
      expect(parsePemBlocks(encodePem(label, Buffer.alloc(9)))).toMatchObject([{ label }]);
    },
  );

  test.each(['', ' A', 'A ', 'A  B', 'A--B', '-A', 'A-', 'Ä'])(
    'takes the label "%s" for text, which RFC 7468 does not allow',
    (label) => {
      expect(parsePemBlocks(encodePem(label, Buffer.alloc(9)))).toEqual([]);
    },
  );

  test('gives the headers of an encrypted key', () => {
    const text = block.replace('\n', '\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00FF\n\n');
    const [{ headers, der } = { headers: new Map(), der: new Uint8Array() }] = parsePemBlocks(text);
    expect([...headers]).toEqual([
      ['Proc-Type', '4,ENCRYPTED'],
      ['DEK-Info', 'AES-128-CBC,00FF'],
    ]);
    expect(der.length).toBe(100);
  });

  test('gives nothing of a text without blocks', () => {
    expect(parsePemBlocks('')).toEqual([]);
    expect(parsePemBlocks('kind: Config\n')).toEqual([]);
  });

  test.each([
    ['no END line', block.replace(/-----END.*\n/, ''), 'the end of the text'],
    [
      'another label at its end',
      block.replace('END CERTIFICATE', 'END PRIVATE KEY'),
      'another line of dashes',
    ],
    ['a second BEGIN inside', block.replace('\n', `\n${block}`), 'another line of dashes'],
    ['a character that is no base64', block.replace('AQEB', 'AQ?B'), 'something else'],
    ['a character missing', block.replace('AQEB', 'AQE'), 'something else'],
    ['padding in the middle', block.replace('AQEB', 'AQ=='), 'something else'],
  ])('refuses a block with %s, saying what is expected and found', (_, text, found) => {
    const error = errorOf(text);
    expect(isPkiError(error, 'ERR_PEM') && error.detail.found).toBe(found);
  });

  test('names nothing of the contents in an error', () => {
    const secret = 'c2VjcmV0c2VjcmV0';
    const error = errorOf(`-----BEGIN RSA PRIVATE KEY-----\n${secret}\n-----END ${secret}-----\n`);
    expect(JSON.stringify([error, String(error)])).not.toContain(secret);
    expect(isPkiError(error, 'ERR_PEM')).toBe(true);
  });

  test('reads many blocks, up to a bound, and a line that is nearly one, without running away', () => {
    expect(parsePemBlocks(block.repeat(256))).toHaveLength(256);
    expect(String(errorOf(block.repeat(20_000)))).toContain('expected no more than 256 blocks in a file');
    expect(parsePemBlocks(`-----BEGIN ${'A '.repeat(100_000)}`)).toEqual([]);
  });
});

describe('holdsPrivateKey', () => {
  const key = encodePem('EC PRIVATE KEY', Buffer.alloc(100, 7));
  test.each([
    ['as it is', key],
    ['in a string of JSON', JSON.stringify({ key })],
    ['indented, as in YAML', key.replaceAll(/^/gm, '    ')],
    ['in a comment', key.replaceAll(/^/gm, '# ')],
    ['line by line in a program', key.replaceAll(/^(.*)\n/gm, "'$1\\n' +\n")],
    ['with a line end of Windows', key.replaceAll('\n', '\r\n')],
    ['on one line', key.replaceAll('\n', ' ')],
    ['that is encrypted', key.replace('\n', '\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n')],
    ['with a header of its own', key.replace('\n', '\nComment: mine\n\n')],
    ['that is cut off', key.slice(0, 100)],
    ['whose base64 is damaged', key.replace('\n', '\n*')],
    ['in short lines', key.replaceAll(/([^-\n]{4})(?=[^-]*-----END)/g, '$1\n')],
  ])('finds a key %s', (_, text) => {
    expect(holdsPrivateKey(text)).toBe(true);
  });

  test.each([
    ['the line that begins one alone', '-----BEGIN PRIVATE KEY-----\n'],
    [
      'a program',
      "if (text.includes('-----BEGIN PRIVATE KEY-----')) return somethingOfMoreThanThirtyTwoLetters;",
    ],
    ['a manual', '-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----\n'],
    ['a regular expression', readFileSync('src/x509/pem-form.ts', 'utf8')],
  ])('takes %s for none', (_, text) => {
    expect(holdsPrivateKey(text)).toBe(false);
  });
});
