import type { AuditFinding, Finding } from '../finding.ts';
import { printable } from './columns.ts';

/** A finding as one line and its details below it; `pathOf` turns its logical path into the one on disk. */
export function findingLines(
  finding: Finding & Pick<AuditFinding, 'waiver'>,
  pathOf: (logicalPath: string) => string,
): readonly string[] {
  const { severity, code, message, expected, found, remedy, waiver } = finding;
  return [
    `${waiver === undefined ? '' : 'waived '}${severity}: ${pathOf(finding.path)}: ${message} [${code}]`,
    ...(expected === undefined ? [] : [`  expected: ${expected}`]),
    ...(found === undefined ? [] : [`  found:    ${found}`]),
    ...(waiver === undefined ? [] : [`  waived:   until ${waiver.until}: ${waiver.reason}`]),
    ...(remedy === undefined || severity === 'notice' || waiver !== undefined
      ? []
      : [`  remedy:   ${remedy}`]),
  ].map(printable);
}
