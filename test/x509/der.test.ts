import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  DerError,
  DerFields,
  decodeBitString,
  decodeBoolean,
  decodeCount,
  decodeInteger,
  decodeOctets,
  decodeOid,
  encodeBitString,
  encodeDer,
  encodeInteger,
  encodeOid,
  encodeSequence,
  parseDer,
  parseDerElements,
  TAG,
} from '../../src/x509/der.ts';

const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

describe('parseDer', () => {
  test.each([0, 1, 127, 128, 255, 256, 65_535, 65_536])('reads back a value of %d bytes', (length) => {
    const content = Buffer.alloc(length, 7);
    const element = parseDer(encodeDer(TAG.octetString, content));
    expect(element.tag).toBe(TAG.octetString);
    expect(Buffer.compare(element.content, content)).toBe(0);
  });

  test.each([
    ['nothing', ''],
    ['a tag alone', '30'],
    ['a length alone', '3082'],
    ['a value cut short', '30 03 0101'],
    ['bytes after the end', '30 00 00'],
    ['an indefinite length', '30 80 0000'],
    ['a long form where the short would do', `30 81 7f${'00'.repeat(127)}`],
    ['a length with a leading zero', `30 82 0080${'00'.repeat(128)}`],
    ['a length of five bytes', '30 85 0000000001 00'],
    ['a length beyond any memory', '30 84 ffffffff'],
    ['a tag of several bytes', '1f 81 01 00'],
  ])('refuses %s', (_, der) => {
    expect(() => parseDer(bytes(der))).toThrow(DerError);
  });

  test('reads any bytes or throws a DerError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (der) => {
        try {
          expect(hex(parseDer(der).der)).toBe(hex(der));
        } catch (error) {
          expect(error).toBeInstanceOf(DerError);
        }
      }),
      { seed: 5280, numRuns: 2000 },
    );
  });
});

describe('parseDerElements', () => {
  test('gives the elements of a SEQUENCE in order', () => {
    const sequence = parseDer(bytes('30 08 020101 040102 0500'));
    expect(parseDerElements(sequence, TAG.sequence).map(({ der }) => hex(der))).toEqual([
      '020101',
      '040102',
      '0500',
    ]);
  });

  test.each([
    ['another tag', '31 00'],
    ['an element that reaches beyond it', '30 02 0205'],
  ])('refuses %s', (_, der) => {
    expect(() => parseDerElements(parseDer(bytes(der)), TAG.sequence)).toThrow(DerError);
  });
});

describe('DerFields', () => {
  const fields = (): DerFields => new DerFields(parseDer(bytes('30 06 020101 010100')));

  test('takes fields in order and leaves an optional one that is not there', () => {
    const taken = fields();
    expect(taken.optional(TAG.boolean)).toBeUndefined();
    expect(taken.required(TAG.integer).tag).toBe(TAG.integer);
    expect(taken.optional(TAG.boolean)?.tag).toBe(TAG.boolean);
    expect(() => taken.end()).not.toThrow();
    expect(() => taken.required()).toThrow('a field is missing');
  });

  test('refuses a field of another tag and a field too many', () => {
    expect(() => fields().required(TAG.oid)).toThrow('tag 0x06 expected, tag 0x02 found');
    expect(() => fields().end()).toThrow('it has a field too many');
  });
});

describe('the primitive types', () => {
  test.each([
    ['00', '02 01 00'],
    ['0000', '02 01 00'],
    ['', '02 01 00'],
    ['7f', '02 01 7f'],
    ['80', '02 02 0080'],
    ['0080', '02 02 0080'],
    ['00ff00', '02 03 00ff00'],
  ])('encodeInteger writes the number %s minimally and positive', (number, der) => {
    expect(hex(encodeInteger(bytes(number)))).toBe(hex(bytes(der)));
  });

  test.each(['02 00', '02 02 007f', '02 02 ff80'])('decodeInteger refuses %s', (der) => {
    expect(() => decodeInteger(parseDer(bytes(der)))).toThrow(DerError);
  });

  test.each([
    ['02 01 00', 0],
    ['02 02 0080', 128],
    ['02 04 7fffffff', 0x7fff_ffff],
  ])('decodeCount reads %s', (der, count) => {
    expect(decodeCount(parseDer(bytes(der)))).toBe(count);
  });

  test.each(['02 01 ff', '02 05 0100000000'])('decodeCount refuses %s', (der) => {
    expect(() => decodeCount(parseDer(bytes(der)))).toThrow(DerError);
  });

  test('decodeBoolean reads 00 and ff, and refuses what BER would take for true', () => {
    expect(decodeBoolean(parseDer(bytes('010100')))).toBe(false);
    expect(decodeBoolean(parseDer(bytes('0101ff')))).toBe(true);
    expect(() => decodeBoolean(parseDer(bytes('010101')))).toThrow(DerError);
    expect(() => decodeBoolean(parseDer(bytes('0100')))).toThrow(DerError);
  });

  test('decodeBitString reads what encodeBitString writes', () => {
    expect(hex(encodeBitString(bytes('a0'), 5))).toBe('030205a0');
    expect(hex(decodeBitString(parseDer(bytes('030205a0'))))).toBe('a0');
    expect(hex(decodeBitString(parseDer(encodeBitString(new Uint8Array()))))).toBe('');
  });

  test('decodeOctets reads a BIT STRING without unused bits, and no other', () => {
    expect(hex(decodeOctets(parseDer(bytes('030200a0'))))).toBe('a0');
    for (const der of ['030205a0', '030201fe', '0300'])
      expect(() => decodeOctets(parseDer(bytes(der)))).toThrow(DerError);
  });

  test.each(['0300', '030101', '030208 00', '030205 a1'])('decodeBitString refuses %s', (der) => {
    expect(() => decodeBitString(parseDer(bytes(der)))).toThrow(DerError);
  });

  test.each([
    ['2.5.4.3', '0603550403'],
    ['1.2.840.113549.1.1.11', '06092a864886f70d01010b'],
    ['0.9.2342.19200300.100.1.25', '060a0992268993f22c640119'],
    ['2.999.1', '0603883701'],
    ['2.5.29.37.0', '0604551d2500'],
  ])('encodeOid and decodeOid agree on %s', (oid, der) => {
    expect(hex(encodeOid(oid))).toBe(der);
    expect(decodeOid(parseDer(bytes(der)))).toBe(oid);
  });

  test('decodeOid reads arcs of 31 bits and no longer ones, as Go: a UUID is none', () => {
    expect(decodeOid(parseDer(bytes('0606 2a87ffffff7f')))).toBe('1.2.2147483647');
    expect(() => decodeOid(parseDer(bytes('0606 2a8880808000')))).toThrow('too large');
    const uuid = encodeDer(TAG.oid, bytes('69 83e0a5c0c1d5a68ca4fab0f8c0eba185c87f'));
    expect(() => decodeOid(parseDer(uuid))).toThrow('too large');
  });

  test.each(['0600', '06025580', '0603558004'])('decodeOid refuses %s', (der) => {
    expect(() => decodeOid(parseDer(bytes(der)))).toThrow(DerError);
  });

  test.each(['', '1', '3.1', '1.40', '1.02', '1.2.', 'serverAuth', '1.2.-3'])(
    'encodeOid refuses %j',
    (oid) => {
      expect(() => encodeOid(oid)).toThrow(RangeError);
    },
  );

  test('encodeSequence puts its elements one after the other', () => {
    expect(hex(encodeSequence(bytes('0500'), bytes('020101')))).toBe('30050500020101');
  });
});
