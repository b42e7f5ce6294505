import type { Finding } from '../finding.ts';
import { printable } from './columns.ts';

/** A finding as one line and its details below it; `pathOf` turns its logical path into the one on disk. */
export function findingLines(finding: Finding, pathOf: (logicalPath: string) => string): readonly string[] {
  const { severity, code, message, expected, found, remedy } = finding;
  return [
    `${severity}: ${pathOf(finding.path)}: ${message} [${code}]`,
    ...(expected === undefined ? [] : [`  expected: ${expected}`]),
    ...(found === undefined ? [] : [`  found:    ${found}`]),
    ...(remedy === undefined || severity === 'notice' ? [] : [`  remedy:   ${remedy}`]),
  ].map(printable);
}
