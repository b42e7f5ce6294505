import { isPkiError, type PkiError, type SpecIssue } from '../errors.ts';
import { findingLines } from './findings.ts';
import { printable } from './columns.ts';

/** An issue of the request: what, where, which rule, what to do. */
export function issueLines(issue: SpecIssue, severity: 'error' | 'warning'): readonly string[] {
  const value = issue.value === undefined ? '' : ` ${JSON.stringify(issue.value)}`;
  const place = issue.line === undefined ? '' : `, line ${issue.line}, column ${issue.column}`;
  return [
    `${severity}: --${issue.option}${value}${place}: ${issue.rule}`,
    ...(issue.hint === undefined ? [] : [`  hint: ${issue.hint}`]),
  ].map(printable);
}

/** An error as it is shown to the operator, every problem on lines of its own. */
export function errorLines(error: PkiError, pathOf: (logicalPath: string) => string): readonly string[] {
  if (isPkiError(error, 'ERR_CONFIG'))
    return error.detail.issues.flatMap((issue) => issueLines(issue, 'error'));
  const findings =
    isPkiError(error, 'ERR_REFUSED') || isPkiError(error, 'ERR_SELF_CHECK') ? error.detail.findings : [];
  const wouldKeep = isPkiError(error, 'ERR_REFUSED') ? error.detail.wouldKeep : [];
  return [
    ...findings
      .filter((finding) => finding.severity === 'error')
      .flatMap((finding) => findingLines(finding, pathOf)),
    `error: ${printable(error.message)} [${error.code}]`,
    ...(error.hint === undefined ? [] : [`  hint: ${printable(error.hint)}`]),
    ...wouldKeep.map((request) => `  hint: ${printable(request)} would keep everything that is there`),
  ];
}

/** An error for programs: code, message, hint and the typed detail. */
export function errorJson(error: PkiError, pathOf: (logicalPath: string) => string): object {
  const detail = isPkiError(error, 'ERR_REFUSED')
    ? {
        ...error.detail,
        findings: error.detail.findings.map((finding) => ({ ...finding, path: pathOf(finding.path) })),
      }
    : error.detail;
  return {
    schema: 'k8s-pki/error/v1',
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    detail,
  };
}
