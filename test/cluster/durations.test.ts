import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDuration } from '../../src/cluster/durations.ts';
import { issuesWith, specWith } from './outcome.ts';

describe('periods', () => {
  test.each([
    ['0', 0],
    ['0s', 0],
    ['90s', 90],
    ['5m', 300],
    ['8760h', 31_536_000],
    ['8760h0m0s', 31_536_000],
    ['43800h30m', 157_681_800],
    ['365d', 31_536_000],
    ['1y', 31_536_000],
    ['10y', 315_360_000],
    ['1y30d', 34_128_000],
    ['1.5h', 5400],
    ['0.5m', 30],
    ['1h0.5m', 3630],
    // In floating point 66.00000000000001 seconds.
    ['1.1m', 66],
    ['0.001h0.4s', 4],
    ['1m1h', 3660],
  ])('reads %s as %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toEqual({ value: seconds });
  });

  test.each([
    '',
    'h',
    '3600',
    '1',
    '-1h',
    '+1h',
    '1w',
    '1M',
    '1H',
    '1ms',
    '1 h',
    '1h ',
    '.5h',
    '1.h',
    '1,5h',
    '1e3h',
    '1.5s',
    '0.0001h',
    '１h',
    '1h\n',
    'ten years',
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toHaveProperty('rule', 'must be a period of whole seconds');
  });

  test('say what to add where the unit is missing', () => {
    expect(parseDuration('365')).toHaveProperty('hint', 'add a unit: 365h or 365d');
  });

  test('add up in any combination of units', () => {
    const seconds = { s: 1, m: 60, h: 3600, d: 86_400, y: 31_536_000 } as const;
    const parts = fc.array(fc.tuple(fc.nat(100_000), fc.constantFrom('s', 'm', 'h', 'd', 'y')), {
      minLength: 1,
    });
    fc.assert(
      fc.property(parts, (all) => {
        const sum = all.reduce((total, [count, unit]) => total + count * seconds[unit], 0);
        const text = all.map(([count, unit]) => `${count}${unit}`).join('');
        expect(parseDuration(text)).toEqual({ value: sum });
      }),
    );
  });
});

describe('the periods of a cluster', () => {
  test('are by default those of kubeadm', () => {
    const { certValiditySeconds, caValiditySeconds, notBeforeSkewSeconds } = specWith({});
    expect([certValiditySeconds, caValiditySeconds, notBeforeSkewSeconds]).toEqual([
      31_536_000, 315_360_000, 300,
    ]);
  });

  test.each([
    ['certValidity', '1m'],
    ['certValidity', '1000y'],
    ['caValidity', '1000y'],
    ['notBeforeSkew', '0'],
    ['notBeforeSkew', '24h'],
  ])('may be %s %s', (key, text) => {
    expect(specWith({ [key]: text })).toBeDefined();
  });

  test.each([
    ['cert-validity', 'certValidity', '59s', 'must be from 1m to 1000y'],
    ['cert-validity', 'certValidity', '0', 'must be from 1m to 1000y'],
    ['cert-validity', 'certValidity', '1000y1s', 'must be from 1m to 1000y'],
    ['ca-validity', 'caValidity', '0s', 'must be from 1m to 1000y'],
    ['ca-validity', 'caValidity', '999999999999y', 'must be from 1m to 1000y'],
    ['not-before-skew', 'notBeforeSkew', '24h1s', 'must be from 0s to 24h'],
    ['not-before-skew', 'notBeforeSkew', '-5m', 'must be a period of whole seconds'],
  ])('may not be --%s (%s) %s', (option, key, value, rule) => {
    expect(issuesWith({ [key]: value })).toEqual([expect.objectContaining({ option, value, rule })]);
  });
});
