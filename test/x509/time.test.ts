import { describe, expect, test } from '@jest/globals';
import { DerError, encodeDer, parseDer, TAG } from '../../src/x509/der.ts';
import { decodeTime, encodeTime } from '../../src/x509/time.ts';

function read(tag: number, text: string): Date {
  return decodeTime(parseDer(encodeDer(tag, Buffer.from(text))));
}

describe('encodeTime', () => {
  test.each([
    ['1950-01-01T00:00:00Z', TAG.utcTime, '500101000000Z'],
    ['2026-11-23T13:04:05Z', TAG.utcTime, '261123130405Z'],
    ['2049-12-31T23:59:59Z', TAG.utcTime, '491231235959Z'],
    ['2050-01-01T00:00:00Z', TAG.generalizedTime, '20500101000000Z'],
    ['9999-12-31T23:59:59Z', TAG.generalizedTime, '99991231235959Z'],
  ])('writes %s as RFC 5280 4.1.2.5 says, and decodeTime reads it back', (iso, tag, text) => {
    const element = parseDer(encodeTime(new Date(iso)));
    expect([element.tag, Buffer.from(element.content).toString()]).toEqual([tag, text]);
    expect(decodeTime(element)).toEqual(new Date(iso));
  });

  test('drops a fraction of a second', () => {
    expect(encodeTime(new Date('2026-11-23T13:04:05.999Z'))).toEqual(
      encodeTime(new Date('2026-11-23T13:04:05Z')),
    );
  });

  test.each(['1949-12-31T23:59:59Z', '+010000-01-01T00:00:00Z', 'never'])('refuses %s', (iso) => {
    expect(() => encodeTime(new Date(iso))).toThrow(RangeError);
  });
});

describe('decodeTime', () => {
  test('reads GeneralizedTime also before 2050, as Go does', () => {
    expect(read(TAG.generalizedTime, '20261123130405Z')).toEqual(new Date('2026-11-23T13:04:05Z'));
  });

  test.each([
    [TAG.utcTime, ''],
    [TAG.utcTime, '2611231304Z'],
    [TAG.utcTime, '261123130405'],
    [TAG.utcTime, '261123130405+0000'],
    [TAG.utcTime, '260230000000Z'],
    [TAG.utcTime, '261123240000Z'],
    [TAG.utcTime, '261123235960Z'],
    [TAG.utcTime, '20261123130405Z'],
    [TAG.generalizedTime, '261123130405Z'],
    [TAG.generalizedTime, '20261123130405.5Z'],
    [TAG.generalizedTime, '20260229000000Z'],
  ])('refuses tag %d with %j', (tag, text) => {
    expect(() => read(tag, text)).toThrow(DerError);
  });
});
