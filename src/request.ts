import { type Evidence, isSameDer, type PresentFile } from './checks/evidence.ts';
import { type ClusterOptions, OPTIONS } from './cluster/options.ts';
import { type HostFacts, parseClusterSpec } from './cluster/parse.ts';
import type { ClusterSpec } from './cluster/spec.ts';
import { isPkiError, type SpecIssue } from './errors.ts';
import { type PlannedPki, planPki } from './pki.ts';
import type { DesiredRow } from './resolve/desired.ts';
import { resolveRows } from './resolve/rows.ts';
import { PROFILES } from './table/profiles.ts';
import { NEWEST_MINOR, OLDEST_MINOR } from './table/versions.ts';
import { algorithmOfSpki } from './x509/keys.ts';
import type { Signer } from './x509/signer.ts';

/** Each profile; of kubeadm each minor release from the newest down, with all of its backports and with none. */
export function rulings(): readonly ClusterOptions[] {
  const minors = Array.from({ length: NEWEST_MINOR - OLDEST_MINOR + 1 }, (_, index) => NEWEST_MINOR - index);
  return PROFILES.flatMap((profile): readonly ClusterOptions[] =>
    profile === 'kubeadm'
      ? minors.flatMap((minor) => [
          { profile, kubernetesVersion: `1.${minor}` },
          { profile, kubernetesVersion: `1.${minor}.0` },
        ])
      : [{ profile }],
  );
}

function specOf(options: ClusterOptions, host: HostFacts): ClusterSpec | undefined {
  try {
    return parseClusterSpec(options, host).spec;
  } catch (error) {
    if (isPkiError(error, 'ERR_CONFIG')) return undefined;
    throw error;
  }
}

/** The rows that only a cluster with its own etcd has; none where the request is about one that it has. */
function etcdRows(request: Request): readonly DesiredRow[] {
  const spec = specOf({ ...request.options, externalEtcd: true }, request.host);
  if (spec === undefined) return [];
  const others = new Set(resolveRows(spec).map(({ id }) => id));
  return resolveRows({ ...spec, etcd: 'stacked' }).filter(({ id }) => !others.has(id));
}

/** What can be seen from the files themselves and was asked for otherwise: the algorithm of the leaves, a root, no etcd. */
function seenOptions(request: Request, spec: ClusterSpec, evidence: Evidence): ClusterOptions {
  const rows = [...evidence.values()];
  const leaves = rows.filter(({ desired }) => desired.kind === 'certificate');
  const algorithms = new Set(
    leaves
      .flatMap(({ certificates }) => certificates.slice(0, 1))
      .map(({ spkiDer }) => algorithmOfSpki(spkiDer)),
  );
  const [algorithm] = algorithms;
  const isOther = algorithms.size === 1 && algorithm !== undefined && algorithm !== spec.keyAlgorithm;
  const isRooted =
    spec.rootCa === 'none' &&
    rows.some(
      ({ authority }) => authority !== undefined && !isSameDer(authority.issuer.der, authority.subject.der),
    );
  const etcd = etcdRows(request);
  const hasNoEtcd =
    spec.etcd === 'stacked' &&
    etcd.length > 0 &&
    etcd.every(({ id }) => evidence.get(id)?.files.length === 0);
  return {
    ...(isOther ? { keyAlgorithm: algorithm } : {}),
    ...(isRooted ? { rootCa: true } : {}),
    ...(hasNoEtcd ? { externalEtcd: true } : {}),
  };
}

/** Options as they are typed. */
function argumentsOf(options: ClusterOptions): string {
  return OPTIONS.flatMap(({ key, name, valueName }) => {
    const value = options[key];
    if (value === undefined) return [];
    return [valueName === undefined ? `--${name}` : `--${name} ${String(value)}`];
  }).join(' ');
}

/**
 * Requests under which everything that is there would be kept, as arguments: first the one that was made with what can be
 * seen from the files, then of each profile the newest release that does.
 */
async function findKeeping(request: Request, seen: ClusterOptions, now: Date): Promise<readonly string[]> {
  const keeping = new Map<string, string>();
  const tried = new Set<string>();
  for (const ruling of [{}, ...rulings()]) {
    const profile = ruling.profile ?? request.options.profile ?? '';
    if (keeping.has(profile)) continue;
    const change = { ...ruling, ...seen };
    const spec = specOf({ ...request.options, ...change }, request.host);
    if (spec === undefined) continue;
    const rows = resolveRows(spec);
    const wish = JSON.stringify(rows);
    if (tried.has(wish)) continue;
    tried.add(wish);
    const { plan } = await planPki({ rows, existing: request.existing, signers: request.signers }, now);
    if (!plan.isRefused) keeping.set(spec.profile, argumentsOf(change));
  }
  return [...keeping.values()];
}

/** What is asked for, where, and what is there already. */
export interface Request {
  readonly options: ClusterOptions;
  readonly host: HostFacts;
  readonly existing: readonly PresentFile[];
  /** By the id of the CA for which they sign. */
  readonly signers: ReadonlyMap<string, Signer>;
  /** Whether a leaf or a kubeconfig that has drifted from the request is issued again instead of refused. */
  readonly reissues?: boolean;
}

/** A request understood: what it would do, what was odd about it, and, where it is refused, what would not be. */
export interface PlannedRequest {
  readonly spec: ClusterSpec;
  readonly warnings: readonly SpecIssue[];
  readonly planned: PlannedPki;
  /** Arguments under which everything that is there would be kept; empty where nothing is refused. */
  readonly wouldKeep: readonly string[];
}

/**
 * From options to a plan. Generates and writes nothing.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options.
 */
export async function planRequest(request: Request, now: Date): Promise<PlannedRequest> {
  const { spec, warnings } = parseClusterSpec(request.options, request.host);
  const { existing, signers } = request;
  const intent = { kind: 'complete', reissues: request.reissues === true } as const;
  const planned = await planPki({ rows: resolveRows(spec), existing, signers }, now, intent);
  const wouldKeep = planned.plan.isRefused
    ? await findKeeping(request, seenOptions(request, spec, planned.evidence), now)
    : [];
  return { spec, warnings, planned, wouldKeep };
}
