import { type CaCertHash, hashAuthorities } from '../join.ts';

/**
 * The hash of every certificate of a CA file, in its order, by which a node that joins knows the CA: SHA-256 over the public
 * key, so that a CA that is renewed with its key keeps it. Whether they are CAs, and valid, is not looked at.
 *
 * @param pem The text of `ca.crt`.
 * @throws {PkiError} `ERR_PEM` where there is no certificate in it, or a block is damaged; `ERR_CERTIFICATE`.
 *
 * @example
 * ```ts
 * import { caCertHashes, generateClusterPki } from 'k8s-pki';
 *
 * const { files } = await generateClusterPki({ hostIp: '10.0.0.5', hostname: 'cp1' });
 * const ca = files.find(({ path }) => path === 'pki/ca.crt');
 * for (const { hash } of await caCertHashes(ca?.contents ?? '')) console.log(hash);
 * ```
 */
export async function caCertHashes(pem: string): Promise<readonly CaCertHash[]> {
  return hashAuthorities(pem);
}
