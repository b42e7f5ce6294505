import type { ClusterSpec } from '../cluster/spec.ts';
import type { CaRow, CertificateRow, KubeconfigRow, Row, ServerSource } from '../table/row.ts';
import { ROWS } from '../table/rows.ts';
import {
  KUBECONFIG_KEY_ALGORITHM,
  KUBECONFIG_PREFERENCES,
  MODES,
  SUBJECT_KEY_IDENTIFIER,
} from '../table/rules.ts';
import { USAGES } from '../table/usages.ts';
import { KEY_ALGORITHMS } from '../x509/algorithms.ts';
import { choose } from './choose.ts';
import type { DesiredCertificate, DesiredFile, DesiredRow } from './desired.ts';
import { pathOnNode } from './paths.ts';
import { resolveSans } from './sans.ts';
import { fillText } from './text.ts';

const CONDITIONS: Readonly<Record<NonNullable<Row['when']>, (spec: ClusterSpec) => boolean>> = {
  stackedEtcd: (spec) => spec.etcd === 'stacked',
  rootCa: (spec) => spec.rootCa !== 'none',
};

function exists(row: Row, spec: ClusterSpec): boolean {
  if (row.has !== undefined && !choose(row.has, spec)) return false;
  return row.when === undefined || CONDITIONS[row.when](spec);
}

/** The rows of the table that this cluster has, signers before what they sign. */
export function existingRows(spec: ClusterSpec): readonly Row[] {
  return ROWS.filter((row) => exists(row, spec));
}

/** The ids of the rows against whose certificates servers of this CA are verified: its bundle where it has one. */
export function serverTrust(
  ca: string,
  rows: readonly Row[],
): { readonly of: readonly string[]; readonly row: Row } {
  const row = rows.find((candidate) => candidate.kind === 'bundle' && candidate.of[0] === ca);
  if (row?.kind === 'bundle') return { of: row.of, row };
  const caRow = rows.find((candidate) => candidate.id === ca);
  if (caRow === undefined) throw new RangeError(`"ca" expected the id of a row, got ${ca}`);
  return { of: [ca], row: caRow };
}

/** What of a row says how its certificate is issued, whomever it names. */
type Issued =
  | Pick<CaRow, 'kind' | 'usage' | 'lifetime' | 'signerUnderRoot' | 'pathLength'>
  | Pick<CertificateRow | KubeconfigRow, 'kind' | 'usage' | 'lifetime' | 'signer'>;

function signerOf(row: Issued, spec: ClusterSpec): string | undefined {
  if (row.kind !== 'ca') return row.signer;
  return spec.rootCa === 'none' ? undefined : row.signerUnderRoot;
}

/** What a certificate has beside whom it names. */
export function resolveIssuing(
  row: Issued,
  spec: ClusterSpec,
): Omit<DesiredCertificate, 'commonName' | 'organization' | 'sans'> {
  const usage = USAGES[row.usage];
  const asked = KEY_ALGORITHMS[spec.keyAlgorithm];
  const rule = row.kind === 'kubeconfig' ? choose(KUBECONFIG_KEY_ALGORITHM, spec) : 'asCertificates';
  const algorithm = rule === 'asCertificates' ? asked : KEY_ALGORITHMS[rule];
  const keyUsage = choose(usage.keyUsage, spec);
  const signer = signerOf(row, spec);
  const pathLength = row.kind === 'ca' ? choose(row.pathLength, spec) : null;
  return {
    ...(signer === undefined ? {} : { signer }),
    isCa: usage.isCa,
    ...(pathLength === null ? {} : { pathLength }),
    keyUsage: algorithm.canEncipherKeys ? keyUsage.rsa : keyUsage.other,
    extKeyUsage: usage.extKeyUsage,
    algorithm,
    ...(algorithm === asked ? {} : { renewedAlgorithm: asked }),
    subjectKeyIdentifierMethod: choose(SUBJECT_KEY_IDENTIFIER, spec),
    validitySeconds: row.lifetime === 'ca' ? spec.caValiditySeconds : spec.certValiditySeconds,
    backdateSeconds: spec.notBeforeSkewSeconds,
  };
}

function resolveCertificate(
  row: CaRow | CertificateRow | KubeconfigRow,
  spec: ClusterSpec,
): DesiredCertificate {
  return {
    commonName: fillText(choose(row.commonName, spec), spec),
    organization: row.organization === undefined ? [] : choose(row.organization, spec),
    sans: row.kind === 'certificate' ? resolveSans(choose(row.sans, spec), spec) : [],
    ...resolveIssuing(row, spec),
  };
}

