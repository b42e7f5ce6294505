import { EVERYTHING } from '../renewal-names.ts';
import { issuesOfTimes, readNodes } from './assert.ts';
import { readClock } from './clock.ts';
import { type RenewalOptions, type RenewedClusterPki, runRenewal } from './renewal.ts';

/** What is left of a PKI, and what the cluster is, where no certificate says it any more. */
export interface RecoverClusterPkiOptions extends RenewalOptions {
  /** Further nodes whose kubelets need a kubeconfig, by their names. */
  readonly nodes?: readonly string[];
}

/** A recovery in memory. In its plan, a row that says `refuse` could not be made: its finding says why. */
export interface RecoveredClusterPki extends RenewedClusterPki {
  /** The ids of what is not there, may be meant to be so, and is not made again: `super-admin.conf`. */
  readonly away: readonly string[];
}

/**
 * Makes every certificate and kubeconfig again from the CA keys, in memory, as `k8s-pki recover` does for a cluster that was off
 * for longer than its certificates: also what is gone and what components renew themselves, and kubelet.conf of further nodes,
 * as `nodes/NAME/kubelet.conf`. Subject and names are those of the certificates that are there, expired or not.
 *
 * Writes nothing, and takes no snapshot: `files` has what replaces the files of the same paths, or was not there. CAs and the
 * service account pair are never made again.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options, and where no certificate says what the host is called;
 * `ERR_REFUSED` with every difference where certificates and options say different things and `from` is not given; `ERR_CLOCK`;
 * `ERR_KEY` for a signer that has not the key of its CA; `ERR_SELF_CHECK`.
 *
 * @example
 * ```ts
 * import { readClusterPki, recoverClusterPki } from 'k8s-pki';
 *
 * const present = await readClusterPki('/etc/kubernetes/pki');
 * const { files } = await recoverClusterPki({ files: present, nodes: ['worker1'] });
 * for (const { path, mode } of files) console.log(path, mode.toString(8));
 * ```
 */
export async function recoverClusterPki(options: RecoverClusterPkiOptions): Promise<RecoveredClusterPki> {
  const { nodes = [], now = readClock(), ...rest } = options;
  const named = readNodes(nodes);
  const issues = [...issuesOfTimes({ now }), ...named.issues];
  const wanted = { names: [EVERYTHING], keepsKeys: false, recovery: { nodes: named.names } };
  const { nodes: _, ...recovered } = await runRenewal(rest, wanted, { now, issues });
  return recovered;
}
