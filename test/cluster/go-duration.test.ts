import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { goDurationText, parseGoDuration, parseGoSeconds } from '../../src/cluster/go-duration.ts';

// As Go's time.ParseDuration reads them (time_test.go).
test.each<[string, bigint]>([
  ['0', 0n],
  ['5s', 5_000_000_000n],
  ['-5s', -5_000_000_000n],
  ['+5s', 5_000_000_000n],
  ['5.0s', 5_000_000_000n],
  ['5.s', 5_000_000_000n],
  ['.5s', 500_000_000n],
  ['1.004s', 1_004_000_000n],
  ['10ns', 10n],
  ['11us', 11_000n],
  ['12µs', 12_000n],
  ['12μs', 12_000n],
  ['13ms', 13_000_000n],
  ['3h30m', 12_600_000_000_000n],
  ['10.5s4m', 250_500_000_000n],
  ['1h2m3s4ms5us6ns', 3_723_004_005_006n],
  ['8760h0m0s', 31_536_000_000_000_000n],
])('%s is read as Go reads it', (text, value) => {
  expect(parseGoDuration(text)).toEqual({ value });
});

test.each(['', '3', '-', 's', '.', '-.', '.s', '+.s', '1d', '1y', '1h 2m', ' 1h', '1H', '--1h', '1e3s'])(
  '%j is refused as Go refuses it',
  (text) => {
    expect(parseGoDuration(text)).toMatchObject({ rule: 'must be a period as Go writes it' });
  },
);

describe('whole seconds', () => {
  test.each([
    ['1500ms500ms', '2s'],
    ['0.5h', '1800s'],
    ['0', '0s'],
  ])('%s are %s', (text, value) => {
    expect(parseGoSeconds(text)).toEqual({ value });
  });

  test.each(['1ms', '-1s', '1.5s'])('%s are none', (text) => {
    expect(parseGoSeconds(text)).toMatchObject({ rule: 'must be a period of whole seconds' });
  });

  test('are printed as Go prints them, and read again', () => {
    expect([31_536_000, 300, 30, 5430, 0].map(goDurationText)).toEqual([
      '8760h0m0s',
      '5m0s',
      '30s',
      '1h30m30s',
      '0s',
    ]);
    fc.assert(
      fc.property(fc.nat(), (seconds) => {
        expect(parseGoSeconds(goDurationText(seconds))).toEqual({ value: `${seconds}s` });
      }),
    );
  });
});
