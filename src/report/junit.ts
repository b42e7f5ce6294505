import type { RowEvidence } from '../checks/evidence.ts';
import { timeText } from '../checks/time.ts';
import type { AuditFinding, Severity } from '../finding.ts';
import { findingLines } from './findings.ts';
import { type Markup, markup } from './markup.ts';
import { hostText, remarksOf, rulingText, type VerifyReport } from './verify.ts';

/** What a test case stands for: a row of the table, or a file that belongs to none. */
interface Case {
  readonly group: string;
  readonly name: string;
  readonly path: string;
  readonly findings: readonly AuditFinding[];
  readonly isAbsent: boolean;
}

function casesOf({ verification: { evidence, findings }, pathOf }: VerifyReport): readonly Case[] {
  const ofRow = ({ desired, files }: RowEvidence): Case => {
    const own = findings.filter(({ row }) => row === desired.id);
    const path = pathOf(files[0]?.path ?? desired.files[0]?.path ?? '');
    return { group: desired.kind, name: desired.id, path, findings: own, isAbsent: files.length === 0 };
  };
  const strays = findings
    .filter(({ row }) => row === undefined)
    .map((finding) => {
      const path = pathOf(finding.path);
      return { group: 'file', name: path, path, findings: [finding], isAbsent: false };
    });
  return [...[...evidence.values()].map(ofRow), ...strays];
}

/** One element holds all that fails a case: programs that read JUnit's form look at the first alone. */
function failure([first, ...others]: readonly AuditFinding[], pathOf: VerifyReport['pathOf']): Markup {
  if (first === undefined) return markup``;
  const message = `${first.message}${others.length === 0 ? '' : `, and ${others.length} more`}`;
  return markup`
      <failure type="${first.code}" message="${message}">${textOf([first, ...others], pathOf)}</failure>`;
}

function textOf(findings: readonly AuditFinding[], pathOf: VerifyReport['pathOf']): readonly Markup[] {
  return findings.flatMap((finding) => findingLines(finding, pathOf)).map((line) => markup`${line}\n`);
}

/** Why a case does not count; undefined where it does. */
function reasonToSkip({ findings, isAbsent }: Case, failing: readonly Severity[]): string | undefined {
  const [waiver] = findings.flatMap((one) => (failing.includes(one.severity) ? (one.waiver ?? []) : []));
  if (waiver !== undefined) return `waived until ${waiver.until}: ${waiver.reason}`;
  return isAbsent ? 'nothing of it is there' : undefined;
}

function testCase(
  one: Case,
  failing: readonly Severity[],
  pathOf: VerifyReport['pathOf'],
): { readonly isFailed: boolean; readonly isSkipped: boolean; readonly element: Markup } {
  const { group, name, path, findings } = one;
  const isFailure = ({ severity, waiver }: AuditFinding): boolean =>
    waiver === undefined && failing.includes(severity);
  const failures = findings.filter(isFailure);
  const others = findings.filter((finding) => !isFailure(finding));
  const reason = failures.length === 0 ? reasonToSkip(one, failing) : undefined;
  const element = markup`
    <testcase classname="${group}" name="${name}" file="${path}">${
      reason === undefined ? failure(failures, pathOf) : markup`\n      <skipped message="${reason}"/>`
    }${others.length === 0 ? '' : markup`\n      <system-out>${textOf(others, pathOf)}</system-out>`}
    </testcase>`;
  return { isFailed: failures.length > 0, isSkipped: reason !== undefined, element };
}

/**
 * The report as JUnit's XML: a test case for each row of the table, and for each file that belongs to none.
 *
 * @param failing The severities that fail a case; what else was found is its output.
 */
export function verifyJunit(report: VerifyReport, failing: readonly Severity[]): readonly string[] {
  const cases = casesOf(report).map((one) => testCase(one, failing, report.pathOf));
  const name = report.directories.join(' and ');
  const failures = cases.filter(({ isFailed }) => isFailed).length;
  const skipped = cases.filter(({ isSkipped }) => isSkipped).length;
  const properties = [
    ['held against', rulingText(report)],
    ['host', hostText(report)],
    ...remarksOf(report.verification).map((remark) => ['not shown', remark]),
  ].map(([key = '', value = '']) => markup`\n      <property name="${key}" value="${value}"/>`);
  const { markup: document } = markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="k8s-pki verify" tests="${cases.length}" failures="${failures}" errors="0" skipped="${skipped}">
  <testsuite name="${name}" tests="${cases.length}" failures="${failures}" errors="0" skipped="${skipped}" timestamp="${timeText(report.at)}">
    <properties>${properties}
    </properties>${cases.map(({ element }) => element)}
  </testsuite>
</testsuites>`;
  return [document];
}
