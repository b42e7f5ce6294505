import type { AuditFinding, Finding } from './finding.ts';
import type { Evidence, PresentFile, RowEvidence } from './checks/evidence.ts';
import { MENDS } from './checks/mends.ts';
import type { Directories } from './cluster/directories.ts';
import { type ClusterOptions, OPTIONS } from './cluster/options.ts';
import type { ClusterSpec } from './cluster/spec.ts';
import { PkiError } from './errors.ts';
import { planPki, type PlannedPki } from './pki.ts';
import type { Intent } from './plan.ts';
import { EVERYTHING, RENEWABLE_NAMES, type RenewalSource } from './renewal-names.ts';
import type { DesiredCertificate, DesiredRow } from './resolve/desired.ts';
import { verifyPki } from './verify.ts';
import { KEY_ALGORITHMS, type KeyAlgorithm } from './x509/algorithms.ts';
import { algorithmOfSpki } from './x509/keys.ts';
import { attributeValues, COMMON_NAME_OID, EXT_KEY_USAGE_OIDS, ORGANIZATION_OID } from './x509/model.ts';
import type { Signer } from './x509/signer.ts';

/** What is to be renewed, and how. */
export interface RenewalRequest {
  readonly files: readonly PresentFile[];
  /** As for an audit. */
  readonly readFrom?: Directories | undefined;
  readonly options: ClusterOptions;
  /** Ids of rows, or {@link EVERYTHING}. */
  readonly names: readonly string[];
  /** Asked for where the certificates and the specification differ. */
  readonly from?: RenewalSource | undefined;
  /** Only what ends within these seconds. */
  readonly withinSeconds?: number | undefined;
  readonly keepsKeys: boolean;
  readonly signers: ReadonlyMap<string, Signer>;
}

/** A renewal understood. */
export interface PlannedRenewal {
  readonly spec: ClusterSpec;
  readonly planned: PlannedPki;
  /** Where the certificates that are there say something else than the specification that was given. */
  readonly differences: readonly Finding[];
}

/** Who says what the cluster is says what its certificates hold; what a key is or how long it lives says nothing of that. */
function isSpecified(options: ClusterOptions): boolean {
  return OPTIONS.some(
    ({ key, group }) =>
      options[key] !== undefined && (group === 'This host' || group === 'Cluster' || group === 'Rules'),
  );
}

function isSelected(row: DesiredRow, names: readonly string[]): boolean {
  if (row.kind !== 'certificate' && row.kind !== 'kubeconfig') return false;
  const renewsItself = row.kind === 'kubeconfig' && row.renewsItself === true;
  return names.includes(row.id) || (names.includes(EVERYTHING) && !renewsItself);
}

function assertNames(names: readonly string[], rows: readonly DesiredRow[]): void {
  const known = new Set([EVERYTHING, ...rows.map(({ id }) => id)]);
  const unknown = names.filter(
    (name) => !known.has(name) || !(name === EVERYTHING || RENEWABLE_NAMES.includes(name)),
  );
  const [first] = unknown;
  if (first === undefined) return;
  const isOfTable = RENEWABLE_NAMES.includes(first);
  throw new PkiError(
    'ERR_USAGE',
    isOfTable ? `this PKI has no ${first}` : `there is no certificate called ${JSON.stringify(first)}`,
    { detail: {}, hint: `one of ${[EVERYTHING, ...RENEWABLE_NAMES].join(', ')}` },
  );
}

/** A row with what its certificate has, or why that cannot be issued again. */
type Adopted = { readonly row: DesiredRow } | { readonly obstacle: string };

function algorithmOf({ certificates: [own] }: RowEvidence): KeyAlgorithm | undefined {
  const id = own === undefined ? undefined : algorithmOfSpki(own.spkiDer);
  return id === undefined ? undefined : KEY_ALGORITHMS[id];
}

/** The usages of a key of one kind, from those of another: only some can encipher (RFC 8813 3). */
function usagesFor(
  { keyUsage }: DesiredCertificate,
  algorithm: KeyAlgorithm,
): DesiredCertificate['keyUsage'] {
  return algorithm.canEncipherKeys ? keyUsage : keyUsage.filter((usage) => usage !== 'keyEncipherment');
}

function withAlgorithm(row: DesiredRow, algorithm: KeyAlgorithm | undefined): DesiredRow {
  if (algorithm === undefined || (row.kind !== 'certificate' && row.kind !== 'kubeconfig')) return row;
  const { renewedAlgorithm: _, ...certificate } = row.certificate;
  return {
    ...row,
    certificate: { ...certificate, algorithm, keyUsage: usagesFor(certificate, algorithm) },
  };
}

