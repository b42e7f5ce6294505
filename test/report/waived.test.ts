import { beforeAll, describe, expect, test } from '@jest/globals';
import { SEVERITIES } from '../../src/finding.ts';
import { verifyHtml } from '../../src/report/html.ts';
import { verifyJunit } from '../../src/report/junit.ts';
import { verifyMarkdown } from '../../src/report/markdown.ts';
import { verifySarif } from '../../src/report/sarif.ts';
import { type VerifyReport, verifyJson, verifyText } from '../../src/report/verify.ts';
import { filesOf, HOSTILE, hostileReport, reportOn } from './audited.ts';

const REASON = 'SEC-12, by the owners';
const UNTIL = '2027-06-30';

/** A stray key and half a pair that are waived, two strays that were known, and one that is left out. */
async function selected(): Promise<VerifyReport> {
  const strays = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [`pki/${name}.key`, '']));
  return reportOn(await filesOf({ ...strays, 'pki/apiserver.crt': undefined }), {
    selection: {
      waivers: [
        { code: 'file-unknown', subject: 'pki/a.key', reason: REASON, until: UNTIL },
        { code: 'half-pair', subject: 'apiserver', reason: REASON, until: UNTIL },
      ],
      baseline: ['b', 'c', 'gone'].map((name) => ({ fingerprint: `file-unknown pki/${name}.key:1` })),
      skip: /\/d\.key/,
    },
  });
}

let report: VerifyReport;
beforeAll(async () => {
  report = await selected();
});

describe('what is waived is shown with its reason and its end, and does not count', () => {
  test('in text', () => {
    const lines = verifyText(report);
    expect(lines).toContain(
      'waived error: /srv/k8s/pki/apiserver.key: is there without its certificate [half-pair]',
    );
    expect(lines).toContain(`  waived:   until ${UNTIL}: ${REASON}`);
    expect(lines.join('\n')).not.toMatch(/^error/m);
    expect(lines.slice(-3)).toEqual([
      '1 finding left out by --focus or --skip',
      '2 findings known from the baseline, 1 gone since',
      '2 waived',
    ]);
  });

  test('in JSON', () => {
    const waiver = { reason: REASON, until: UNTIL };
    expect(verifyJson(report)).toMatchObject({
      counts: { error: 0, warning: 0, notice: 0 },
      waived: 2,
      leftOut: 1,
      baseline: { known: 2, gone: 1 },
      findings: [
        { code: 'half-pair', fingerprint: 'half-pair pki/apiserver.key:1', waiver },
        { code: 'file-unknown', waiver },
      ],
    });
  });

  test('in JUnit', () => {
    const xml = verifyJunit(report, SEVERITIES).join('\n');
    expect(xml).toContain('failures="0" errors="0" skipped="2"');
    const skipped = new RegExp(`<skipped message="waived until ${UNTIL}: ${REASON}"/>`, 'g');
    expect(xml.match(skipped)).toHaveLength(2);
    expect(xml).toContain('<property name="not shown" value="1 finding left out by --focus or --skip"/>');
    expect(xml).toContain('<property name="host" value="control-plane, as what is there shows"/>');
    const partial = verifyJunit({ ...report, isPartial: true }, SEVERITIES).join('\n');
    expect(partial).toContain(
      '<property name="host" value="control-plane, unless what is lost says otherwise"/>',
    );
  });

  test('in JUnit, where it would not fail, beside what passes', () => {
    const xml = verifyJunit(report, ['error']).join('\n');
    expect(xml).toContain('failures="0" errors="0" skipped="1"');
    expect(xml).toContain('waived notice: /srv/k8s/pki/a.key: ');
  });

  test('in Markdown', () => {
    const lines = verifyMarkdown(report);
    expect(lines).toContain(
      `| error | /srv/k8s/pki/apiserver.key | is there without its certificate | ${UNTIL} | ${REASON} | half-pair |`,
    );
    expect(lines).toContain('1 finding left out by --focus or --skip.');
    expect(lines).not.toContain('## Findings');
  });

  test('in HTML', async () => {
    const page = (await verifyHtml(report)).join('\n');
    expect(page).toContain('Nothing that counts was found.');
    expect(page).toContain('<span class="quiet">2 waived</span>');
    expect(page).toContain(`<dt>waived</dt><dd>until ${UNTIL}: ${REASON}</dd>`);
    expect(page).toContain('2 findings known from the baseline, 1 gone since');
    expect(page).not.toMatch(/<form|<script|data-severity/);
  });

  test('in SARIF', () => {
    const log = JSON.parse(JSON.stringify(verifySarif(report)));
    const { properties, results } = log.runs[0];
    expect(properties).toMatchObject({
      role: 'control-plane',
      leftOut: 1,
      baseline: { known: 2, gone: 1 },
    });
    for (const { suppressions } of results)
      expect(suppressions).toEqual([
        { kind: 'external', status: 'accepted', justification: REASON, properties: { until: UNTIL } },
      ]);
    expect(results).toHaveLength(2);
  });
});

test('a reason is not taken for anything else', async () => {
  const reason = `${HOSTILE.organization} ${HOSTILE.file} | <b>`;
  const waivers = [{ code: 'file-unknown', subject: HOSTILE.file, reason, until: UNTIL }];
  const hostile = await hostileReport({ waivers });
  expect(hostile.verification.findings.filter(({ waiver }) => waiver !== undefined)).toHaveLength(1);
  const page = (await verifyHtml(hostile)).join('\n');
  const xml = verifyJunit(hostile, SEVERITIES).join('\n');
  expect(page).not.toMatch(/<(?:img|svg onload)/);
  expect(xml).not.toMatch(/<(?:img|svg|b>)|\uffff/);
  for (const text of [page, xml, verifyText(hostile).join('\n')])
    for (const control of ['\u001b', '\u202e']) expect(text).not.toContain(control);
  const [row = ''] = verifyMarkdown(hostile).filter((line) => line.includes(UNTIL));
  // Whatever the reason holds, the row has the cells of its table.
  expect([...row.matchAll(/\|((?:\\.|[^|\\])*)(?=\|)/g)]).toHaveLength(6);
});
