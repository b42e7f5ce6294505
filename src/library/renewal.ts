import type { PresentFile } from '../checks/evidence.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import type { ClusterSpec } from '../cluster/spec.ts';
import type { SpecIssue } from '../errors.ts';
import type { Finding } from '../finding.ts';
import { type GeneratedPki, generatePki } from '../pki.ts';
import { pathsOf } from '../plan.ts';
import { type PlannedRenewal, planRenewal, type RenewalRequest } from '../renew.ts';
import { RENEWAL_SOURCES, type RenewalSource } from '../renewal-names.ts';
import { isNodePath } from '../resolve/nodes.ts';
import { type ReloadPlan, resolveReload } from '../resolve/reload.ts';
import { assertNone, unknownPaths } from './assert.ts';
import { environmentOf, issuesOfSigners, type IssuingOptions } from './environment.ts';

/** What there is, and, as for `k8s-pki init`, what the cluster is, where the certificates do not say it. */
export interface RenewalOptions
  extends Omit<ClusterOptions, 'certDir' | 'kubeconfigDir' | 'rootCaDir'>,
    IssuingOptions {
  /** What is there, by logical path, as `readClusterPki` gives it. */
  readonly files: readonly PresentFile[];
  /** What is meant where certificates and options say different things; default: neither, that is refused. */
  readonly from?: RenewalSource;
}

/** A renewal in memory. In its plan, a row that says `refuse` could not be renewed: its finding says why. */
export interface RenewedClusterPki extends GeneratedPki {
  /** What the files fit best, with what was given. */
  readonly spec: ClusterSpec;
  /** Where the certificates that were there say something else than the options. */
  readonly differences: readonly Finding[];
  /** What is to be done once the files are in place; absent where there are none for this host. */
  readonly reload?: ReloadPlan;
}

type Wanted = Pick<RenewalRequest, 'names' | 'withinSeconds' | 'keepsKeys' | 'recovery'>;

function issuesOfSource(from: RenewalSource | undefined): readonly SpecIssue[] {
  if (from === undefined || RENEWAL_SOURCES.includes(from)) return [];
  return [{ option: 'from', value: from, rule: `must be one of ${RENEWAL_SOURCES.join(', ')}` }];
}

/**
 * Renews, or makes again, at a moment.
 *
 * @param issues What is wrong with what only one of the two takes.
 * @throws {PkiError} as both say.
 */
export async function runRenewal(
  { files, from, ...options }: RenewalOptions,
  wanted: Wanted,
  { now, issues }: { readonly now: Date; readonly issues: readonly SpecIssue[] },
): Promise<RenewedClusterPki & Pick<PlannedRenewal, 'nodes' | 'away'>> {
  const {
    signers = {},
    now: _now,
    randomBytes: _randomBytes,
    generateKeyPair: _generate,
    onKeyGenerated: _onKeyGenerated,
    ...cluster
  } = options;
  const paths = files.map(({ path }) => path);
  assertNone([
    ...issues,
    ...issuesOfSource(from),
    ...unknownPaths('files', paths),
    ...issuesOfSigners(signers, paths, 'files'),
  ]);
  const request = { files, options: cluster, from, signers: new Map(Object.entries(signers)), ...wanted };
  const { spec, differences, planned, nodes, away } = await planRenewal(request, now);
  const generated = await generatePki(planned, environmentOf(options, now));
  const changed = [...pathsOf(planned.plan, 'replace'), ...pathsOf(planned.plan, 'create')];
  const own = changed.filter((path) => !isNodePath(path));
  const reload = own.length === 0 ? {} : { reload: resolveReload(spec, own) };
  return { ...generated, spec, differences, nodes, away, ...reload };
}
