import type { Credential } from '../checks/credentials.ts';
import type { Served } from '../checks/served.ts';
import { nameText } from '../checks/text.ts';
import { timeText } from '../checks/time.ts';
import { type OptionKey, OPTIONS } from '../cluster/options.ts';
import { type AuditFinding, SEVERITIES, type Severity } from '../finding.ts';
import { listenerText } from '../resolve/listeners.ts';
import { VERIFY_SCHEMA } from '../select/baseline.ts';
import type { Verification } from '../verify.ts';
import { columns, count, printable } from './columns.ts';
import { findingLines } from './findings.ts';

/** What a run of `verify` found; what every form of its report is made from. */
export interface VerifyReport {
  readonly verification: Verification;
  /** What was audited, the certificate directory first. */
  readonly directories: readonly string[];
  /** The moment that was asked about. */
  readonly at: Date;
  /** Whether the profile was asked for; otherwise it was found. */
  readonly isProfileGiven: boolean;
  /** Whether the kind of host was asked for; otherwise it was found. */
  readonly isRoleGiven: boolean;
  /** Whether some of the files are lost: then they do not tell the kind of host. */
  readonly isPartial?: boolean | undefined;
  /** The release of this program. */
  readonly version: string;
  readonly pathOf: (logicalPath: string) => string;
}

/** What was found of one severity and counts. */
export function findingsOf({ findings }: Verification, severity: Severity): readonly AuditFinding[] {
  return findings.filter((finding) => finding.severity === severity && finding.waiver === undefined);
}

/** What was found and is waived, the worst first. */
export function waivedOf({ findings }: Verification): readonly AuditFinding[] {
  return SEVERITIES.flatMap((severity) =>
    findings.filter((finding) => finding.severity === severity && finding.waiver !== undefined),
  );
}

/** What is not shown of what was found, a sentence each. */
export function remarksOf({ leftOut, baseline }: Verification): readonly string[] {
  return [
    ...(leftOut === 0 ? [] : [`${count(leftOut, 'finding')} left out by --focus or --skip`]),
    ...(baseline === undefined
      ? []
      : [`${count(baseline.known, 'finding')} known from the baseline, ${baseline.gone} gone since`]),
  ];
}

/** `2 errors, 1 warning, 3 waived`, or `no findings`. */
export function summaryOf(verification: Verification): string {
  const counts = SEVERITIES.map((severity) => [severity, findingsOf(verification, severity).length] as const)
    .filter(([, number]) => number > 0)
    .map(([severity, number]) => count(number, severity));
  const waived = waivedOf(verification).length;
  const all = waived === 0 ? counts : [...counts, `${waived} waived`];
  return all.length === 0 ? 'no findings' : all.join(', ');
}

/** Against what the files were held: `profile kubeadm, Kubernetes v1.36, as the files show`. */
export function rulingText({ verification, isProfileGiven }: VerifyReport): string {
  const { profile, kubernetesVersion } = verification.spec;
  const cis = verification.cis === undefined ? '' : `; CIS Kubernetes Benchmark ${verification.cis}`;
  return `profile ${profile}, Kubernetes ${kubernetesVersion.text}${isProfileGiven ? '' : ', which fits what is there best'}${cis}`;
}

/** What the files were taken for: `worker, as what is there shows`. */
export function hostText({ verification: { role }, isRoleGiven, isPartial = false }: VerifyReport): string {
  if (isRoleGiven) return role;
  return isPartial ? `${role}, unless what is lost says otherwise` : `${role}, as what is there shows`;
}

/** What the line over the block says, or the row above it. */
export const INFERRED_REMARK =
  'taken from the files and held against nothing: say what is meant by these flags';

// Against what profile and release the files were held stands by itself.
const SAID_ELSEWHERE: readonly OptionKey[] = ['profile', 'kubernetesVersion'];

/** What was not asked for but taken from the files, as flags and their values; none where everything was asked for. */
export function inferredRows({
  inferred,
}: Pick<Verification, 'inferred'>): readonly (readonly [flag: string, value: string])[] {
  return OPTIONS.flatMap(({ key, name }) => {
    const value = inferred[key];
    if (value === undefined || value === false || SAID_ELSEWHERE.includes(key)) return [];
    return [[`--${name}`, Array.isArray(value) ? value.join(',') : String(value)] as const];
  });
}

