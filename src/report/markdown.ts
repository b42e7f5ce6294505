import { SEVERITIES } from '../finding.ts';
import { printable } from './columns.ts';
import { byExpiry, leftText } from './expiry.ts';
import { markdownTable } from './table.ts';
import {
  endOf,
  findingsOf,
  holderText,
  hostText,
  inferredRows,
  remarksOf,
  rulingText,
  summaryOf,
  type VerifyReport,
  waivedOf,
} from './verify.ts';

// What no flavour of Markdown takes for anything but text in the middle of a line.
const PLAIN = /^[A-Za-z0-9 ,.;:()'/%-]*$/;

/**
 * A text out of a certificate or a path: as code where a sign in it could mean something, such as the mention of a person.
 * In a table a backslash would take the next bar's own away (GitHub Flavored Markdown, 4.10).
 */
function inline(text: string): string {
  if (PLAIN.test(text)) return text;
  const shown = printable(text).replaceAll(/(?<=\\)\|/g, '\\u007c');
  const fence = '`'.repeat(Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length)) + 1);
  const pad = /^`|`$|^ .* $/.test(shown) ? ' ' : '';
  return `${fence}${pad}${shown}${pad}${fence}`;
}

function section(
  title: string,
  headers: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  return rows.length === 0 ? [] : ['', `## ${title}`, '', ...markdownTable(headers, rows)];
}

/** The report for issues and wikis: what was found, who holds power, what ends when. */
export function verifyMarkdown(report: VerifyReport): readonly string[] {
  const { verification, directories, at, pathOf } = report;
  return [
    `# PKI of ${directories.map(inline).join(' and ')}`,
    '',
    `**${summaryOf(verification)}**, held against ${rulingText(report)}, as of ${at.toISOString().slice(0, 10)}. Host: ${hostText(report)}.`,
    ...remarksOf(verification).flatMap((remark) => ['', `${remark}.`]),
    ...section(
      'Findings',
      ['severity', 'file', 'finding', 'expected', 'found', 'remedy', 'code'],
      SEVERITIES.flatMap((severity) => findingsOf(verification, severity)).map((finding) =>
        [
          finding.severity,
          pathOf(finding.path),
          finding.message,
          finding.expected ?? '',
          finding.found ?? '',
          finding.remedy ?? '',
          finding.code,
        ].map(inline),
      ),
    ),
    ...section(
      'Waived',
      ['severity', 'file', 'finding', 'until', 'reason', 'code'],
      waivedOf(verification).map((finding) =>
        [
          finding.severity,
          pathOf(finding.path),
          finding.message,
          finding.waiver?.until ?? '',
          finding.waiver?.reason ?? '',
          finding.code,
        ].map(inline),
      ),
    ),
    ...section(
      'Taken from the files',
      ['flag', 'value'],
      inferredRows(verification).map((row) => row.map(inline)),
    ),
    ...section(
      'Who holds power',
      ['credential', 'subject', 'ends'],
      verification.credentials.map((credential) =>
        [holderText(credential, pathOf), credential.subject, endOf(credential)].map(inline),
      ),
    ),
    ...section(
      'What ends when',
      ['name', 'ends', '', 'file'],
      byExpiry(verification.evidence).map(({ id, notAfter, path }) =>
        [id, notAfter.toISOString().slice(0, 10), leftText(notAfter, at), pathOf(path)].map(inline),
      ),
    ),
  ];
}
