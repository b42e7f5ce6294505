import type { Arguments } from 'yargs';
import { SEVERITIES, type Severity } from '../finding.ts';
import { type VerifyReport, verifyJson, verifyText } from '../report/verify.ts';
import type { Audited } from '../verify.ts';
import { audit } from './audit.ts';
import { liveOptionsOf } from './live-options.ts';
import { allSound } from './issues.ts';
import { rulesOf } from './rules.ts';
import { selectionOf } from './selection.ts';
import { EXIT, printData } from './terminal.ts';
import { timesOf } from './times.ts';
import { textOf } from './words.ts';

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
