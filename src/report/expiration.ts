import { timeText } from '../checks/time.ts';
import { type Expiration, type Standing, standingOf } from '../expiration.ts';
import type { Severity } from '../finding.ts';
import { printable } from './columns.ts';
import { leftText } from './expiry.ts';
import { humanDuration } from './human-duration.ts';
import { toYaml } from './yaml.ts';

/** What was looked at, and by which moment and threshold it is told. */
export interface ExpirationReport {
  readonly expirations: readonly Expiration[];
  readonly at: Date;
  readonly warnWithinSeconds: number;
  /** The path on disk of a logical one. */
  readonly pathOf: (logicalPath: string) => string;
}

/** How bad each standing is; nothing is said of what is good. */
const SEVERITY_OF: Readonly<Record<Standing, Severity | undefined>> = {
  good: undefined,
  ending: 'warning',
  'not-yet-valid': 'error',
  expired: 'error',
  unreadable: 'error',
  missing: 'error',
  away: 'notice',
};

/** How bad it is with one of them; undefined where nothing is. */
export function severityOf(expiration: Expiration, report: ExpirationReport): Severity | undefined {
  return SEVERITY_OF[standingOf(expiration, report)];
}

/** Whether something has to be done about one of them, now or soon. */
export function isToBeSeenTo(expiration: Expiration, report: ExpirationReport): boolean {
  const severity = severityOf(expiration, report);
  return severity !== undefined && severity !== 'notice';
}

const SAYS: Readonly<Record<Exclude<Standing, 'good'>, (expiration: Expiration, at: Date) => string>> = {
  ending: ({ certificate }, at) => (certificate ? `ends ${leftText(certificate.notAfter, at)}` : ''),
  'not-yet-valid': ({ certificate }) =>
    certificate ? `is not valid before ${timeText(certificate.notBefore)}` : '',
  expired: ({ certificate }, at) => (certificate ? `has expired ${leftText(certificate.notAfter, at)}` : ''),
  unreadable: ({ obstacle = '' }) => obstacle,
  missing: () => 'is missing',
  away: () => 'is not there, as where a control plane joined',
};

/** What is to be looked at, a line each, for whoever does not read the data. */
export function expirationMessages(report: ExpirationReport): readonly string[] {
  return report.expirations.flatMap((expiration) => {
    const standing = standingOf(expiration, report);
    if (standing === 'good') return [];
    const says = SAYS[standing](expiration, report.at);
    const path = report.pathOf(expiration.path);
    return [printable(`${SEVERITY_OF[standing]}: ${expiration.name}: ${says} (${path})`)];
  });
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Go's layout `Jan 02, 2006 15:04 MST`, in UTC. */
function dateText(date: Date): string {
  const [day, time] = [date.toISOString().slice(8, 10), date.toISOString().slice(11, 16)];
  return `${MONTHS[date.getUTCMonth()]} ${day}, ${date.toISOString().slice(0, 4)} ${time} UTC`;
}

const CERTIFICATE_COLUMNS = [
  'CERTIFICATE',
  'EXPIRES',
  'RESIDUAL TIME',
  'CERTIFICATE AUTHORITY',
  'EXTERNALLY MANAGED',
];
const AUTHORITY_COLUMNS = ['CERTIFICATE AUTHORITY', 'EXPIRES', 'RESIDUAL TIME', 'EXTERNALLY MANAGED'];

/** The cells of a row of kubeadm's tables; of what is not there, only that. */
function cellsOf(expiration: Expiration, width: number): readonly string[] {
  const { name, certificate, residualSeconds, caName = '', isAuthority, isExternallyManaged } = expiration;
  if (certificate === undefined)
    return [`!MISSING! ${printable(name)}`, ...Array.from({ length: width - 1 }, () => '')];
  return [
    printable(name),
    dateText(certificate.notAfter),
    humanDuration(residualSeconds),
    ...(isAuthority ? [] : [caName]),
    (isExternallyManaged ? 'yes' : 'no').padEnd(8),
  ];
}

/** Columns as Go's text/tabwriter lays them out for kubeadm: at least ten wide, three apart, the last one as it is. */
function tabulate(rows: readonly (readonly string[])[]): readonly string[] {
  const last = (rows[0]?.length ?? 0) - 1;
  const widths = Array.from({ length: last }, (_, index) =>
    Math.max(10, ...rows.map((row) => (row[index] ?? '').length + 3)),
  );
  return rows.map((row) =>
    row.map((cell, index) => (index === last ? cell : cell.padEnd(widths[index] ?? 0))).join(''),
  );
}

function tableText(
  columns: readonly string[],
  expirations: readonly Expiration[],
  paint: (line: string, expiration: Expiration) => string,
): readonly string[] {
  const [header = '', ...lines] = tabulate([
    columns,
    ...expirations.map((expiration) => cellsOf(expiration, columns.length)),
  ]);
  const painted = expirations.map((expiration, index) => paint(lines[index] ?? '', expiration));
  return [header, ...painted];
}

const certificatesOf = (expirations: readonly Expiration[]): readonly Expiration[] =>
  expirations.filter(({ isAuthority }) => !isAuthority);
const authoritiesOf = (expirations: readonly Expiration[]): readonly Expiration[] =>
  expirations.filter(({ isAuthority }) => isAuthority);

/** kubeadm's two tables, to the letter; `paint` gives a line its colour where there is any. */
export function expirationText(
  { expirations }: ExpirationReport,
  paint: (line: string, expiration: Expiration) => string = (line) => line,
): readonly string[] {
  return [
    ...tableText(CERTIFICATE_COLUMNS, certificatesOf(expirations), paint),
    '',
    ...tableText(AUTHORITY_COLUMNS, authoritiesOf(expirations), paint),
  ];
}

/** A certificate in kubeadm's form: in its `missing` there is no telling apart what is not there and what cannot be read. */
function certificateJson({
  name,
  certificate,
  residualSeconds,
  isExternallyManaged,
  caName,
}: Expiration): object {
  return {
    name,
    expirationDate: certificate === undefined ? null : timeText(certificate.notAfter),
    residualTime: residualSeconds,
    externallyManaged: isExternallyManaged,
    ...(caName === undefined ? {} : { caName }),
    missing: certificate === undefined,
  };
}

/** kubeadm's document for programs, member for member and in its order. */
export function expirationJson({ expirations }: ExpirationReport): object {
  return {
    kind: 'CertificateExpirationInfo',
    apiVersion: 'output.kubeadm.k8s.io/v1alpha3',
    certificates: certificatesOf(expirations).map(certificateJson),
    certificateAuthorities: authoritiesOf(expirations).map(certificateJson),
  };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]));
}

/** The same in YAML, by name as Go sorts it. */
export function expirationYaml(report: ExpirationReport): Promise<readonly string[]> {
  return toYaml([sorted(expirationJson(report))]);
}