/** Takes subject, names and extended usages from the certificate that is there, as kubeadm does (kubeadm.md 4.2). */
function adopt(row: DesiredRow, evidence: RowEvidence): Adopted {
  const [certificate] = evidence.certificates;
  if (certificate === undefined || (row.kind !== 'certificate' && row.kind !== 'kubeconfig'))
    return { obstacle: 'its certificate cannot be read' };
  const { subject, subjectAltName: sans = [], extKeyUsage } = certificate;
  const names = attributeValues(subject, COMMON_NAME_OID);
  const organization = attributeValues(subject, ORGANIZATION_OID);
  const [commonName] = names;
  if (commonName === undefined || names.length + organization.length !== subject.attributes.length)
    return { obstacle: 'has a subject of other parts than one common name and organizations' };
  if (sans.some(({ kind }) => kind === 'other'))
    return { obstacle: 'has names of a kind that is not issued here' };
  const usages = extKeyUsage ?? row.certificate.extKeyUsage;
  if (usages.some((usage) => !(usage in EXT_KEY_USAGE_OIDS)))
    return { obstacle: 'has extended key usages that are not issued here' };
  return {
    row: { ...row, certificate: { ...row.certificate, commonName, organization, sans, extKeyUsage: usages } },
  };
}

function differencesOf(evidence: Evidence, findings: readonly AuditFinding[]): readonly Finding[] {
  return findings
    .filter(
      ({ row = '', code }) =>
        MENDS.get(code) === 'identity' && evidence.get(row)?.certificates[0] !== undefined,
    )
    .map((difference) => {
      const { fingerprint: _, waiver: __, ...finding } = difference;
      return finding;
    });
}

function assertDecided(differences: readonly Finding[], { from }: RenewalRequest): void {
  if (differences.length === 0 || from !== undefined) return;
  throw new PkiError('ERR_REFUSED', 'the certificates that are there differ from what was asked for', {
    detail: {
      findings: differences.map((finding) => ({ ...finding, severity: 'error' as const })),
      wouldKeep: [],
    },
    hint: 'nothing was changed: --from spec issues what was asked for, --from certificate what is there',
  });
}

/** What a host is called stands in no file of it any more: a name that was made up must not be issued. */
function assertHostKnown(inferred: ClusterOptions, { from, options }: RenewalRequest): void {
  if (from === 'certificate') return;
  const known = {
    hostIp: [inferred.hostIp, options.hostIp, options.apiserverAdvertiseAddress],
    hostname: [inferred.hostname, options.hostname, options.nodeName],
  };
  const issues = (['hostIp', 'hostname'] as const)
    .filter((key) => known[key].every((value) => value === undefined))
    .map((key) => ({
      option: OPTIONS.find((option) => option.key === key)?.name ?? key,
      rule: 'is needed: no certificate that is there says it',
    }));
  if (issues.length === 0) return;
  const message = issues.map(({ option, rule }) => `${option} ${rule}`).join('; ');
  throw new PkiError('ERR_CONFIG', message, { detail: { issues } });
}

/**
 * Decides what a renewal does. Where the options say what the cluster is, certificates are issued from that, else from what is
 * there. Generates and writes nothing.
 *
 * @throws {PkiError} `ERR_USAGE` for a name that is none; `ERR_CONFIG`; `ERR_REFUSED` with every difference where the two
 * say different things and `from` does not say which is meant.
 */
export async function planRenewal(request: RenewalRequest, now: Date): Promise<PlannedRenewal> {
  const { files, options, names, readFrom, signers, from, withinSeconds, keepsKeys } = request;
  const audited = await verifyPki({ files, options, now, warnWithinSeconds: 0, readFrom });
  const { spec, evidence, inferred } = audited;
  const rows = [...evidence.values()].map(({ desired }) => desired);
  assertNames(names, rows);
  const hasSpec = isSpecified(options);
  const differences = hasSpec
    ? differencesOf(
        evidence,
        audited.findings.filter(({ row }) => rows.some((one) => one.id === row && isSelected(one, names))),
      )
    : [];
  assertDecided(differences, request);
  if (hasSpec) assertHostKnown(inferred, request);

  const isDue = ({ certificates: [own] }: RowEvidence): boolean =>
    withinSeconds === undefined ||
    own === undefined ||
    // As one is that was issued while the clock was ahead.
    own.notBefore.getTime() > now.getTime() ||
    own.notAfter.getTime() <= now.getTime() + withinSeconds * 1000;
  const isFromCertificate = !hasSpec || from === 'certificate';
  const ids = new Set<string>();
  const obstacles = new Map<string, string>();
  const wanted = [...evidence.values()].map((row): DesiredRow => {
    const { desired } = row;
    if (!isSelected(desired, names) || !isDue(row)) return desired;
    ids.add(desired.id);
    const adopted = isFromCertificate ? adopt(desired, row) : { row: desired };
    if ('obstacle' in adopted) {
      obstacles.set(desired.id, `${adopted.obstacle}: give a specification, and --from spec`);
      return desired;
    }
    const keepsAlgorithm = keepsKeys || (isFromCertificate && options.keyAlgorithm === undefined);
    const asked = options.keyAlgorithm === undefined ? undefined : KEY_ALGORITHMS[spec.keyAlgorithm];
    return withAlgorithm(adopted.row, keepsAlgorithm ? algorithmOf(row) : asked);
  });
  const intent: Intent = { kind: 'renew', ids, obstacles, keepsKeys };
  const planned = await planPki({ rows: wanted, existing: files, signers }, now, intent);
  return { spec, planned, differences };
}
