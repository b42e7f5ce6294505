import { type Expiration, standingOf } from '../expiration.ts';
import { attributeValues, type Certificate, type DistinguishedName } from '../x509/model.ts';
import type { ExpirationReport } from './expiration.ts';

/** The attributes of a name that have a label, and what it is called (x509-certificate-exporter, README). */
const NAME_LABELS = [
  ['C', '2.5.4.6'],
  ['ST', '2.5.4.8'],
  ['L', '2.5.4.7'],
  ['O', '2.5.4.10'],
  ['OU', '2.5.4.11'],
  ['CN', '2.5.4.3'],
] as const;

type Labels = readonly (readonly [name: string, value: string])[];

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly valueOf: (certificate: Certificate, at: Date) => number;
}

const unixSeconds = (time: Date): number => Math.floor(time.getTime() / 1000);

/** What x509-certificate-exporter says of a certificate, by its names. */
const METRICS: readonly Metric[] = [
  {
    name: 'x509_cert_not_before',
    help: 'When the certificate begins to be valid, in seconds since the epoch',
    valueOf: ({ notBefore }) => unixSeconds(notBefore),
  },
  {
    name: 'x509_cert_not_after',
    help: 'When the certificate ends, in seconds since the epoch',
    valueOf: ({ notAfter }) => unixSeconds(notAfter),
  },
  {
    name: 'x509_cert_expired',
    help: 'Whether the certificate has expired: 1 or 0',
    valueOf: ({ notAfter }, at) => Number(at > notAfter),
  },
];

function nameLabels(prefix: 'issuer' | 'subject', name: DistinguishedName): Labels {
  return NAME_LABELS.flatMap(([label, oid]) => {
    const [value = ''] = attributeValues(name, oid);
    return value === '' ? [] : [[`${prefix}_${label}`, value] as const];
  });
}

/** A serial number in decimal; the hexadecimal is two's complement. */
function serialText(hex: string): string {
  return BigInt.asIntN(hex.length * 4, BigInt(`0x${hex}`)).toString();
}

/** Where a file is: `secret namespace/name:key` is how a Secret's is called. */
function placeLabels(path: string): Labels {
  const [, namespace, name, key] = /^secret ([^/]+)\/([^:]+):(.+)$/.exec(path) ?? [];
  if (namespace !== undefined && name !== undefined && key !== undefined)
    return [
      ['secret_namespace', namespace],
      ['secret_name', name],
      ['secret_key', key],
    ];
  return [
    ['filename', path.slice(path.lastIndexOf('/') + 1)],
    ['filepath', path],
  ];
}

function labelsOf({ path, embeddedIn }: Expiration, certificate: Certificate, pathOf: PathOf): Labels {
  return [
    ...placeLabels(pathOf(path)),
    ...(embeddedIn === undefined
      ? []
      : [['embedded_kind', embeddedIn.kind] as const, ['embedded_key', embeddedIn.name] as const]),
    ['serial_number', serialText(certificate.serialHex)],
    ...nameLabels('issuer', certificate.issuer),
    ...nameLabels('subject', certificate.subject),
  ];
}

type PathOf = ExpirationReport['pathOf'];

// Prometheus text format 0.0.4: in a label value backslash, quote and line feed stand escaped.
function sampleLine(metric: string, labels: Labels, value: number): string {
  const escaped = labels.map(([name, text]) => {
    const safe = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
    return `${name}="${safe}"`;
  });
  return `${metric}${escaped.length === 0 ? '' : `{${escaped.join(',')}}`} ${value}`;
}

function family(name: string, help: string, samples: readonly string[]): readonly string[] {
  return samples.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...samples];
}

/**
 * Certificates of which no two have the same labels, or node_exporter drops the whole file: of several that differ in their
 * period alone the one that ends first stands for all.
 */
function distinct(
  certified: readonly { readonly labels: Labels; readonly certificate: Certificate }[],
): typeof certified {
  const byLabels = new Map<string, (typeof certified)[number]>();
  for (const one of certified) {
    const key = JSON.stringify(one.labels);
    const before = byLabels.get(key);
    if (before === undefined || one.certificate.notAfter < before.certificate.notAfter)
      byLabels.set(key, one);
  }
  return [...byLabels.values()];
}

/** The text format of Prometheus, with the metrics and labels of x509-certificate-exporter. */
export function expirationPrometheus(report: ExpirationReport): readonly string[] {
  const { at, pathOf } = report;
  // Whoever is alerted by an error would be by every control plane that joined.
  const expirations = report.expirations.filter((expiration) => standingOf(expiration, report) !== 'away');
  const certified = distinct(
    expirations.flatMap((expiration) => {
      const { certificate } = expiration;
      return certificate === undefined
        ? []
        : [{ labels: labelsOf(expiration, certificate, pathOf), certificate }];
    }),
  );
  const unread = new Set(
    expirations.filter(({ certificate }) => certificate === undefined).map(({ path }) => path),
  );
  const paths = [...new Set(expirations.map(({ path }) => path))];
  return [
    ...METRICS.flatMap(({ name, help, valueOf }) =>
      family(
        name,
        help,
        certified.map(({ labels, certificate }) => sampleLine(name, labels, valueOf(certificate, at))),
      ),
    ),
    ...family(
      'x509_cert_error',
      'Whether the file is missing or cannot be read: 1 or 0',
      paths.map((path) => sampleLine('x509_cert_error', placeLabels(pathOf(path)), Number(unread.has(path)))),
    ),
    ...family('x509_read_errors', 'How many files are missing or cannot be read', [
      sampleLine('x509_read_errors', [], unread.size),
    ]),
  ];
}
