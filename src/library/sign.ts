import { randomBytes } from 'node:crypto';
import type { PresentFile } from '../checks/evidence.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import { parseClusterSpec } from '../cluster/parse.ts';
import { signAll, type Signing } from '../csr/sign.ts';
import type { Signer } from '../x509/signer.ts';
import { assertNone, issuesOfTimes, readNodes, unknownPaths } from './assert.ts';
import { readClock } from './clock.ts';

/** Requests, the CAs that are to sign them, and the cluster that they are of, as for `k8s-pki init`. */
export interface SignRequestsOptions extends ClusterOptions {
  /** The CAs, with their keys where `signers` does not sign for them, as `readClusterPki` gives them. */
  readonly existing: readonly PresentFile[];
  /** PEM, or DER. */
  readonly requests: readonly { readonly name: string; readonly contents: string | Uint8Array }[];
  /** Who signs for a CA whose key is not among `existing`, by the id of its row: `{ ca: signer }`. */
  readonly signers?: Readonly<Record<string, Signer>>;
  /** Further nodes whose kubelets may be signed for. */
  readonly nodes?: readonly string[];
  /** The id of the row that is meant, where a request could be for several. */
  readonly as?: string;
  /** The moment of issuing; default: the clock. */
  readonly now?: Date;
  /** Cryptographically random bytes; default: the platform's. */
  readonly randomBytes?: (length: number) => Uint8Array;
}

/** What became of a request: `contents` is the certificate in PEM, where it was signed. */
export type SignedRequest = Signing;

/**
 * Signs requests for what a row of the table wants in this cluster, each by the CA of its row, and no others. A certificate holds
 * what the row says; what a request asks for beyond that is a reason to refuse it, as is a signature that does not
 * prove that who asks holds the key. Any key of a kind that is issued here will do unless `keyAlgorithm` is given.
 *
 * Writes nothing.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options; `ERR_USAGE` where `as` is none of the rows; `ERR_CLOCK`; `ERR_KEY` for a
 * signer that has not the key of its CA; `ERR_SELF_CHECK`.
 *
 * @example
 * ```ts
 * import { generateClusterPki, generateClusterRequests, signRequests } from 'k8s-pki';
 *
 * const cluster = { hostIp: '10.0.0.5', hostname: 'cp1' };
 * const elsewhere = await generateClusterPki({ ...cluster, keyAlgorithm: 'ECDSA-P256' });
 * const existing = elsewhere.files.filter(({ path }) => /ca\.(?:crt|key)$/.test(path));
 * const { files } = await generateClusterRequests({ ...cluster, keyAlgorithm: 'Ed25519' });
 * const requests = files.map(({ path, contents }) => ({ name: path, contents }));
 * for (const { source, outcome, row } of await signRequests({ ...cluster, existing, requests }))
 *   console.log(source, outcome, row);
 * ```
 */
export async function signRequests(options: SignRequestsOptions): Promise<readonly SignedRequest[]> {
  const { existing, requests, signers = {}, nodes = [], as, now = readClock(), ...rest } = options;
  const { randomBytes: random = (length: number) => randomBytes(length), ...cluster } = rest;
  const paths = existing.map(({ path }) => path);
  assertNone([...issuesOfTimes({ now }), ...unknownPaths('existing', paths), ...readNodes(nodes).issues]);
  const { spec } = parseClusterSpec(cluster, {});
  return signAll(
    {
      spec,
      nodes,
      existing,
      signers: new Map(Object.entries(signers)),
      requests: requests.map(({ name, contents }) => ({
        name,
        bytes: typeof contents === 'string' ? Buffer.from(contents) : contents,
      })),
      as,
      isAlgorithmAsked: cluster.keyAlgorithm !== undefined,
    },
    { now, randomBytes: random },
  );
}
