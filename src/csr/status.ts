import type { Evidence, RowEvidence } from '../checks/evidence.ts';
import { checkRequests } from '../checks/requests.ts';
import { runChecks } from '../checks/run.ts';
import type { ClusterSpec } from '../cluster/spec.ts';
import type { Finding } from '../finding.ts';
import { fileThatHolds } from '../resolve/desired.ts';
import { requestFileOf } from '../resolve/requests.ts';
import { isAskingRow } from './generate.ts';
import { type PendingRequest, readPending } from './reading.ts';

/** Whether a part of a row is there. `none`: the row has no such part; `elsewhere`: it may be kept elsewhere for good. */
export type PartState = 'there' | 'missing' | 'elsewhere' | 'none';

/** How far a row has come. */
export interface RowStatus {
  readonly id: string;
  readonly purpose: string;
  /**
   * `complete`: all of it is there and as it should be. `wrong`: something there is not. `asked`: the certificate is waited
   * for. `missing`: nothing of it is there that could be waited for.
   */
  readonly state: 'complete' | 'wrong' | 'asked' | 'missing';
  readonly key: PartState;
  readonly request: PartState;
  readonly certificate: PartState;
  /** The CA that signs it, and what else leads from it to that. */
  readonly chain: PartState;
  /** The logical path of the file that is waited for, or of the row's own. */
  readonly path: string;
  /** What to do next; absent where it is complete. */
  readonly next?: string;
  readonly findings: readonly Finding[];
}

/** How far a PKI has come whose certificates are signed elsewhere. */
export interface PendingStatus {
  readonly spec: ClusterSpec;
  readonly rows: readonly RowStatus[];
  readonly isComplete: boolean;
}

function partsOf(row: RowEvidence): Pick<RowStatus, 'key' | 'request' | 'certificate'> {
  const { desired, files, certificates, key } = row;
  const isThere = (path: string | undefined): PartState =>
    path === undefined ? 'none' : files.some((file) => file.path === path) ? 'there' : 'missing';
  const of = (holds: Parameters<typeof fileThatHolds>[1]): PartState =>
    isThere(fileThatHolds(desired, holds)?.path);
  const request: PartState = isAskingRow(desired)
    ? row.request === undefined
      ? 'missing'
      : 'there'
    : 'none';
  switch (desired.kind) {
    case 'ca':
      return { key: of('key') === 'there' ? 'there' : 'elsewhere', request, certificate: of('certificate') };
    case 'certificate':
      return { key: of('key'), request, certificate: of('certificate') };
    case 'kubeconfig':
      return {
        key: key === undefined ? 'missing' : 'there',
        request,
        certificate: certificates.length === 0 ? 'missing' : 'there',
      };
    case 'keyPair':
      return { key: of('key'), request, certificate: 'none' };
    case 'bundle':
      return { key: 'none', request, certificate: of('bundle') };
  }
}

/** What to do next for a row of which something is missing. */
function nextOf(row: RowEvidence, { key, request }: Pick<RowStatus, 'key' | 'request'>): string {
  const { kind, id } = row.desired;
  if (kind === 'ca') return `bring its certificate: certs import --ca ${id}=FILE`;
  if (kind === 'keyPair' || kind === 'bundle') return 'init makes it';
  if (key === 'missing' || request === 'missing') return 'certs generate-csr';
  return `have ${requestFileOf(row.desired)?.path ?? ''} signed by ${row.desired.certificate.signer ?? ''}, then certs import`;
}

/** What is found of a row that is not only waited for: that parts are missing is told by themselves. */
const ABSENCES: ReadonlySet<string> = new Set([
  'half-pair',
  'credential-absent',
  'signer-key-absent',
  'signer-absent',
]);

const CHAIN_CODES: ReadonlySet<string> = new Set([
  'signer-absent',
  'signer-mismatch',
  'issuer-name-mismatch',
  'chain-incomplete',
  'trust',
]);

function chainOf(
  { desired, certificates }: RowEvidence,
  evidence: Evidence,
  findings: readonly Finding[],
): PartState {
  if (!isAskingRow(desired)) return 'none';
  const signer = evidence.get(desired.certificate.signer ?? '');
  const isBroken =
    certificates.length > 0 && findings.some(({ row, code }) => row === desired.id && CHAIN_CODES.has(code));
  return signer === undefined || signer.certificates.length === 0 || isBroken ? 'missing' : 'there';
}

function statusOf(row: RowEvidence, evidence: Evidence, findings: readonly Finding[]): RowStatus {
  const { desired } = row;
  const parts = { ...partsOf(row), chain: chainOf(row, evidence, findings) };
  const { key, request, certificate } = parts;
  const isWhole = key !== 'missing' && certificate !== 'missing';
  const isStale = certificate === 'there' && key === 'there';
  const errors = findings.filter(
    ({ row: of, code, severity }) =>
      of === desired.id &&
      severity === 'error' &&
      // A request that is done with may say what was asked for earlier.
      !(isStale && code.startsWith('request-')) &&
      (isWhole || !ABSENCES.has(code)) &&
      // As long as it is asked for, a kubeconfig trusts nothing.
      !(certificate === 'missing' && code === 'trust'),
  );
  const waiting = key === 'there' && request === 'there' ? 'asked' : 'missing';
  const state = errors.length > 0 ? 'wrong' : isWhole ? 'complete' : waiting;
  return {
    id: desired.id,
    purpose: desired.purpose,
    state,
    ...parts,
    path: desired.files[0]?.path ?? '',
    ...(state === 'complete' ? {} : { next: state === 'wrong' ? 'mend what is found' : nextOf(row, parts) }),
    findings: errors,
  };
}

/**
 * Says of each row what of it is there and what is still missing. What is there is held against its row as `init` holds it.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options.
 */
export async function readStatus(request: PendingRequest, now: Date): Promise<PendingStatus> {
  const { spec, evidence } = await readPending(request, now);
  const context = { now, evidence, signers: new Set<string>() };
  const findings = [...runChecks(context), ...checkRequests(context)];
  const rows = [...evidence.values()].map((row) => statusOf(row, evidence, findings));
  return { spec, rows, isComplete: rows.every(({ state }) => state === 'complete') };
}
