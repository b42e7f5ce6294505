import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { SEVERITIES, type Severity } from '../../src/finding.ts';
import { verifyJunit } from '../../src/report/junit.ts';
import type { VerifyReport } from '../../src/report/verify.ts';
import { isOnPath, oracle } from '../support/oracles.ts';
import { filesOf, HOSTILE, hostileReport, reportOn } from './audited.ts';

const xml = (report: VerifyReport, failing: readonly Severity[] = ['error']): string =>
  verifyJunit(report, failing).join('\n');
const countOf = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

/** What a parser of XML makes of an XPath expression over a document. */
function xpath(document: string, expression: string): string {
  const { status, stdout, stderr } = spawnSync('xmllint', ['--nonet', '--xpath', expression, '-'], {
    input: document,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.trimEnd();
}

describe('the report as JUnit', () => {
  test('has a test case for each row, all passed where nothing was found', async () => {
    const report = await reportOn(await filesOf());
    const text = xml(report);
    expect(countOf(text, /<testcase /g)).toBe(report.verification.evidence.size);
    expect(text).not.toMatch(/<(?:failure|system-out|skipped)/);
    expect(text).toContain('<testcase classname="ca" name="etcd-ca" file="/srv/k8s/pki/etcd/ca.crt">');
  });

  test('passes over what is allowed to be away', async () => {
    const text = xml(await reportOn((await filesOf()).filter(({ path }) => !path.endsWith('.conf'))));
    expect(text).toContain('failures="0" errors="0" skipped="4"');
    expect(countOf(text, /<skipped /g)).toBe(4);
  });

  test('has one for each file that belongs to nothing', async () => {
    const text = xml(await reportOn(await filesOf({ 'pki/old.key': '' })));
    expect(text).toMatch(
      /<testcase classname="file" name="\/srv\/k8s\/pki\/old\.key" [^>]*>\n\s+<system-out>notice: /,
    );
  });

  test('fails what was found of the severities that fail', async () => {
    const report = await reportOn(await filesOf({ 'pki/old.key': '', 'pki/apiserver.crt': undefined }));
    expect(xml(report, [])).toContain('failures="0"');
    expect(countOf(xml(report), /<failure /g)).toBe(1);
    const all = xml(report, SEVERITIES);
    expect(countOf(all, /<failure /g)).toBe(2);
    expect(all).toContain('tests="16" failures="2"');
  });
});

oracle(
  'xmllint',
  isOnPath('xmllint'),
  'xmllint is not on the PATH',
)('the report as JUnit', () => {
  test('is well formed whatever a certificate or a path says, and says the same', async () => {
    const document = xml(await hostileReport(), SEVERITIES);
    const { commonName, directory, file } = HOSTILE;
    const cn = xpath(document, 'string(//testcase[@name="front-proxy-client"]/failure)');
    expect(cn).toContain(`found:    ${commonName}`);
    expect(cn).toMatch(/\\u0007\\u001b\[31m\\u202e\uFFFD/);
    expect(xpath(document, 'string(//testcase[@classname="file"]/@name)')).toBe(`${directory}/${file}`);
    expect(xpath(document, 'string(/testsuites/testsuite/@name)')).toBe(`${directory}/pki and ${directory}`);
  });

  test('counts what it holds', async () => {
    const document = xml(await hostileReport());
    for (const [attribute, element] of [
      ['tests', '//testcase'],
      ['failures', '//failure'],
      ['skipped', '//skipped'],
    ]) {
      const counted = xpath(document, `count(${element})`);
      expect(xpath(document, `string(/testsuites/@${attribute})`)).toBe(counted);
      expect(xpath(document, `string(/testsuites/testsuite/@${attribute})`)).toBe(counted);
    }
    expect(xpath(document, 'string(//failure/@message)')).toMatch(
      /^the private key beside it is not .*, and \d+ more$/,
    );
  });
});
