import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { CATALOGUE } from '../../src/catalogue.ts';
import { verifySarif } from '../../src/report/sarif.ts';
import type { VerifyReport } from '../../src/report/verify.ts';
import { filesOf, hostileReport, NOW, reportOn } from './audited.ts';

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
const validate = ajv.compile(JSON.parse(readFileSync('fixtures/sarif/sarif-2.1.0.schema.json', 'utf8')));

interface Result {
  readonly ruleId: string;
  readonly level: string;
  readonly message: { readonly text: string };
  readonly locations: readonly [
    {
      readonly physicalLocation: {
        readonly artifactLocation: { readonly uri: string; readonly uriBaseId: string };
      };
    },
  ];
  readonly suppressions?: readonly object[];
  readonly partialFingerprints: { readonly primaryLocationLineHash: string };
}

interface Run {
  readonly tool: { readonly driver: { readonly rules: readonly Record<string, unknown>[] } };
  readonly originalUriBaseIds: Readonly<Record<string, { readonly uri: string }>>;
  readonly results: readonly Result[];
}

/** The run of a report as a program reads it that was given the JSON; it is valid. */
function runOf(report: VerifyReport): Run {
  const log = JSON.parse(JSON.stringify(verifySarif(report)));
  validate(log);
  expect(validate.errors).toBeNull();
  return log.runs[0];
}

const damaged = async (now = NOW): Promise<VerifyReport> =>
  reportOn(
    await filesOf(
      { 'pki/apiserver.crt': undefined, 'pki/ca.crt': 'x', 'pki/sa.pub': '', 'a b.key': '' },
      { now },
    ),
    { at: now },
  );

const placeOf = ({ locations: [{ physicalLocation }] }: Result, { originalUriBaseIds }: Run): string => {
  const { uri, uriBaseId } = physicalLocation.artifactLocation;
  return decodeURIComponent(new URL(uri, originalUriBaseIds[uriBaseId]?.uri).pathname);
};

describe('the report in SARIF', () => {
  test('is valid, and has a rule for everything that is looked at', async () => {
    const run = runOf(await reportOn(await filesOf()));
    expect(run.results).toEqual([]);
    const ids = run.tool.driver.rules.map(({ id }) => id);
    expect(ids).toEqual(CATALOGUE.filter(({ only }) => only !== 'plan').map(({ code }) => code));
  });

  test('has rules that docs/findings.md explains', async () => {
    const headings = [...readFileSync('docs/findings.md', 'utf8').matchAll(/^## (.*)$/gm)].map(
      ([, code]) => code,
    );
    const { rules } = runOf(await reportOn(await filesOf())).tool.driver;
    expect(rules.filter(({ id }) => !headings.includes(String(id)))).toEqual([]);
  });

  test('has a result for each finding, at the file that it is about', async () => {
    for (const report of [await damaged(), await hostileReport()]) {
      const run = runOf(report);
      const { findings } = report.verification;
      expect(findings.length).toBeGreaterThan(2);
      expect(run.results.map((result) => placeOf(result, run))).toEqual(
        findings.map(({ path }) => report.pathOf(path)),
      );
      expect(run.results.map(({ ruleId, level }) => [ruleId, level])).toEqual(
        findings.map(({ code, severity }) => [code, severity === 'notice' ? 'note' : severity]),
      );
      const ids = run.tool.driver.rules.map(({ id }) => id);
      for (const { ruleId } of run.results) expect(ids).toContain(ruleId);
    }
  });

  test('names files relative to the directory that was audited, or to each of those that lie apart', async () => {
    const report = await damaged();
    const uris = ({ results }: Run) =>
      results.map(({ locations }) => locations[0].physicalLocation.artifactLocation);
    expect(uris(runOf(report))).toContainEqual({ uri: 'pki/sa.pub', uriBaseId: 'AUDITED' });
    const apart = runOf({
      ...report,
      directories: ['/etc/pki', '/srv'],
      pathOf: (path) => (path.startsWith('pki/') ? `/etc/${path}` : `/srv/${path}`),
    });
    expect(apart.originalUriBaseIds).toEqual({
      AUDITED: { uri: 'file:///etc/pki/' },
      AUDITED2: { uri: 'file:///srv/' },
    });
    expect(uris(apart)).toContainEqual({ uri: 'sa.pub', uriBaseId: 'AUDITED' });
    expect(uris(apart)).toContainEqual({ uri: 'a%20b.key', uriBaseId: 'AUDITED2' });
  });

  test('names a directory that was audited itself', async () => {
    const report = await damaged();
    const finding = {
      code: 'directory-writable',
      severity: 'error',
      path: 'pki/',
      message: 'is open',
      fingerprint: 'directory-writable pki/:1',
    } as const;
    const run = runOf({
      ...report,
      verification: { ...report.verification, findings: [finding] },
      directories: ['/srv/pki'],
      pathOf: (path) => `/srv/${path}`.replace(/\/$/, ''),
    });
    expect(run.results[0]?.locations[0].physicalLocation.artifactLocation).toEqual({
      uri: '.',
      uriBaseId: 'AUDITED',
    });
  });

  test('knows a finding again in a PKI that was made anew, and no two for the same', async () => {
    const fingerprints = (report: VerifyReport): readonly string[] =>
      runOf(report).results.map(({ partialFingerprints }) => partialFingerprints.primaryLocationLineHash);
    const [one, other] = [fingerprints(await damaged()), fingerprints(await damaged(new Date('2027-03-01')))];
    expect(other).toEqual(one);
    expect(new Set(one).size).toBe(one.length);
  });

  test('says of each result whether it is suppressed, where one is', async () => {
    const files = await filesOf({ 'pki/sa.pub': '', 'a b.key': '' });
    const waivers = [{ code: 'file-unknown', subject: 'a b.key', reason: 'a', until: '2027-01-01' }];
    const run = runOf(await reportOn(files, { selection: { waivers } }));
    expect(run.results.map(({ suppressions }) => suppressions?.length)).toEqual([0, 0, 1]);
    const others = runOf(await reportOn(files)).results;
    expect(others.map((result) => 'suppressions' in result)).toEqual([false, false, false]);
  });

  // docs.github.com, "SARIF support for code scanning": an empty text stands for none.
  test('has all that code scanning asks for', async () => {
    const { results, tool } = runOf(await damaged());
    for (const rule of tool.driver.rules) {
      expect(rule).toMatchObject({
        id: expect.stringMatching(/./),
        shortDescription: { text: expect.stringMatching(/./) },
        fullDescription: { text: expect.stringMatching(/./) },
        help: { text: expect.stringMatching(/Remedy: ./), markdown: expect.stringMatching(/./) },
        defaultConfiguration: { level: expect.stringMatching(/^(error|warning|note)$/) },
      });
    }
    for (const result of results) {
      expect(result.message.text).toMatch(/^\S+( \S+)+$/);
      expect(result.locations[0].physicalLocation).toHaveProperty('region.startLine', 1);
    }
  });
});