/** RFC 3986 3.2.2: an IPv6 address stands in brackets. */
function serverUrl(host: string, port: number): string {
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The URL under which a kubeconfig reaches the API server. */
export function resolveServer(source: ServerSource, spec: ClusterSpec): string {
  const endpoint = spec.controlPlaneEndpoint;
  if (endpoint !== undefined && (source === 'controlPlaneOrHost' || source === 'controlPlaneOrAdvertise')) {
    return serverUrl(endpoint.host, endpoint.port ?? spec.bindPort);
  }
  const ofHost = source === 'host' || source === 'controlPlaneOrHost';
  return serverUrl((ofHost ? spec.hostAddresses[0] : undefined) ?? spec.advertiseAddress, spec.bindPort);
}

function certificateFiles(row: CaRow | CertificateRow, spec: ClusterSpec): readonly DesiredFile[] {
  const apart = row.kind === 'ca' && spec.rootCa === 'apart' ? row.apart : undefined;
  return [
    { holds: 'certificate', path: row.certificate, mode: MODES.certificate },
    ...(apart === undefined
      ? []
      : [{ holds: 'copy' as const, path: apart.certificate, mode: MODES.certificate }]),
    { holds: 'key', path: apart?.key ?? row.key, mode: MODES.key },
  ];
}

/** Kubeconfigs lead to the API server, behind whatever name (R6). */
function isServedToKubeconfigs(row: Row): boolean {
  return row.arguments.some(
    ({ component, flag }) => component === 'kube-apiserver' && flag === '--tls-cert-file',
  );
}

function chainOf(row: CertificateRow, spec: ClusterSpec): readonly string[] {
  // Only under a root does the peer hold something other than the signer itself; clients are verified by the role's
  // CA alone, so only what serves carries it.
  return spec.rootCa !== 'none' && USAGES[row.usage].extKeyUsage.includes('serverAuth') ? [row.signer] : [];
}

function resolveRow(row: Row, spec: ClusterSpec, rows: readonly Row[]): DesiredRow {
  const { id, purpose, mayBeAway } = row;
  const base = { id, purpose, ...(mayBeAway === undefined ? {} : { mayBeAway }) };
  switch (row.kind) {
    case 'ca':
    case 'certificate':
      return {
        kind: row.kind,
        ...base,
        files: certificateFiles(row, spec),
        ...(row.kind === 'ca' && row.apart !== undefined && spec.rootCa === 'apart'
          ? { absent: [row.key] }
          : {}),
        certificate: resolveCertificate(row, spec),
        chain: row.kind === 'ca' ? [] : chainOf(row, spec),
        ...(isServedToKubeconfigs(row) ? { isServedToKubeconfigs: true as const } : {}),
      };
    case 'keyPair':
      return {
        kind: 'keyPair',
        ...base,
        files: [
          { holds: 'key', path: row.key, mode: MODES.key },
          { holds: 'publicKey', path: row.publicKey, mode: MODES.publicKey },
        ],
        algorithm: KEY_ALGORITHMS[spec.saKeyAlgorithm],
      };
    case 'bundle':
      return {
        kind: 'bundle',
        ...base,
        files: [{ holds: 'bundle', path: row.file, mode: MODES.certificate }],
        of: row.of,
      };
    case 'kubeconfig': {
      const certificate = resolveCertificate(row, spec);
      const user = fillText(choose(row.user, spec), spec, { commonName: certificate.commonName });
      const server = resolveServer(choose(row.server, spec), spec);
      const other = row.otherServer === undefined ? null : choose(row.otherServer, spec);
      const otherServer = other === null ? server : resolveServer(other, spec);
      return {
        kind: 'kubeconfig',
        ...base,
        files: [{ holds: 'kubeconfig', path: row.file, mode: MODES.kubeconfig }],
        certificate,
        ...(row.renewsItself === undefined ? {} : { renewsItself: row.renewsItself }),
        kubeconfig: {
          cluster: spec.clusterName,
          user,
          context: fillText(choose(row.context, spec), spec, { user }),
          server,
          ...(otherServer === server ? {} : { otherServer }),
          ...(row.bootstrapped === undefined ? {} : { bootstrapped: row.bootstrapped }),
          trust: serverTrust(row.signer, rows).of,
          hasPreferences: choose(KUBECONFIG_PREFERENCES, spec),
        },
      };
    }
  }
}

/** What leads to the host of a specification leads nodes to the whole control plane, where that has an address of its own. */
const FROM_NODES: Readonly<Record<ServerSource, ServerSource>> = {
  host: 'controlPlaneOrHost',
  advertise: 'controlPlaneOrAdvertise',
  controlPlaneOrHost: 'controlPlaneOrHost',
  controlPlaneOrAdvertise: 'controlPlaneOrAdvertise',
};

/** What a node needs that is not the host of the specification, by ids and paths of its own. */
export function resolveNodeRows(spec: ClusterSpec, nodeName: string): readonly DesiredRow[] {
  const rows = existingRows(spec);
  return rows.flatMap((row): readonly DesiredRow[] => {
    if (row.per !== 'node' || row.kind !== 'kubeconfig') return [];
    const { otherServer: _, ...own } = row;
    const server = { always: FROM_NODES[choose(row.server, spec)] };
    const resolved = resolveRow({ ...own, server }, { ...spec, nodeName }, rows);
    const files = resolved.files.map((file) => ({ ...file, path: pathOnNode(nodeName, file.path) }));
    return [{ ...resolved, id: `${nodeName}/${row.id}`, files }];
  });
}

/** Resolves the table for one cluster: every file it wants and what that has to be, signers first. */
export function resolveRows(spec: ClusterSpec): readonly DesiredRow[] {
  const rows = existingRows(spec);
  return rows.map((row) => resolveRow(row, spec, rows));
}
