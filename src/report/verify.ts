import type { Served } from '../checks/served.ts';
import { nameText } from '../checks/text.ts';
import { timeText } from '../checks/time.ts';
import { type Finding, SEVERITIES, type Severity } from '../finding.ts';
import { listenerText } from '../resolve/listeners.ts';
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
  /** What the components show, where they were asked. */
  readonly served?: readonly Served[];
  /** The release of this program. */
  readonly version: string;
  readonly pathOf: (logicalPath: string) => string;
}

/** What was found of one severity. */
export function findingsOf({ findings }: Verification, severity: Severity): readonly Finding[] {
  return findings.filter((finding) => finding.severity === severity);
}

/** `2 errors, 1 warning`, or `no findings`. */
export function summaryOf(verification: Verification): string {
  const counts = SEVERITIES.map((severity) => [severity, findingsOf(verification, severity).length] as const)
    .filter(([, number]) => number > 0)
    .map(([severity, number]) => count(number, severity));
  return counts.length === 0 ? 'no findings' : counts.join(', ');
}

/** Against what the files were held: `profile kubeadm, Kubernetes v1.36, as the files show`. */
export function rulingText({ verification, isProfileGiven }: VerifyReport): string {
  const { profile, kubernetesVersion } = verification.spec;
  return `profile ${profile}, Kubernetes ${kubernetesVersion.text}${isProfileGiven ? '' : ', which fits what is there best'}`;
}

/** One certificate with whom it makes its holder and how long it lives. */
interface Credential {
  readonly path: string;
  readonly subject: string;
  readonly notAfter: string;
}

// What Kubernetes itself gives power to: its own groups and users, and kubeadm's administrators.
const PRIVILEGED = /^(?:system:|kubeadm:cluster-admins$)/;

/** The client certificates that carry a name or a group of Kubernetes' own. */
export function credentialsOf({ evidence }: Verification): readonly Credential[] {
  return [...evidence.values()].flatMap(({ certificates: [certificate], files: [file] }) => {
    if (certificate === undefined || file === undefined) return [];
    const { subject, notAfter } = certificate;
    if (!subject.attributes.some(({ value }) => PRIVILEGED.test(value))) return [];
    return [{ path: file.path, subject: nameText(subject), notAfter: timeText(notAfter) }];
  });
}

/** One line for each listener: when what it shows ends, or what came instead. */
function servedRows(served: readonly Served[]): readonly (readonly string[])[] {
  return served.map(({ listener, outcome }) => {
    const own = [listener.name, listenerText(listener)];
    if (outcome.kind !== 'served') return [...own, outcome.reason];
    return [...own, outcome.certificates[0] === undefined ? '' : timeText(outcome.certificates[0].notAfter)];
  });
}

/** The report as people read it: findings, the worst first, who holds power, and a last line that sums up. */
export function verifyText(report: VerifyReport): readonly string[] {
  const { verification, pathOf, directories, served = [] } = report;
  const findings = SEVERITIES.flatMap((severity) => findingsOf(verification, severity));
  const credentials = credentialsOf(verification).map(({ path, subject, notAfter }) => [
    pathOf(path),
    printable(subject),
    notAfter.slice(0, 10),
  ]);
  return [
    `${directories.map(printable).join(' and ')}: ${rulingText(report)}`,
    '',
    ...findings.flatMap((finding) => [...findingLines(finding, pathOf), '']),
    ...(credentials.length === 0
      ? []
      : [...columns([['CREDENTIAL', 'SUBJECT', 'ENDS'], ...credentials]), '']),
    ...(served.length === 0
      ? []
      : [...columns([['LISTENER', 'ADDRESS', 'SHOWS UNTIL'], ...servedRows(served)]), '']),
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
  const { verification, directories, at, isProfileGiven, pathOf, served } = report;
  const { spec, findings, inferred } = verification;
  const onDisk = <T extends { readonly path: string }>(one: T): T => ({ ...one, path: pathOf(one.path) });
  return {
    schema: 'k8s-pki/verify/v1',
    directories,
    at: timeText(at),
    profile: spec.profile,
    kubernetesVersion: spec.kubernetesVersion.text,
    isProfileGiven,
    inferred,
    counts: Object.fromEntries(
      SEVERITIES.map((severity) => [severity, findingsOf(verification, severity).length]),
    ),
    findings: findings.map(onDisk),
    credentials: credentialsOf(verification).map(onDisk),
    ...(served === undefined ? {} : { served: served.map(servedJson) }),
  };
}