/** Where a credential stands: the file, and in a kubeconfig whose it is if not the current user's. */
export function holderText({ path, user }: Credential, pathOf: VerifyReport['pathOf']): string {
  return user === undefined ? pathOf(path) : `${pathOf(path)} (user ${JSON.stringify(user)})`;
}

/** One line for each listener: when what it shows ends, or what came instead. */
function servedRows(served: readonly Served[]): readonly (readonly string[])[] {
  return served.map(({ listener, outcome }) => {
    const own = [listener.name, listenerText(listener)];
    if (outcome.kind !== 'served') return [...own, outcome.reason];
    return [...own, outcome.certificates[0] === undefined ? '' : timeText(outcome.certificates[0].notAfter)];
  });
}

/** When a credential ends, as a day. */
export function endOf({ notAfter = 'not said' }: Pick<Credential, 'notAfter'>): string {
  return /^\d/.test(notAfter) ? notAfter.slice(0, 10) : notAfter;
}

/** The report as people read it: findings, the worst first, who holds power, and a last line that sums up. */
export function verifyText(report: VerifyReport): readonly string[] {
  const { verification, pathOf, directories } = report;
  const { served = [] } = verification;
  const findings = [
    ...SEVERITIES.flatMap((severity) => findingsOf(verification, severity)),
    ...waivedOf(verification),
  ];
  const inferred = inferredRows(verification).map((row) => row.map(printable));
  const credentials = verification.credentials.map((credential) => [
    printable(holderText(credential, pathOf)),
    printable(credential.subject),
    endOf(credential),
  ]);
  return [
    `${directories.map(printable).join(' and ')}: ${rulingText(report)}`,
    `host: ${hostText(report)}`,
    '',
    ...findings.flatMap((finding) => [...findingLines(finding, pathOf), '']),
    ...(inferred.length === 0
      ? []
      : [`${INFERRED_REMARK}:`, ...columns(inferred).map((line) => `  ${line}`), '']),
    ...(credentials.length === 0
      ? []
      : [...columns([['CREDENTIAL', 'SUBJECT', 'ENDS'], ...credentials]), '']),
    ...(served.length === 0
      ? []
      : [...columns([['LISTENER', 'ADDRESS', 'SHOWS UNTIL'], ...servedRows(served)]), '']),
    ...remarksOf(verification),
    summaryOf(verification),
  ];
}

function servedJson({ listener, outcome }: Served): object {
  const { name, row, isShared } = listener;
  const common = { name, row, address: listenerText(listener), isShared, outcome: outcome.kind };
  if (outcome.kind !== 'served') return { ...common, reason: outcome.reason };
  const certificates = outcome.certificates.map(({ subject, issuer, serialHex, notBefore, notAfter }) => ({
    subject: nameText(subject),
    issuer: nameText(issuer),
    serialNumber: serialHex,
    notBefore: timeText(notBefore),
    notAfter: timeText(notAfter),
  }));
  return { ...common, certificates };
}

/** The report for programs; docs/json.md describes it. */
export function verifyJson(report: VerifyReport): object {
  const { verification, directories, at, isProfileGiven, isRoleGiven, pathOf } = report;
  const { spec, role, findings, inferred, leftOut, baseline, served, cis } = verification;
  const onDisk = <T extends { readonly path: string }>(one: T): T => ({ ...one, path: pathOf(one.path) });
  return {
    schema: VERIFY_SCHEMA,
    directories,
    at: timeText(at),
    profile: spec.profile,
    kubernetesVersion: spec.kubernetesVersion.text,
    isProfileGiven,
    role,
    isRoleGiven,
    ...(cis === undefined ? {} : { cis }),
    inferred,
    counts: Object.fromEntries(
      SEVERITIES.map((severity) => [severity, findingsOf(verification, severity).length]),
    ),
    waived: waivedOf(verification).length,
    leftOut,
    ...(baseline === undefined ? {} : { baseline }),
    findings: findings.map(onDisk),
    credentials: verification.credentials.map(onDisk),
    ...(served === undefined ? {} : { served: served.map(servedJson) }),
  };
}
