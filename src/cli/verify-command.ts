import type { Arguments } from 'yargs';
import { parseDuration } from '../cluster/durations.ts';
import type { SpecIssue } from '../errors.ts';
import { SEVERITIES, type Severity } from '../finding.ts';
import { type VerifyReport, verifyJson, verifyText } from '../report/verify.ts';
import type { Audited } from '../verify.ts';
import { audit } from './audit.ts';
import { liveOptionsOf } from './live-options.ts';
import { allSound, assertNoIssues } from './issues.ts';
import { rulesOf } from './rules.ts';
import { selectionOf } from './selection.ts';
import { EXIT, printData } from './terminal.ts';
import { textOf } from './words.ts';

async function timesOf(
  parsed: Arguments,
): Promise<{ readonly at: Date; readonly warnWithinSeconds: number }> {
  const issues: SpecIssue[] = [];
  const text = textOf(parsed, 'at');
  // A date alone is midnight in UTC; a time without a zone would be local, and is refused.
  const isTime =
    text === undefined || /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))?$/.test(text);
  const at = text === undefined ? new Date() : new Date(text);
  if (text !== undefined && (!isTime || Number.isNaN(at.getTime()))) {
    issues.push({
      option: 'at',
      value: text,
      rule: 'must be a date or a time with its zone (RFC 3339)',
      hint: 'for example 2027-01-01 or 2027-01-01T12:00:00Z',
    });
  }
  const period = textOf(parsed, 'warn-within') ?? '0';
  const within = parseDuration(period);
  if ('rule' in within) issues.push({ option: 'warn-within', value: period, ...within });
  assertNoIssues(issues);
  return { at, warnWithinSeconds: 'value' in within ? within.value : 0 };
}

/** The severities that are as bad as the threshold, or worse; none is where that is `never`. */
function severitiesFrom(threshold: unknown): readonly Severity[] {
  return SEVERITIES.slice(0, SEVERITIES.findIndex((severity) => severity === threshold) + 1);
}

type Form = (
  report: VerifyReport,
  failing: readonly Severity[],
) => readonly string[] | Promise<readonly string[]>;

const json = (value: object): readonly string[] => [JSON.stringify(value, null, 2)];

// The forms that are not for every day are loaded by whoever asks for them.
const FORMS: Readonly<Record<string, Form>> = {
  text: verifyText,
  json: (report) => json(verifyJson(report)),
  sarif: async (report) => json((await import('../report/sarif.ts')).verifySarif(report)),
  junit: async (report, failing) => (await import('../report/junit.ts')).verifyJunit(report, failing),
  markdown: async (report) => (await import('../report/markdown.ts')).verifyMarkdown(report),
  html: async (report) => (await import('../report/html.ts')).verifyHtml(report),
};

/** `k8s-pki verify`. */
export async function runVerify(parsed: Arguments, signal: AbortSignal): Promise<number> {
  const [times, rules, selection, live] = await allSound([
    timesOf(parsed),
    rulesOf(parsed),
    selectionOf(parsed),
    liveOptionsOf(parsed),
  ]);
  const readServed =
    live === undefined
      ? undefined
      : async (audited: Audited) => (await import('./live.ts')).readListeners(audited, live, signal);
  const cis = textOf(parsed, 'cis');
  const report = await audit(parsed, { ...times, ...rules, ...selection, cis, readServed });
  const failing = severitiesFrom(parsed['fail-on']);
  printData((await FORMS[String(parsed['output'])]?.(report, failing)) ?? []);
  const isFailed = report.verification.findings.some(
    ({ severity, waiver }) => waiver === undefined && failing.includes(severity),
  );
  return isFailed ? EXIT.findings : EXIT.done;
}
