import type { PresentFile } from '../checks/evidence.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import type { ClusterSpec } from '../cluster/spec.ts';
import type { SpecIssue } from '../errors.ts';
import type { Finding } from '../finding.ts';
import { type GeneratedPki, generatePki } from '../pki.ts';
import { pathsOf } from '../plan.ts';
import { planRenewal } from '../renew.ts';
import { EVERYTHING, RENEWAL_SOURCES, type RenewalSource } from '../renewal-names.ts';
import { type ReloadPlan, resolveReload } from '../resolve/reload.ts';
import { assertNone, issuesOfTimes, unknownPaths } from './assert.ts';
import { readClock } from './clock.ts';
import { environmentOf, issuesOfSigners, type IssuingOptions } from './environment.ts';

/** What to renew: the files, and, as for `k8s-pki init`, what the cluster is, where the certificates do not say it. */
export interface RenewClusterPkiOptions
  extends Omit<ClusterOptions, 'certDir' | 'kubeconfigDir' | 'rootCaDir'>,
    IssuingOptions {
  /** What is there, by logical path, as `readClusterPki` gives it. */
  readonly files: readonly PresentFile[];
  /** Ids of rows, `apiserver`, `admin.conf`; default: all of what no component renews itself. */
  readonly names?: readonly string[];
  /** What is meant where certificates and options say different things; default: neither, that is refused. */
  readonly from?: RenewalSource;
  /** Renew only what ends within these seconds. */
  readonly withinSeconds?: number;
  /** Keep the private keys; default: new ones are made. */
  readonly keepsKeys?: boolean;
}

/** A renewal in memory. In its plan, a row that says `refuse` could not be renewed: its finding says why. */
export interface RenewedClusterPki extends GeneratedPki {
  /** What the files fit best, with what was given. */
  readonly spec: ClusterSpec;
  /** Where the certificates that were there say something else than the options. */
  readonly differences: readonly Finding[];
  /** What is to be done once the files are replaced; absent where none is. */
  readonly reload?: ReloadPlan;
}

function issuesOfSource(from: RenewalSource | undefined): readonly SpecIssue[] {
  if (from === undefined || RENEWAL_SOURCES.includes(from)) return [];
  return [{ option: 'from', value: from, rule: `must be one of ${RENEWAL_SOURCES.join(', ')}` }];
}

/**
 * Renews certificates and kubeconfigs in memory, as `k8s-pki certs renew` does: new keys and a new life, with subject and names
 * of the certificate that is there or, where options say what the cluster is, from those. A kubeconfig keeps whatever else is
 * in it. What cannot be renewed, because it is not there or its CA cannot sign, is in the plan with the reason, and the
 * rest is done.
 *
 * Writes nothing, and takes no snapshot: `files` has what replaces the files of the same paths. CAs and the service account
 * pair are never renewed.
 *
 * @throws {PkiError} `ERR_USAGE` for a name that is none; `ERR_CONFIG` with every issue of the options; `ERR_REFUSED` with every
 * difference where certificates and options say different things and `from` is not given; `ERR_CLOCK`; `ERR_KEY` for a
 * signer that has not the key of its CA; `ERR_SELF_CHECK`.
 *
 * @example
 * ```ts
 * import { readClusterPki, renewClusterPki } from 'k8s-pki';
 *
 * const present = await readClusterPki('/etc/kubernetes/pki');
 * const { files, reload } = await renewClusterPki({ files: present, withinSeconds: 30 * 86_400 });
 * for (const { path, mode } of files) console.log('replace', path, mode.toString(8));
 * for (const { component, effect } of reload?.steps ?? []) console.log(component, effect);
 * ```
 */
export async function renewClusterPki(options: RenewClusterPkiOptions): Promise<RenewedClusterPki> {
  const { files, names = [EVERYTHING], from, withinSeconds, keepsKeys = false, ...others } = options;
  const { signers = {}, now = readClock(), ...rest } = others;
  const { randomBytes: _, generateKeyPair: __, onKeyGenerated: ___, ...cluster } = rest;
  const paths = files.map(({ path }) => path);
  assertNone([
    ...issuesOfTimes({ now, ...(withinSeconds === undefined ? {} : { withinSeconds }) }),
    ...issuesOfSource(from),
    ...unknownPaths('files', paths),
    ...issuesOfSigners(signers, paths, 'files'),
  ]);
  const request = { files, options: cluster, names, from, withinSeconds, keepsKeys };
  const renewal = await planRenewal({ ...request, signers: new Map(Object.entries(signers)) }, now);
  const { spec, differences, planned } = renewal;
  const generated = await generatePki(planned, environmentOf(options, now));
  const replaced = pathsOf(planned.plan, 'replace');
  const reload = replaced.length === 0 ? {} : { reload: resolveReload(spec, replaced) };
  return { ...generated, spec, differences, ...reload };
}
