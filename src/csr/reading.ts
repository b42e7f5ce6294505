import type { Evidence } from '../checks/evidence.ts';
import { parseAnyEvidence } from '../checks/evidence.ts';
import { checkRequests } from '../checks/requests.ts';
import { runChecks } from '../checks/run.ts';
import type { ClusterSpec } from '../cluster/spec.ts';
import { type ReadingRequest, readingsOf } from '../reading.ts';
import { resolveNodeRows } from '../resolve/rows.ts';
import { weightOf } from '../verify.ts';
import type { CertificateReader } from '../x509/certificate-reader.ts';

/** What is there of a PKI whose certificates are signed elsewhere, and for which nodes. */
export interface PendingRequest extends Omit<ReadingRequest, 'role'> {
  /** Further nodes whose kubelets have a kubeconfig here. */
  readonly nodes: readonly string[];
}

/** The specification that it is held against, and all that there is of each row. */
export interface PendingPki {
  readonly spec: ClusterSpec;
  readonly evidence: Evidence;
  readonly reader: CertificateReader;
}

/**
 * Reads a PKI some of whose certificates are only asked for. What is not given of the specification is taken from the
 * certificates that are there and, for those that are not, from what was asked for.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options.
 */
export async function readPending({ nodes, ...request }: PendingRequest, now: Date): Promise<PendingPki> {
  let best: { readonly spec: ClusterSpec; readonly evidence: Evidence; readonly weight: number } | undefined;
  for await (const { spec, evidence } of readingsOf({ ...request, role: 'control-plane' })) {
    const context = { now, evidence, signers: new Set<string>() };
    const findings = [...runChecks(context), ...checkRequests(context)];
    const weight = weightOf({ findings });
    if (best === undefined || weight < best.weight) best = { spec, evidence, weight };
    if (weight === 0) break;
  }
  if (best === undefined) throw new RangeError('"request" expected a reading');
  const { spec } = best;
  const rows = [...best.evidence.values()].map(({ desired }) => desired);
  const all = [...rows, ...nodes.flatMap((node) => resolveNodeRows(spec, node))];
  return { spec, ...(await parseAnyEvidence({ rows: all, files: request.files, signers: new Map() })) };
}
