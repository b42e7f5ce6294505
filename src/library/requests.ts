import type { PresentFile } from '../checks/evidence.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import { parseClusterSpec } from '../cluster/parse.ts';
import type { ClusterSpec } from '../cluster/spec.ts';
import { generateRequests, planRequests, requestsRefusal } from '../csr/generate.ts';
import type { SpecIssue } from '../errors.ts';
import type { PkiFile } from '../pki.ts';
import type { Plan } from '../plan.ts';
import { resolveNodeRows, resolveRows } from '../resolve/rows.ts';
import type { KeyAlgorithmId } from '../x509/algorithms.ts';
import { generateKeyPair } from '../x509/keys.ts';
import type { KeyPair } from '../x509/signer.ts';
import { assertNone, readNodes, unknownPaths } from './assert.ts';

/** For what to ask: the options of `k8s-pki certs generate-csr` by the same names. */
export interface GenerateClusterRequestsOptions extends ClusterOptions {
  /** What is there already, as `readClusterPki` gives it with `requests`. It is kept, and what is missing is made to fit it. */
  readonly existing?: readonly PresentFile[];
  /** Further nodes whose kubelets need a certificate. */
  readonly nodes?: readonly string[];
  /** Default: the platform's. */
  readonly generateKeyPair?: (algorithm: KeyAlgorithmId) => Promise<KeyPair>;
  readonly onKeyGenerated?: (done: number, all: number) => void;
}

/** Keys, kubeconfigs without their certificates, and requests, in memory. */
export interface ClusterRequests {
  readonly plan: Plan;
  /** Only what is new. */
  readonly files: readonly PkiFile[];
  readonly spec: ClusterSpec;
  readonly warnings: readonly SpecIssue[];
}

/**
 * Makes keys and requests (PKCS #10) for every certificate of one control-plane host, and for kubelets of further nodes, in
 * the files that `kubeadm certs generate-csr` writes. What is asked for is the whole of what the table wants: subject, names,
 * key usages and extended key usages. Makes no CA and no service account pair.
 *
 * Writes nothing; `writeClusterPki` does.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options; `ERR_REFUSED` with every finding where a request that is
 * there asks for something else, or is not of the key beside it; `ERR_SELF_CHECK`.
 *
 * @example
 * ```ts
 * import { generateClusterRequests, writeClusterPki } from 'k8s-pki';
 *
 * const host = { hostIp: '10.0.0.5', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256' } as const;
 * const { files } = await generateClusterRequests({ ...host, nodes: ['worker1'] });
 * await writeClusterPki({ files }, './out/pki');
 * ```
 */
export async function generateClusterRequests(
  options: GenerateClusterRequestsOptions,
): Promise<ClusterRequests> {
  const { existing = [], nodes = [], generateKeyPair: generate = generateKeyPair, ...rest } = options;
  const { onKeyGenerated, ...cluster } = rest;
  const paths = existing.map(({ path }) => path);
  const named = readNodes(nodes);
  assertNone([...unknownPaths('existing', paths), ...named.issues]);
  const { spec, warnings } = parseClusterSpec(cluster, {});
  const rows = [...resolveRows(spec), ...named.names.flatMap((node) => resolveNodeRows(spec, node))];
  const now = new Date();
  const isAlgorithmAsked = cluster.keyAlgorithm !== undefined;
  const planned = await planRequests({ rows, existing, isAlgorithmAsked }, now);
  if (planned.plan.isRefused) throw requestsRefusal(planned.plan);
  const environment = { now, generateKeyPair: generate, ...(onKeyGenerated && { onKeyGenerated }) };
  return { plan: planned.plan, files: await generateRequests(planned, environment), spec, warnings };
}
