import type { PresentFile } from '../checks/evidence.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import { type Expiration, expirationsIn } from '../expiration.ts';
import { takeSelection } from '../select/take.ts';
import type { HostRole } from '../table/row.ts';
import { assertNone, issuesOfTimes } from './assert.ts';

/** What to look at, and what should be there; profile and release as for `k8s-pki init`, where they are not left to the files. */
export interface CheckExpirationOptions
  extends Pick<ClusterOptions, 'profile' | 'kubernetesVersion' | 'externalEtcd'> {
  /** What is there, by logical path, as `readClusterPki` gives it. */
  readonly files: readonly PresentFile[];
  /** Also what kubeadm leaves out: what components renew themselves, chains, what kubeconfigs trust, files of no row. */
  readonly all?: boolean;
  /** The kind of host that the files are from; default: found from what is there. */
  readonly role?: HostRole | 'auto';
  /** A logical path of each row that is missed where nothing of it is there, as `parseSecrets` gives it; default: of all. */
  readonly expected?: readonly string[] | undefined;
  /** The moment to ask about; default: the clock. */
  readonly at?: Date;
}

/**
 * Tells when each certificate of a PKI ends: what `kubeadm certs check-expiration` lists, by its names and in its order,
 * whether it is there or not. Needs no CA key, reads and writes no file. What a file holds never makes it throw.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options.
 *
 * @example
 * ```ts
 * import { checkExpiration, readClusterPki } from 'k8s-pki';
 *
 * const files = await readClusterPki('/etc/kubernetes/pki');
 * for (const { name, certificate } of await checkExpiration({ files })) console.log(name, certificate?.notAfter);
 * ```
 */
export async function checkExpiration(options: CheckExpirationOptions): Promise<readonly Expiration[]> {
  const { files, all: isAll, role: asked, expected, at = new Date(), ...cluster } = options;
  const { role, issues } = takeSelection({ role: asked });
  assertNone([...issuesOfTimes({ at }), ...issues]);
  return expirationsIn({ files, options: cluster, role, isAll, expected, at });
}
