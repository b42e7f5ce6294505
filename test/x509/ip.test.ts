import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ipToBytes, ipToText } from '../../src/x509/ip.ts';

function hexOf(text: string): string | undefined {
  const bytes = ipToBytes(text);
  return bytes && Buffer.from(bytes).toString('hex');
}

describe('ipToBytes', () => {
  test.each([
    ['192.0.2.10', 'c000020a'],
    ['0.0.0.0', '00000000'],
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['fe80::', 'fe800000000000000000000000000000'],
    ['2001:0DB8:0:0:1::1', '20010db8000000000001000000000001'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['1::3:4:5:6:7:8', '00010000000300040005000600070008'],
    ['64:ff9b::192.0.2.33', '0064ff9b0000000000000000c0000221'],
    ['::192.0.2.1', '000000000000000000000000c0000201'],
  ])('reads %s', (text, hex) => {
    expect(hexOf(text)).toBe(hex);
  });

  test.each(['::ffff:192.0.2.1', '::FFFF:c000:0201'])(
    'makes 4 bytes of the IPv4-mapped %s, as Go',
    (text) => {
      expect(hexOf(text)).toBe('c0000201');
    },
  );

  test.each([
    '',
    ' ',
    '999.1.1.1',
    '010.0.0.1',
    '10.0.0',
    '10.0.0.1/8',
    '10.0.0.1:6443',
    '0x7f.0.0.1',
    '[::1]',
    'fe80::1%eth0',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    '::1\n',
    'localhost',
  ])('refuses %j', (text) => {
    expect(ipToBytes(text)).toBeUndefined();
  });
});

describe('ipToText', () => {
  // The examples of RFC 5952 sections 4 and 5.
  test.each([
    ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['20010000000000010000000000000001', '2001:0:0:1::1'],
    ['20010db8000000000000000000020001', '2001:db8::2:1'],
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000000000001', '::1'],
    ['00010000000000000000000000000000', '1::'],
    ['00010002000300040005000600000000', '1:2:3:4:5:6::'],
    ['00100000000000000000001000000010', '10::10:0:10'],
    ['00000000000000000000ffffc0000201', '::ffff:192.0.2.1'],
    ['0a000005', '10.0.0.5'],
  ])('writes %s as %s', (hex, text) => {
    expect(ipToText(Buffer.from(hex, 'hex'))).toBe(text);
  });

  test('refuses any other number of bytes', () => {
    expect(() => ipToText(new Uint8Array(5))).toThrow(RangeError);
  });

  test('gives text that reads back as the same bytes and that a URL writes the same way', () => {
    const address = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc
        .array(fc.constantFrom(0, 0, 0, 1, 16, 255), { minLength: 16, maxLength: 16 })
        .map((bytes) => Uint8Array.from(bytes)),
    );
    fc.assert(
      fc.property(address, (bytes) => {
        const text = ipToText(bytes);
        fc.pre(!text.startsWith('::ffff:'));
        expect(ipToBytes(text)).toEqual(bytes);
        const host = bytes.length === 4 ? text : `[${text}]`;
        expect(new URL(`http://${host}/`).hostname).toBe(host);
      }),
    );
  });
});
