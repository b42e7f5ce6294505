import { expect, test } from '@jest/globals';
import { MENDS, ONLY_EXPOSED } from '../../src/checks/mends.ts';
import { CHECKS } from '../../src/checks/run.ts';

test('what a new signature mends is what some check of leaves and kubeconfigs finds', () => {
  const codes = CHECKS.filter(({ appliesTo }) =>
    appliesTo.some((kind) => kind === 'certificate' || kind === 'kubeconfig'),
  ).map(({ code }) => code);
  expect([...MENDS.keys()].filter((code) => !codes.includes(code))).toEqual([]);
});

test('what keeps no CA from signing is what some check of CAs finds', () => {
  const codes = CHECKS.filter(({ appliesTo }) => appliesTo.includes('ca')).map(({ code }) => code);
  expect([...ONLY_EXPOSED].filter((code) => !codes.includes(code))).toEqual([]);
});
