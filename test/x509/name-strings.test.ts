import { describe, expect, test } from '@jest/globals';
import { encodeDer, encodeOid, encodeSequence, TAG } from '../../src/x509/der.ts';
import { encodeName } from '../../src/x509/name.ts';
import { faultOfName } from '../../src/x509/name-strings.ts';

function nameOf(tag: number, valueHex: string): Uint8Array {
  const value = encodeDer(tag, Buffer.from(valueHex, 'hex'));
  return encodeSequence(encodeDer(TAG.set, encodeSequence(encodeOid('2.5.4.3'), value)));
}

describe('faultOfName', () => {
  test('finds nothing in names of this project, nor in the empty one', () => {
    const name = encodeName({ organization: ['system:masters', 'b\u00fccher'], commonName: 'a' });
    expect([faultOfName(name), faultOfName(encodeSequence())]).toEqual([undefined, undefined]);
  });

  test.each([
    ['a PrintableString with * and &', 0x13, '2a2026'],
    ['a TeletexString of any bytes', 0x14, '62fc'],
    ['an IA5String', 0x16, '614062'],
    ['a NumericString', 0x12, '3432'],
    ['a BMPString', 0x1e, '006bfdf0'],
    ['a BMPString with a zero behind it', 0x1e, '006b0000'],
    ['an empty UTF8String', 0x0c, ''],
    ['UTF-8 with a byte order mark', 0x0c, 'efbbbf61'],
  ])('finds nothing in %s', (_, tag, hex) => {
    expect(faultOfName(nameOf(tag, hex))).toBeUndefined();
  });

  test.each([
    ['@', 'PrintableString', 0x13, '614062'],
    ['a zero', 'PrintableString', 0x13, '610062'],
    ['bytes that are no UTF-8', 'UTF8String', 0x0c, '61ff'],
    ['a surrogate', 'UTF8String', 0x0c, 'eda080'],
    ['more than ASCII', 'IA5String', 0x16, '61e9'],
    ['letters', 'NumericString', 0x12, '6b3873'],
    ['half a character', 'BMPString', 0x1e, '006b00'],
    ['a surrogate', 'BMPString', 0x1e, 'd83dde00'],
    ['a reserved character', 'BMPString', 0x1e, 'fdd0'],
    ['no character', 'BMPString', 0x1e, 'ffff'],
  ])('finds %s in a %s', (_, type, tag, hex) => {
    expect(faultOfName(nameOf(tag, hex))).toBe(`a ${type} with something else in it`);
  });

  test.each([
    ['a UniversalString', 0x1c],
    ['a VisibleString', 0x1a],
    ['an OCTET STRING', 0x04],
  ])('takes %s for no string', (_, tag) => {
    expect(faultOfName(nameOf(tag, '0000006b'))).toMatch(/which is no string that Go reads$/);
  });
});
