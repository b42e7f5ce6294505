import { describe, expect, test } from '@jest/globals';
import { verifyMarkdown } from '../../src/report/markdown.ts';
import { filesOf, hostileReport, NOW, reportOn } from './audited.ts';

/** The cells of a row as GitHub Flavored Markdown divides it: a backslash takes the sign after it along (4.10). */
const cellsOf = (row: string): readonly string[] =>
  [...row.matchAll(/\|((?:\\.|[^|\\])*)(?=\|)/g)].map(([, cell = '']) => cell.trim());

const rowsOf = (lines: readonly string[], title: string): readonly (readonly string[])[] => {
  const start = lines.indexOf(`## ${title}`) + 4;
  return lines
    .slice(
      start,
      lines.findIndex((line, index) => index > start && line === ''),
    )
    .map(cellsOf);
};

describe('the report in Markdown', () => {
  test('sums up, and leaves out what there is nothing of', async () => {
    const lines = verifyMarkdown(await reportOn(await filesOf()));
    expect(lines.slice(0, 3)).toEqual([
      '# PKI of /srv/k8s/pki and /srv/k8s',
      '',
      '**no findings**, held against profile requirements, Kubernetes v1.37, as of 2026-11-23. Host: control-plane, as what is there shows.',
    ]);
    expect(lines.filter((line) => line.startsWith('## '))).toEqual([
      '## Taken from the files',
      '## Who holds power',
      '## What ends when',
    ]);
    expect(rowsOf(lines, 'Who holds power')).toContainEqual([
      '/srv/k8s/admin.conf',
      '`O=system:masters, CN=kubernetes-admin`',
      '2027-11-23',
    ]);
    expect(lines).toContain('| ca | 2036-11-20 | in 3650 days | /srv/k8s/pki/ca.crt |');
  });

  test('has the worst findings first, and what ends first before the rest', async () => {
    const files = await filesOf({ 'pki/sa.pub': '', 'pki/old.key': '' });
    const lines = verifyMarkdown(await reportOn(files, { at: new Date('2027-11-10T12:00:00Z') }));
    const severities = rowsOf(lines, 'Findings').map(([severity]) => severity);
    expect(severities[0]).toBe('error');
    expect(severities.at(-1)).toBe('notice');
    expect(lines).toContain('| apiserver | 2027-11-23 | in 13 days | /srv/k8s/pki/apiserver.crt |');
  });

  test.each([
    [-3, '3 days ago'],
    [-0.5, 'less than a day ago'],
    [0.5, 'in less than a day'],
    [1.5, 'in 1 day'],
  ])('%s days before the end says: %s', async (days, says) => {
    const { verification } = await reportOn(await filesOf());
    const end = verification.evidence.get('apiserver')?.certificates[0]?.notAfter ?? NOW;
    const at = new Date(end.getTime() - days * 86_400_000);
    expect(verifyMarkdown(await reportOn(await filesOf(), { at }))).toContain(
      `| apiserver | 2027-11-23 | ${says} | /srv/k8s/pki/apiserver.crt |`,
    );
  });

  test('is not made to say something else by what a certificate or a path says', async () => {
    const lines = verifyMarkdown(await hostileReport());
    const rows = rowsOf(lines, 'Findings');
    expect(new Set(rows.map(({ length }) => length))).toEqual(new Set([7]));
    for (const cell of [...rows.flat(), ...rowsOf(lines, 'Who holds power').flat()]) {
      // What is not plain stands in one code span: nothing in it ends that.
      const [, fence, inside = ''] = /^(`+)(.*)\1$/.exec(cell) ?? [];
      if (fence === undefined) expect(cell).toMatch(/^[A-Za-z0-9 ,.;:()'/%–-]*$/);
      else expect(inside.match(/`+/g) ?? []).not.toContain(fence);
    }
    expect(lines.join('')).not.toMatch(/\p{Cc}/u);
  });
});
