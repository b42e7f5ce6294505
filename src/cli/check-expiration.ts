import { resolve } from 'node:path';
import type { Arguments } from 'yargs';
import { PkiError, type SpecIssue } from '../errors.ts';
import { type Expiration, expirationsIn } from '../expiration.ts';
import {
  type ExpirationReport,
  expirationJson,
  expirationMessages,
  expirationText,
  expirationYaml,
  isToBeSeenTo,
  severityOf,
} from '../report/expiration.ts';
import { guessLines } from '../report/guess.ts';
import { isNoFile } from '../present.ts';
import { guessOf } from '../reading.ts';
import { HOST_ROLES } from '../table/row.ts';
import { askedOptionsOf } from './config.ts';
import { readBeside, readKubeconfigs } from './further-files.ts';
import { stopping } from './interrupt.ts';
import { readSource } from '../library/source.ts';
import { type Consulted, writeOutput } from './output-file.ts';
import { EXIT, isColoured, isUnicode, painted, printData, printMessages } from './terminal.ts';
import { timesOf } from './times.ts';
import { textOf } from './words.ts';

/** What everybody may read: it is there for monitoring, and holds no secret. */
const OUTPUT_MODE = 0o644;

/** What says otherwise than the files seem to. */
const OTHERWISE = { role: '--role control-plane', etcd: '--external-etcd=false' };

interface Drawing {
  readonly isTimeline: boolean;
  readonly paint: (line: string, expiration: Expiration) => string;
}

type Form = (report: ExpirationReport, drawing: Drawing) => readonly string[] | Promise<readonly string[]>;

const FORMS: Readonly<Record<string, Form>> = {
  text: async (report, { isTimeline, paint }) => {
    const tables = expirationText(report, paint);
    if (!isTimeline) return tables;
    const { timelineText } = await import('../report/timeline.ts');
    return [...tables, '', ...timelineText(report, { isUnicode: isUnicode(), paint })];
  },
  // Indented as kubeadm does.
  json: (report) => [JSON.stringify(expirationJson(report), null, 4)],
  yaml: expirationYaml,
  prometheus: async (report) => (await import('../report/prometheus.ts')).expirationPrometheus(report),
};

function assertDrawable(parsed: Arguments): void {
  if (parsed['timeline'] !== true || parsed['output'] === 'text') return;
  const issue: SpecIssue = { option: 'timeline', rule: 'must not be given with --output other than text' };
  throw new PkiError('ERR_CONFIG', `--timeline: ${issue.rule}`, { detail: { issues: [issue] } });
}

async function reportOf(
  parsed: Arguments,
): Promise<{ readonly report: ExpirationReport; readonly consulted: Consulted }> {
  const times = await timesOf(parsed);
  const dir = textOf(parsed, 'dir');
  const {
    options: { certDir, kubeconfigDir, rootCaDir, ...asked },
    isOfControlPlane,
  } = await askedOptionsOf(parsed, {
    isAnyHost: true,
    isElsewhere: dir !== undefined,
    withoutDirectories: true,
  });
  const { profile, kubernetesVersion } = asked;
  // A configuration that says nothing of another etcd says that there is one here.
  const isSaid = textOf(parsed, 'config') !== undefined;
  const externalEtcd = asked.externalEtcd ?? (isSaid ? false : undefined);
  const options = { profile, kubernetesVersion, externalEtcd };
  const source = await readSource(dir, {
    certDir,
    kubeconfigDir,
    rootCaDir,
    secretsOf: textOf(parsed, 'secrets-of'),
    signal: stopping.signal,
    followsLinks: parsed['follow-links'] === true,
  });
  printMessages(source.notices.map((text) => `notice: ${text}`));
  const isAll = parsed['all'] === true;
  const given: unknown = parsed['kubeconfig-file'] ?? [];
  const further = (Array.isArray(given) ? given : [given]).map((path) => resolve(String(path)));
  const files = [
    ...source.files,
    ...(isAll ? await readBeside(source) : []),
    ...(await readKubeconfigs([...new Set(further)])),
  ];
  const said = isOfControlPlane ? 'control-plane' : undefined;
  const role = HOST_ROLES.find((each) => each === parsed['role']) ?? said;
  const guess = guessOf({ files: source.files, options, role });
  // Of Secrets no more is missed than they should hold.
  if (source.expected === undefined) printMessages(guessLines(guess, OTHERWISE));
  const expirations = await expirationsIn({
    files,
    readFrom: source.readFrom,
    expected: source.expected,
    options,
    role,
    isAll,
    further,
    at: times.at,
  });
  const { pathOf, readFrom } = source;
  return {
    report: { ...times, expirations, pathOf },
    consulted: {
      directories: readFrom,
      files: [...further, ...files.map(({ path }) => pathOf(path))],
    },
  };
}

/**
 * As kubeadm ends: with 1 where there is no CA or something cannot be read, which keeps it from showing anything at all
 * (kubeadm.md 4.1). With `--exit-code` also for whatever else is to be looked at.
 */
function exitCodeOf(report: ExpirationReport, isAsked: boolean): number {
  const isFailed = report.expirations.some((expiration) => {
    const { certificate, isAuthority, obstacle } = expiration;
    if (isAsked) return isToBeSeenTo(expiration, report);
    const isUnread = obstacle !== undefined && !isNoFile(obstacle);
    return certificate === undefined && (isAuthority || isUnread);
  });
  return isFailed ? EXIT.findings : EXIT.done;
}

/** `k8s-pki certs check-expiration`. */
export async function runCheckExpiration(parsed: Arguments): Promise<number> {
  assertDrawable(parsed);
  const { report, consulted } = await reportOf(parsed);
  const file = textOf(parsed, 'output-file');
  const hasColour = file === undefined && isColoured(process.stdout);
  const paint = (line: string, expiration: Expiration): string => {
    const severity = hasColour ? severityOf(expiration, report) : undefined;
    return severity === undefined ? line : painted(line, severity);
  };
  const isTimeline = parsed['timeline'] === true;
  const lines = (await FORMS[String(parsed['output'])]?.(report, { isTimeline, paint })) ?? [];
  if (file === undefined) printData(lines);
  else await writeOutput(parsed, { ...consulted, lines, mode: OUTPUT_MODE });
  printMessages(expirationMessages(report));
  return exitCodeOf(report, parsed['exit-code'] === true);
}
