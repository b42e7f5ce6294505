import type { PresentFile } from '../checks/evidence.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import { type PendingStatus, readStatus } from '../csr/status.ts';
import { assertNone, issuesOfTimes, readNodes, unknownPaths } from './assert.ts';

/** What is there; of the cluster, what is not given is taken from that. */
export interface RequestStatusOptions
  extends Omit<ClusterOptions, 'certDir' | 'kubeconfigDir' | 'rootCaDir'> {
  /** As `readClusterPki` gives it with `requests`. */
  readonly existing: readonly PresentFile[];
  /** Further nodes of which there are requests. */
  readonly nodes?: readonly string[];
  /** The moment to ask about; default: the clock. */
  readonly at?: Date;
}

/**
 * Says of each row of a PKI whose certificates are signed elsewhere what of it is there, what is still missing, and what to do
 * next. What is there is held against its row. Needs no CA key, and changes nothing.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options.
 *
 * @example
 * ```ts
 * import { readClusterPki, requestStatus } from 'k8s-pki';
 *
 * const existing = await readClusterPki('/etc/kubernetes/pki', { requests: true });
 * const { rows, isComplete } = await requestStatus({ existing });
 * if (!isComplete) for (const { id, state, next } of rows) console.log(id, state, next);
 * ```
 */
export async function requestStatus(options: RequestStatusOptions): Promise<PendingStatus> {
  const { existing, nodes = [], at = new Date(), ...cluster } = options;
  const paths = existing.map(({ path }) => path);
  assertNone([...issuesOfTimes({ at }), ...unknownPaths('existing', paths), ...readNodes(nodes).issues]);
  return readStatus({ files: existing, options: cluster, nodes }, at);
}
