import { describe, expect, test } from '@jest/globals';
import type { Finding } from '../../src/finding.ts';
import { breachOfLayout, parseFormerAudit } from '../../src/select/baseline.ts';
import { withFingerprints } from '../../src/select/fingerprint.ts';
import { selectFindings } from '../../src/select/select.ts';

const AT = new Date('2026-11-26T12:00:00Z');

const finding = (code: string, path: string, more: Partial<Finding> = {}): Finding => ({
  code,
  severity: 'error',
  path,
  message: 'is wrong',
  ...more,
});
const EXPIRED = finding('expired', 'pki/apiserver.crt', { row: 'apiserver', field: 'notAfter' });
const READABLE = finding('key-readable', 'pki/ca.key', { row: 'ca' });
const NAME = finding('san', 'pki/apiserver.crt', { row: 'apiserver', found: 'a' });
const OTHER_NAME = finding('san', 'pki/apiserver.crt', { row: 'apiserver', found: 'b' });
const ALL = [EXPIRED, READABLE, NAME, OTHER_NAME];

const fingerprints = (findings: readonly Finding[]) =>
  withFingerprints(findings).map(({ fingerprint }) => fingerprint);

test('a finding is known by what it is about, and by its number among those about the same', () => {
  expect(fingerprints(ALL)).toEqual([
    'expired pki/apiserver.crt notAfter:1',
    'key-readable pki/ca.key:1',
    'san pki/apiserver.crt:1',
    'san pki/apiserver.crt:2',
  ]);
  const renewed = ALL.map((one) => ({ ...one, found: 'other', expected: 'another' }));
  expect(fingerprints(renewed)).toEqual(fingerprints(ALL));
});

describe('of the findings', () => {
  const codesOf = (selection: Parameters<typeof selectFindings>[1]) => {
    const { findings, ...rest } = selectFindings(ALL, selection, AT);
    return { codes: findings.map(({ code }) => code), ...rest };
  };

  test('all are shown', () => {
    expect(codesOf({})).toEqual({ codes: ['expired', 'key-readable', 'san', 'san'], leftOut: 0 });
  });

  test('those are shown that match, and not those that match the other', () => {
    expect(codesOf({ focus: /apiserver/ })).toEqual({ codes: ['expired', 'san', 'san'], leftOut: 1 });
    expect(codesOf({ skip: /apiserver/ })).toEqual({ codes: ['key-readable'], leftOut: 3 });
    expect(codesOf({ focus: /apiserver/, skip: /^san / })).toEqual({ codes: ['expired'], leftOut: 3 });
  });

  test('those are shown that are new, and those that are gone are counted', () => {
    const baseline = withFingerprints([EXPIRED, NAME, finding('gone', 'x')]);
    expect(codesOf({ baseline })).toEqual({
      codes: ['key-readable', 'san'],
      leftOut: 0,
      baseline: { known: 2, gone: 1 },
    });
  });

  test('none is known that was waived', () => {
    const waiver = { reason: 'a', until: '2026-01-01' };
    const baseline = withFingerprints([EXPIRED]).map((one) => ({ ...one, waiver }));
    expect(codesOf({ baseline })).toMatchObject({ leftOut: 0, baseline: { known: 0, gone: 0 } });
  });

  test('none is gone and no waiver unused because something was left out', () => {
    const waivers = [{ code: 'key-readable', subject: 'ca', reason: 'a', until: '2027-01-01' }];
    const baseline = withFingerprints([NAME]);
    expect(codesOf({ waivers, baseline, focus: /expired/ })).toEqual({
      codes: ['expired'],
      leftOut: 2,
      baseline: { known: 1, gone: 0 },
    });
  });

  test('each keeps what it is known by when others are left out', () => {
    const { findings } = selectFindings(ALL, { baseline: withFingerprints([NAME]), skip: /^expired/ }, AT);
    expect(findings.map(({ fingerprint }) => fingerprint)).toContain('san pki/apiserver.crt:2');
  });
});

describe('a former audit', () => {
  const REPORT = { schema: 'k8s-pki/verify/v1', directories: ['/srv/a/pki', '/srv/a'], findings: [] };
  const parsed = (change: object) => parseFormerAudit(JSON.stringify({ ...REPORT, ...change }));

  test('is what verify writes, with whatever else a later release says', () => {
    const findings = [{ fingerprint: 'a b:1', code: 'a', more: {} }];
    expect(parsed({ findings, more: 1 })).toEqual({ value: { directories: REPORT.directories, findings } });
  });

  test.each([
    ['', 'must be a report in JSON'],
    ['[]', 'must be a report in JSON'],
    ['{}', 'must be of the form k8s-pki/verify/v1, found none'],
    ['{"schema":"k8s-pki/verify/v2"}', 'must be of the form k8s-pki/verify/v1, found k8s-pki/verify/v2'],
    ['{"schema":"k8s-pki/init/v1"}', 'must be of the form k8s-pki/verify/v1, found k8s-pki/init/v1'],
    ['{"schema":"k8s-pki/verify/v1"}', 'must have directories, and findings with their fingerprints'],
  ])('is nothing else: %s', (text, rule) => {
    expect(parseFormerAudit(text)).toMatchObject({ rule });
  });

  test.each([{ findings: [{}] }, { findings: {} }, { directories: [1] }])('is whole: %j', (change) => {
    expect(parsed(change)).toMatchObject({ rule: expect.stringMatching(/fingerprints/) });
  });

  test('may have lain elsewhere, but in the same way', () => {
    const former = { directories: ['/srv/a/pki', '/srv/a'], findings: [] };
    expect(breachOfLayout(former, ['/mnt/b/pki', '/mnt/b'])).toBeUndefined();
    expect(breachOfLayout(former, ['/mnt/b'])).toMatchObject({ hint: 'it is of /srv/a/pki and /srv/a' });
    expect(breachOfLayout(former, ['/mnt/b/pki', '/mnt/conf'])).toHaveProperty('rule');
  });
});
