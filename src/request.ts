import type { PresentFile } from './checks/evidence.ts';
import type { ClusterOptions } from './cluster/options.ts';
import { type HostFacts, parseClusterSpec } from './cluster/parse.ts';
import type { ClusterSpec } from './cluster/spec.ts';
import { isPkiError, type SpecIssue } from './errors.ts';
import { type PlannedPki, planPki } from './pki.ts';
import { resolveRows } from './resolve/rows.ts';
import { PROFILES, type Profile } from './table/profiles.ts';
import { NEWEST_MINOR, OLDEST_MINOR } from './table/versions.ts';
import type { Signer } from './x509/signer.ts';

/** A profile and release to try in place of the one that was asked for. */
interface Alternative {
  readonly profile: Profile;
  readonly kubernetesVersion: string;
}

/** Each profile; of kubeadm each minor release from the newest down, with all of its backports and with none. */
function alternatives(): readonly Alternative[] {
  const minors = Array.from({ length: NEWEST_MINOR - OLDEST_MINOR + 1 }, (_, index) => NEWEST_MINOR - index);
  return PROFILES.flatMap((profile): readonly Alternative[] =>
    profile === 'kubeadm'
      ? minors.flatMap((minor) => [
          { profile, kubernetesVersion: `1.${minor}` },
          { profile, kubernetesVersion: `1.${minor}.0` },
        ])
      : [{ profile, kubernetesVersion: `1.${NEWEST_MINOR}` }],
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

/** Of each profile the newest release under which everything that is there would be kept, the request else the same. */
async function findKeeping(request: Request, now: Date): Promise<readonly Alternative[]> {
  const keeping: Alternative[] = [];
  const tried = new Set<string>();
  for (const alternative of alternatives()) {
    if (keeping.some(({ profile }) => profile === alternative.profile)) continue;
    const spec = specOf({ ...request.options, ...alternative }, request.host);
    if (spec === undefined) continue;
    const rows = resolveRows(spec);
    const wish = JSON.stringify(rows);
    if (tried.has(wish)) continue;
    tried.add(wish);
    const { plan } = await planPki({ rows, existing: request.existing, signers: request.signers }, now);
    if (!plan.isRefused) keeping.push(alternative);
  }
  return keeping;
}

/** What is asked for, where, and what is there already. */
export interface Request {
  readonly options: ClusterOptions;
  readonly host: HostFacts;
  readonly existing: readonly PresentFile[];
  /** By the id of the CA for which they sign. */
  readonly signers: ReadonlyMap<string, Signer>;
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
  const planned = await planPki({ rows: resolveRows(spec), existing, signers }, now);
  const keeping = planned.plan.isRefused ? await findKeeping(request, now) : [];
  const wouldKeep = keeping.map(({ profile, kubernetesVersion }) =>
    profile === 'kubeadm'
      ? `--profile kubeadm --kubernetes-version ${kubernetesVersion}`
      : `--profile ${profile}`,
  );
  return { spec, warnings, planned, wouldKeep };
}
