import { type Evidence, isSameDer, parseAnyEvidence, type PresentFile } from '../checks/evidence.ts';
import { checkRequests } from '../checks/requests.ts';
import { runChecks } from '../checks/run.ts';
import { type ClusterOptions, OPTIONS } from '../cluster/options.ts';
import type { ClusterSpec } from '../cluster/spec.ts';
import type { SpecIssue } from '../errors.ts';
import { type Reading, type ReadingRequest, readingsOf } from '../reading.ts';
import { fileThatHolds } from '../resolve/desired.ts';
import { resolveNodeRows } from '../resolve/rows.ts';
import { weightOf } from '../verify.ts';

/** What is there of a PKI whose certificates are signed elsewhere, and for which nodes. */
export interface PendingRequest extends Omit<ReadingRequest, 'role'> {
  /** Further nodes whose kubelets have a kubeconfig here. */
  readonly nodes: readonly string[];
}

/** The specification that it is held against, and all that there is of each row. */
export interface PendingPki {
  readonly spec: ClusterSpec;
  readonly evidence: Evidence;
  /** What nobody has said of the host, and no certificate or request either: names were made up in its place. */
  readonly unknown: readonly SpecIssue[];
}

/** What a host is called stands in what it serves: nothing can be held against a name that was made up. */
function unknownOf(inferred: ClusterOptions, options: ClusterOptions): readonly SpecIssue[] {
  const known = {
    hostIp: [inferred.hostIp, options.hostIp, options.apiserverAdvertiseAddress],
    hostname: [inferred.hostname, options.hostname, options.nodeName],
  };
  const rule = 'is needed: no request and no certificate that is here says it';
  return (['hostIp', 'hostname'] as const)
    .filter((key) => known[key].every((value) => value === undefined))
    .map((key) => ({ option: OPTIONS.find((option) => option.key === key)?.name ?? key, rule }));
}

/** The files without the certificates of keys for which there are requests: those say what was asked for, not what came of it. */
async function withoutAnswers(request: ReadingRequest): Promise<readonly PresentFile[]> {
  for await (const { evidence } of readingsOf(request)) {
    const answered = [...evidence.values()].flatMap(({ desired, key, request: asked }) =>
      key !== undefined && asked !== undefined && isSameDer(key.spkiDer, asked.spkiDer)
        ? [fileThatHolds(desired, 'certificate')?.path]
        : [],
    );
    return request.files.filter(({ path }) => !answered.includes(path));
  }
  return request.files;
}

/**
 * Reads a PKI some of whose certificates are only asked for. What is not given of the specification is taken from the
 * certificates that are there and, for those that are not, from what was asked for; with `prefersRequests` from what was
 * asked for wherever a request for the key is there still.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options.
 */
export async function readPending(
  { nodes, ...pending }: PendingRequest,
  now: Date,
  { prefersRequests = false }: { readonly prefersRequests?: boolean } = {},
): Promise<PendingPki> {
  const placed = { ...pending, role: 'control-plane' } as const;
  const request = prefersRequests ? { ...placed, files: await withoutAnswers(placed) } : placed;
  let best: (Reading & { readonly weight: number }) | undefined;
  for await (const reading of readingsOf(request)) {
    const { evidence } = reading;
    const context = { now, evidence, signers: new Set<string>() };
    const findings = [...runChecks(context), ...checkRequests(context)];
    const weight = weightOf({ findings });
    if (best === undefined || weight < best.weight) best = { ...reading, weight };
    if (weight === 0) break;
  }
  if (best === undefined) throw new RangeError('"request" expected a reading');
  const { spec, inferred } = best;
  const rows = [...best.evidence.values()].map(({ desired }) => desired);
  const all = [...rows, ...nodes.flatMap((node) => resolveNodeRows(spec, node))];
  const { evidence } = await parseAnyEvidence({ rows: all, files: pending.files, signers: new Map() });
  return { spec, evidence, unknown: unknownOf(inferred, request.options) };
}
